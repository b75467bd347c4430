import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { hashOf, type Name, normal, ONION, type Pair, SCRIPT } from "../../support/channel-pair.ts";

const names = (pair: Pair) => pair.trace.map(({ from, message }) => `${from} ${message.name}`);
const stfus = (pair: Pair) =>
  pair.trace.flatMap(({ from, message }) => (message.name === "stfu" ? [`${from} ${message.initiator}`] : []));
const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const initiators = (pair: Pair) =>
  (["a", "b"] as const).map((name) => pair.parties[name].take("Quiescent").map(({ initiator }) => initiator));
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);
const stfu = (pair: Pair, initiator: number): ChannelMessage => ({
  name: "stfu",
  channel_id: pair.parties.a.funded.params.channelId,
  initiator,
});
/** Quiescent, with an HTLC of a's irrevocable on both sides. */
function quiet(): Pair {
  const pair = normal();
  pair.offer("a", 5_000_000n);
  pair.settle();
  pair.give("a", { tag: "Quiesce" });
  pair.settle();
  return pair;
}
const incoming = (pair: Pair, name: Name) => {
  const [htlc] = [...pair.parties[name].incoming.values()];
  if (htlc === undefined) throw new Error("an HTLC is committed");
  return htlc;
};

describe("BOLT 2 §Channel Quiescence", () => {
  for (const [asks, answers] of [
    ["a", "b"],
    ["b", "a"],
  ] as const)
    it(`CONFORMANCE 59: ${asks} asks with initiator 1, ${answers} replies with 0, and both know who began`, () => {
      const pair = normal();
      pair.give(asks, { tag: "Quiesce" });
      pair.settle();
      expect(stfus(pair)).to.deep.equal([`${asks} 1`, `${answers} 0`]);
      expect(initiators(pair)).to.deep.equal(asks === "a" ? [["local"], ["remote"]] : [["remote"], ["local"]]);
    });
  it("CONFORMANCE 59: of two who ask at once the opener is the initiator", () => {
    const pair = normal();
    pair.give("b", { tag: "Quiesce" });
    pair.give("a", { tag: "Quiesce" });
    pair.settle();
    expect(stfus(pair)).to.deep.equal(["b 1", "a 1"]);
    expect(initiators(pair)).to.deep.equal([["local"], ["remote"]]);
  });
  it("CONFORMANCE 59: stfu waits for updates of ours to be irrevocable on both sides, and no new one is made meanwhile", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.give("a", { tag: "Quiesce" });
    pair.offer("a", 6_000_000n);
    expect(pair.parties.a.take("Refused").map(({ reason }) => reason)).to.deep.equal([{ code: "quiescing" }]);
    pair.settle();
    expect(names(pair)).to.deep.equal([
      "a update_add_htlc",
      "a commitment_signed",
      "b revoke_and_ack",
      "b commitment_signed",
      "a revoke_and_ack",
      "a stfu",
      "b stfu",
    ]);
  });
  it("CONFORMANCE 59: the reply waits for updates of the replying side too", () => {
    const pair = normal();
    pair.offer("b", 5_000_000n);
    pair.give("a", { tag: "Quiesce" });
    pair.settle();
    expect(names(pair)).to.deep.equal([
      "b update_add_htlc",
      "a stfu",
      "b commitment_signed",
      "a revoke_and_ack",
      "a commitment_signed",
      "b revoke_and_ack",
      "b stfu",
    ]);
    expect(initiators(pair)).to.deep.equal([["local"], ["remote"]]);
  });
  it("CONFORMANCE 59: nothing is offered, no fee changed and no shutdown begun in silence, on either side", () => {
    const pair = quiet();
    const before = names(pair).length;
    for (const name of ["a", "b"] as const) {
      pair.offer(name, 1_000_000n);
      pair.give(name, { tag: "Shutdown", script: SCRIPT[name], feerate: satPerKw(500) });
      expect(pair.parties[name].take("Refused").map(({ reason }) => reason)).to.deep.equal([{ code: "quiescing" }]);
    }
    pair.give("a", { tag: "UpdateFee", feerate: satPerKw(2_000) });
    pair.settle();
    expect(names(pair).length).to.equal(before);
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
      "quiescing",
      "quiescing",
    ]);
  });
  it("keeps a preimage that comes in silence, also over a crash, and sends it on the next connection", () => {
    const pair = quiet();
    const before = names(pair).length;
    pair.fulfill("b", incoming(pair, "b"));
    pair.settle();
    expect(names(pair).length, "nothing is said").to.equal(before);
    pair.crash("b");
    pair.connect();
    pair.settle();
    expect([...pair.parties.a.ends.values()]).to.deep.equal(["settled"]);
    expect(pair.parties.b.funded.commitments.balance.local).to.equal(405_000_000n);
  });
  it("signs what the peer still has pending without a removal that is held", () => {
    const pair = normal();
    pair.offer("a", 5_000_000n);
    pair.settle();
    pair.offer("a", 3_000_000n);
    pair.give("b", { tag: "Quiesce" });
    pair.fulfill("b", incoming(pair, "b"));
    pair.fail("b", incoming(pair, "b").id);
    pair.settle();
    expect([warnings(pair, "a"), warnings(pair, "b"), initiators(pair)]).to.deep.equal([
      [],
      [],
      [["remote"], ["local"]],
    ]);
    expect(pair.parties.a.funded.commitments.htlcs.map(({ step }) => step)).to.deep.equal([
      "SENT_ADD_ACK_REVOCATION",
      "SENT_ADD_ACK_REVOCATION",
    ]);
  });
  it("CONFORMANCE 60: ends with the connection", () => {
    const pair = quiet();
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.offer("a", 1_000_000n);
    pair.offer("b", 1_000_000n);
    pair.settle();
    expect([...pair.parties.a.incoming.keys(), ...pair.parties.b.incoming.keys()]).to.deep.equal([0n, 0n, 1n]);
  });
  it("CONFORMANCE 60: is timed once, and when the time is over we part", () => {
    const pair = quiet();
    for (const name of ["a", "b"] as const) expect(pair.parties[name].take("TimeQuiescence").length, name).to.equal(1);
    pair.give("b", { tag: "QuiescenceTimedOut" });
    expect(warnings(pair, "b")).to.deep.equal(["the channel has been quiescent for too long"]);
    expect([pair.connected, pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal([
      false,
      "Normal",
      "Normal",
    ]);
    pair.connect();
    pair.settle();
    pair.give("b", { tag: "QuiescenceTimedOut" });
    expect([pair.connected, warnings(pair, "b").length], "a time that is over too late means nothing").to.deep.equal([
      true,
      1,
    ]);
  });
  it("is over when the channel fails: nothing waits for it, and the peer keeps its other channels", () => {
    const pair = normal();
    pair.give("b", { tag: "Quiesce" });
    pair.give("b", { tag: "ForceClose" });
    pair.give("b", { tag: "QuiescenceTimedOut" });
    expect([warnings(pair, "b"), pair.connected, pair.parties.b.state.tag]).to.deep.equal([[], true, "Failed"]);
  });
  it("is refused where the peer does not offer it, without a connection, and twice", () => {
    const pair = normal();
    pair.features = [8, 12, 14, 22, 44];
    pair.give("a", { tag: "Quiesce" });
    pair.features = [8, 12, 14, 22, 34, 44];
    pair.give("a", { tag: "Quiesce" });
    pair.give("a", { tag: "Quiesce" });
    pair.disconnect();
    pair.give("a", { tag: "Quiesce" });
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
      "not_negotiated",
      "quiescing",
      "not_connected",
    ]);
  });

  const BROKEN: readonly (readonly [string, (pair: Pair) => void, string])[] = [
    ["stfu twice", (pair) => tell(pair, "a", stfu(pair, 0)), "unexpected message, message stfu, state Normal"],
    [
      "an update after stfu",
      (pair) =>
        tell(pair, "a", {
          name: "update_add_htlc",
          channel_id: pair.parties.a.funded.params.channelId,
          id: 0n,
          amount_msat: 1_000_000n as never,
          payment_hash: hashOf(77),
          cltv_expiry: 500 as never,
          onion_routing_packet: ONION,
        }),
      "update after stfu",
    ],
    [
      "shutdown after stfu",
      (pair) =>
        tell(pair, "a", {
          name: "shutdown",
          channel_id: pair.parties.a.funded.params.channelId,
          scriptpubkey: SCRIPT.b,
        }),
      "unexpected message, message shutdown, state Normal",
    ],
  ];
  for (const [what, act, text] of BROKEN)
    it(`CONFORMANCE 59: ${what} is answered by a warning and the end of the connection`, () => {
      const pair = quiet();
      act(pair);
      expect([warnings(pair, "a"), pair.connected, pair.parties.a.state.tag]).to.deep.equal([[text], false, "Normal"]);
    });
  it("CONFORMANCE 59: a reply that nobody asked for, and stfu over pending updates of its sender, are faults", () => {
    const unasked = normal();
    tell(unasked, "a", stfu(unasked, 0));
    expect(warnings(unasked, "a")).to.deep.equal(["unexpected message, message stfu, state Normal"]);
    const pending = normal();
    pending.offer("b", 1_000_000n);
    pending.deliver("a");
    tell(pending, "a", stfu(pending, 1));
    expect(warnings(pending, "a")).to.deep.equal(["stfu with pending updates"]);
  });
});
