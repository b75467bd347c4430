import { expect } from "chai";
import { step } from "../../../channels/index.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { type Name, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { into, out, pending, spliceable, want } from "../../support/splicing.ts";

const close = (pair: Pair, name: Name): void =>
  void pair.give(name, { tag: "Shutdown", script: SCRIPT[name], feerate: satPerKw(1_000) });

/** What somebody at a's side hears of the splice, once nothing is on its way any more and neither side had to warn. */
function ended(pair: Pair): readonly string[] {
  pair.settle();
  for (const name of ["a", "b"] as const) {
    const party = pair.parties[name];
    for (const htlc of party.incoming.values()) if (party.state.tag !== "Closing") pair.fulfill(name, htlc);
  }
  pair.settle();
  const { a, b } = pair.parties;
  expect([...a.take("SendWarning"), ...b.take("SendWarning"), ...a.take("SendError")]).to.deep.equal([]);
  expect([pair.connected, a.state.tag, b.state.tag]).to.deep.equal([true, "Closing", "Closing"]);
  expect([...a.wallet.held]).to.deep.equal([]);
  return a.take("NegotiationFailed").map(({ reason }) => reason);
}

describe("BOLT 2 §Channel Quiescence: a wish for silence that crosses the other side's shutdown", () => {
  for (const change of [into(200_000n), out(50_000n)])
    it(`ends with the splice (${change.tag}) that it was for, and the channel is closed`, () => {
      const pair = spliceable();
      want(pair, "a", change);
      close(pair, "b");
      expect(ended(pair)).to.deep.equal(["the peer closes the channel"]);
    });
  it("the same while coins are still looked for: who asked is not told that it was done", () => {
    const pair = spliceable();
    const { a } = pair.parties;
    const serials = { input: 2n, output: 4n, own: 6n };
    const request = { change: into(200_000n), feerate: satPerKw(1_000), serials };
    const asked = step(pair.env("a"), a.state, { tag: "Splice", request });
    if (asked.kind !== "advance") throw new Error(asked.kind);
    a.state = asked.next;
    close(pair, "b");
    expect(ended(pair)).to.deep.equal(["the peer closes the channel"]);
  });
  it("the same while our own updates still keep it from being said", () => {
    const pair = spliceable();
    pair.offer("a", 5_000_000n);
    want(pair, "a", into(200_000n));
    close(pair, "b");
    expect(ended(pair)).to.deep.equal(["the peer closes the channel"]);
  });
  it("ends with the connection where updates are to come, as none may follow stfu, and the next one closes the channel", () => {
    const pair = spliceable();
    pair.offer("b", 5_000_000n);
    pair.settle();
    want(pair, "a", into(200_000n));
    for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
    pair.parties.a.incoming.clear();
    close(pair, "b");
    const before = pair.trace.length;
    pair.settle();
    const said = pair.trace.slice(before).filter(({ message: { name } }) => name.startsWith("update_"));
    expect([said, pair.connected, [...pair.parties.a.wallet.held]]).to.deep.equal([[], false, []]);
    expect(pair.parties.a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal([
      "the connection was lost",
    ]);
    for (const name of ["a", "b"] as const) pair.parties[name].log.length = 0;
    pair.connect();
    expect(ended(pair)).to.deep.equal([]);
    expect(pair.parties.b.take("HtlcSettled").map(({ id }) => id)).to.deep.equal([0n]);
  });
});

function splicing(pair: Pair, name: Name) {
  const { link } = pair.parties[name].funded;
  return link.tag === "online" ? link.splicing : undefined;
}
describe("BOLT 2 §Channel Quiescence: a wish for a splice that waits for the other side's to end", () => {
  it("is given up alone when somebody here has waited long enough: it does not come after all, and the other side's goes on", () => {
    const pair = spliceable();
    const { b } = pair.parties;
    want(pair, "a", out(30_000n));
    while (splicing(pair, "a") === undefined) pair.deliver("b") || pair.deliver("a");
    want(pair, "b", out(20_000n, "b"), 3_000);
    while (splicing(pair, "b") === undefined) pair.deliver("b");
    pair.give("b", { tag: "AbortOpening", reason: "a minute is over" });
    expect(b.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal(["a minute is over"]);
    pair.settle();
    expect([pending(pair, "a"), pending(pair, "b")].map((splices) => splices.map(({ shift }) => shift))).to.deep.equal([
      [{ local: -30_720_000n, remote: 0n }],
      [{ local: 0n, remote: -30_720_000n }],
    ]);
  });
  it("is not told to have failed when the other side's is given up, nor to be made when that is", () => {
    const pair = spliceable();
    const { a, b } = pair.parties;
    want(pair, "a", out(30_000n));
    while (splicing(pair, "a") === undefined) pair.deliver("b") || pair.deliver("a");
    want(pair, "b", out(20_000n, "b"));
    while (b.funded.commitments.others.length === 0) pair.deliver("b") || pair.deliver("a");
    pair.queues.a.length = 0;
    a.state = { ...a.funded, commitments: { ...a.funded.commitments, others: [] } } as typeof a.state;
    const { channelId: channel_id } = b.funded.params;
    pair.give("b", { tag: "PeerMessage", message: { name: "tx_abort", channel_id, data: new Uint8Array(0) } });
    expect([b.take("NegotiationFailed"), b.funded.commitments.others]).to.deep.equal([[], []]);
    pair.disconnect();
    expect(b.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal(["the connection was lost"]);
    pair.connect();
    pair.settle();
    want(pair, "b", out(20_000n, "b"));
    pair.settle();
    expect([a, b].map((party) => party.take("SpliceSigned").map(({ isOurs }) => isOurs))).to.deep.equal([
      [false],
      [true],
    ]);
  });
});
