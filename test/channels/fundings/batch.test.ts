import { expect } from "chai";
import fc from "fast-check";
import type { ChannelMessage } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import type { CommitmentSigned, StartBatch } from "../../../src/wire/updates.ts";
import { hashOf, type Name, normal, ONION, type Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll, spliced } from "../../support/fundings.ts";
import { act, comeToRest, type Offers, schedule } from "../../support/schedule.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const names = (pair: Pair) => pair.trace.map(({ from, message }) => `${from} ${message.name}`);
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);
const errors = (pair: Pair, name: Name) => pair.parties[name].take("SendError").map(({ text }) => text);
const id = (pair: Pair) => pair.parties.a.funded.params.channelId;
const batch = (pair: Pair, size: number, type: number | "unsaid" = 132): StartBatch => ({
  name: "start_batch",
  channel_id: id(pair),
  batch_size: size,
  ...(type === "unsaid" ? {} : { message_type: type }),
});
/** What b would say to sign a's next commitment on each of two fundings, and none of it delivered. */
function batchOfB(): { readonly pair: Pair; readonly messages: readonly CommitmentSigned[] } {
  const pair = normal();
  spliced(pair);
  pair.offer("b", 5_000_000n);
  pair.deliver("a");
  pair.signTurn("b");
  pair.queues.a.length = 0;
  const messages = pair.trace.flatMap(({ message }) => (message.name === "commitment_signed" ? [message] : []));
  return { pair, messages };
}

describe("BOLT 2 §Batching channel messages: updates while a splice is not locked", () => {
  it("CONFORMANCE 65: each funding gets its commitment_signed behind start_batch, and one revoke_and_ack answers them all", () => {
    const pair = normal();
    const funding = pair.parties.a.funded.params.funding.txid;
    const splices = [txidOf(spliced(pair)), txidOf(spliced(pair, { a: 60_000n, b: 1_000n }, 1))];
    pair.offer("a", 5_000_000n);
    pair.settle();
    expect(names(pair)).to.deep.equal([
      "a update_add_htlc",
      ...["start_batch", ...Array(3).fill("commitment_signed")].map((name) => `a ${name}`),
      "b revoke_and_ack",
      ...["start_batch", ...Array(3).fill("commitment_signed")].map((name) => `b ${name}`),
      "a revoke_and_ack",
    ]);
    const said = pair.trace.flatMap(({ message }): unknown[] => {
      if (message.name === "start_batch") return [[message.batch_size, message.message_type]];
      return message.name === "commitment_signed" ? [message.funding_txid] : [];
    });
    const each = [[3, 132], funding, ...splices];
    expect(said).to.deep.equal([...each, ...each]);
    expectAgreementOnAll(pair);
    for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
    pair.settle();
    expectAgreementOnAll(pair);
    expect(pair.parties.a.funded.commitments.balance.local).to.equal(595_000_000n);
  });
  it("CONFORMANCE 65: an HTLC that one of the fundings cannot carry is not offered, and not accepted", () => {
    const pair = normal();
    spliced(pair, { a: 500_000n, b: 0n });
    pair.offer("a", 200_000_000n);
    expect(pair.parties.a.take("Refused").map(({ reason }) => reason.code)).to.deep.equal(["insufficient_balance"]);
    tell(pair, "b", {
      name: "update_add_htlc",
      channel_id: id(pair),
      id: 0n,
      amount_msat: msat(200_000_000n),
      payment_hash: hashOf(1),
      cltv_expiry: 600 as never,
      onion_routing_packet: ONION,
    });
    expect(warnings(pair, "b")).to.deep.equal(["htlc not affordable"]);
  });
  it("CONFORMANCE 117: a batch that is lost comes again, byte for byte", () => {
    const pair = normal();
    spliced(pair);
    pair.offer("a", 5_000_000n);
    pair.signTurn("a");
    const first = pair.trace.map(({ message }) => message);
    pair.disconnect();
    pair.trace.length = 0;
    pair.connect();
    pair.deliver("a");
    const again = pair.trace.filter(({ from, message }) => from === "a" && !message.name.startsWith("channel_"));
    expect(again.map(({ message }) => message)).to.deep.equal(first);
    pair.settle();
    expectAgreementOnAll(pair);
  });
  it("CONFORMANCE 65: comes to the same end on every funding by any schedule of updates, cuts and crashes", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(schedule(120), (actions) => {
        const pair = normal();
        spliced(pair);
        spliced(pair, { a: 30_000n, b: 20_000n }, 1);
        for (const name of ["a", "b"] as const)
          pair.give(name, { tag: "BlockConnected", height: pair.parties[name].height });
        const offers: Offers = new Map();
        // What is on disk knows of the splices.
        pair.offer("a", 1_000n);
        pair.settle();
        for (const next of actions) act(pair, offers, next);
        comeToRest(pair);
        for (const party of [pair.parties.a, pair.parties.b]) {
          expect(party.state.tag).to.equal("Normal");
          expect([...party.take("SendWarning"), ...party.take("SendError")]).to.deep.equal([]);
        }
        expectAgreementOnAll(pair);
      }),
      { seed: 7, numRuns: 10 },
    );
  });
});

describe("RELIABILITY C18: batches that are none", () => {
  for (const size of [0, 1])
    it(`start_batch of ${size} is answered by a warning and ignored`, () => {
      const pair = normal();
      tell(pair, "a", batch(pair, size));
      expect([warnings(pair, "a"), pair.connected]).to.deep.equal([["a batch has two messages or more"], true]);
      pair.offer("b", 1_000n);
      pair.settle();
      expect(pair.parties.a.incoming.size).to.equal(1);
    });
  for (const size of [21, 65_535])
    it(`CONFORMANCE 66: start_batch of ${size} ends the connection`, () => {
      const pair = normal();
      tell(pair, "a", batch(pair, size));
      expect([warnings(pair, "a"), pair.connected]).to.deep.equal([["batch too large, maximum 20"], false]);
    });
  for (const type of ["unsaid", 128] as const)
    it(`one of messages of type ${type} is ignored, and what follows is taken one by one`, () => {
      const pair = normal();
      tell(pair, "a", batch(pair, 2, type));
      pair.offer("b", 1_000n);
      pair.settle();
      expect([pair.parties.a.incoming.size, warnings(pair, "a")]).to.deep.equal([1, []]);
    });
  it("CONFORMANCE 66: another message amid a batch ends the connection", () => {
    const { pair, messages } = batchOfB();
    tell(pair, "a", batch(pair, 2));
    tell(pair, "a", present(messages[0], "signed"));
    tell(pair, "a", { name: "stfu", channel_id: id(pair), initiator: 1 });
    expect([warnings(pair, "a"), pair.connected, pair.parties.a.state.tag]).to.deep.equal([
      ["batch interrupted"],
      false,
      "Normal",
    ]);
  });
  it("CONFORMANCE 66: a message for another channel amid a batch ends the connection", () => {
    const { pair } = batchOfB();
    tell(pair, "a", batch(pair, 2));
    pair.give("a", { tag: "BatchInterrupted" });
    expect([warnings(pair, "a"), pair.connected]).to.deep.equal([["batch interrupted"], false]);
  });

  it("one that is under way when the channel fails is over: what comes after it interrupts nothing", () => {
    const { pair, messages } = batchOfB();
    tell(pair, "a", batch(pair, 2));
    tell(pair, "a", present(messages[0], "signed"));
    pair.give("a", { tag: "ForceClose" });
    const { state } = pair.parties.a;
    expect("link" in state && state.link).to.deep.include({ tag: "online", batch: undefined });
    tell(pair, "a", present(messages[1], "signed"));
    tell(pair, "a", { name: "stfu", channel_id: id(pair), initiator: 1 });
    expect([warnings(pair, "a"), pair.connected, state.tag]).to.deep.equal([[], true, "Failed"]);
  });

  const BROKEN: readonly (readonly [
    string,
    (pair: Pair, messages: readonly CommitmentSigned[]) => readonly ChannelMessage[],
    string,
  ])[] = [
    [
      "a commitment_signed alone while a splice is pending",
      (_, [first]) => [present(first, "1")],
      "commitment without batch",
    ],
    [
      "a batch without the splice",
      (pair, [first]) => [batch(pair, 2), present(first, "1"), present(first, "1")],
      "commitment missing",
    ],
    [
      "a batch without the funding_txid of one message",
      (pair, [first, second]) => {
        const { funding_txid: _, ...nameless } = present(second, "2");
        return [batch(pair, 2), present(first, "1"), nameless];
      },
      "batch without funding txid",
    ],
    [
      "a signature of another funding",
      (pair, [first, second]) => [
        batch(pair, 2),
        present(first, "1"),
        { ...present(second, "2"), signature: present(first, "1").signature },
      ],
      "bad commitment signature",
    ],
  ];
  for (const [what, make, text] of BROKEN)
    it(`CONFORMANCE 65: ${what} fails the channel, and revokes nothing on any funding`, () => {
      const { pair, messages } = batchOfB();
      const before = pair.parties.a.funded.commitments.local;
      pair.trace.length = 0;
      for (const message of make(pair, messages)) tell(pair, "a", message);
      expect(errors(pair, "a").map((said) => said.startsWith(text))).to.deep.equal([true]);
      expect([names(pair).includes("a revoke_and_ack"), pair.parties.a.funded.commitments.local]).to.deep.equal([
        false,
        before,
      ]);
    });
  it("leaves aside what a batch says of fundings that are over", () => {
    const pair = normal();
    pair.offer("b", 5_000_000n);
    pair.deliver("a");
    pair.signTurn("b");
    pair.queues.a.length = 0;
    const signed = pair.trace.at(-1)?.message as CommitmentSigned;
    const { funding } = pair.parties.a.funded.params;
    tell(pair, "a", batch(pair, 2));
    tell(pair, "a", { ...signed, signature: new Uint8Array(64).fill(1), funding_txid: "ab".repeat(32) as never });
    tell(pair, "a", { ...signed, funding_txid: funding.txid });
    pair.settle();
    expect([pair.parties.a.incoming.size, errors(pair, "a")]).to.deep.equal([1, []]);
  });
});
