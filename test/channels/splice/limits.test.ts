import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { ITEMS_MAX } from "../../../channels/interactive/constructed.ts";
import { FUNDINGS_MAX } from "../../../channels/keys/judgement.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { areElsewhere } from "../../support/signers.ts";
import { into, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const said = (pair: Pair, from: Name, name: string): number =>
  pair.trace.filter((one) => one.from === from && one.message.name === name).length;
const lastAbort = (pair: Pair, from: Name): string => {
  const found = pair.trace.findLast((one) => one.from === from && one.message.name === "tx_abort")?.message;
  return found?.name === "tx_abort" ? new TextDecoder().decode(found.data) : "";
};
/** b begins a splice and gives up when it has had so many messages of it. */
function begunAndAborted(pair: Pair, messages: number): void {
  want(pair, "b", out(10_000n, "b"));
  for (let count = 0; count < messages; count++) pair.deliver("a") || pair.deliver("b");
  pair.queues.a.length = 0;
  pair.queues.b.length = 0;
  const { channelId: channel_id } = pair.parties.a.funded.params;
  pair.give("a", { tag: "PeerMessage", message: { name: "tx_abort", channel_id, data: new Uint8Array(0) } });
  // b as it was before: it may say anything, and has forgotten all of it.
  pair.disconnect();
  pair.load("b", present(pair.parties.b.disk, "a record"));
  pair.connect();
  pair.settle();
}
const higher = (pair: Pair): void => {
  const { a, b } = pair.parties;
  for (const party of [a, b]) party.height = blockHeight(party.height + 1);
};

describe("RELIABILITY U11: a peer that begins splices and comes to no end", () => {
  it("gives up at each step: the channel is as before, and nothing is left of it", () => {
    for (let messages = 1; messages <= 13; messages++) {
      const pair = spliceable();
      const { a } = pair.parties;
      const [before, disk] = [a.funded.commitments, a.disk?.length];
      begunAndAborted(pair, messages);
      if (a.state.tag === "Failed") {
        expect(said(pair, "a", "tx_signatures"), "only where ours are out may it still be mined").to.equal(1);
        continue;
      }
      expect(a.funded.commitments, `after ${messages}`).to.deep.equal(before);
      expect([a.wallet.isFree, a.disk?.length ?? disk]).to.deep.equal([true, disk ?? a.disk?.length]);
      pair.offer("a", 1_000_000n);
      pair.settle();
      expect(pair.parties.b.incoming.size, "the channel speaks").to.equal(1);
    }
  });
  it("replaces a splice at once, and that again when a block has passed it by: either side's last attempt", () => {
    for (const last of ["a", "b"] as const) {
      const pair = spliceable();
      spliceBoth(pair, "a", out(20_000n));
      spliceBoth(pair, last, out(20_000n, last), 2_000);
      want(pair, "b", out(30_000n, "b"), 3_000);
      pair.settle();
      expect([lastAbort(pair, "a"), pending(pair).length]).to.deep.equal(["the last attempt has had no block yet", 2]);
      expect([pair.connected, pair.parties.b.wallet.isFree]).to.deep.equal([true, true]);
      higher(pair);
      spliceBoth(pair, "b", out(30_000n, "b"), 3_000);
      expect(pending(pair).length).to.equal(3);
    }
  });
  it("has all its attempts together as large as two of the largest, as each is written with every update; ours are ours", () => {
    const pair = spliceable();
    spliceBoth(pair, "b", out(20_000n, "b"));
    const { a } = pair.parties;
    const [first] = pending(pair);
    const made = present(first?.made, "a splice");
    const { tx } = made.constructed;
    const wide = { ...tx, outputs: [...tx.outputs, ...Array(ITEMS_MAX - 5).fill(tx.outputs[0])] };
    const others = [
      { ...present(first, "a splice"), made: { ...made, constructed: { ...made.constructed, tx: wide } } },
    ];
    a.state = { ...a.funded, commitments: { ...a.funded.commitments, others } } as typeof a.state;
    want(pair, "b", out(30_000n, "b"), 2_000);
    pair.settle();
    expect(lastAbort(pair, "a")).to.equal("too many inputs and outputs in all attempts");
    expect([pending(pair).length, pair.connected, pair.parties.b.wallet.isFree]).to.deep.equal([1, true, true]);
    spliceBoth(pair, "a", out(30_000n), 3_000);
    expect(pending(pair).length).to.equal(2);
  });
  it("may begin ten at one height, however they end and over however many connections, and again after a block", () => {
    const pair = spliceable();
    const { a, b } = pair.parties;
    const asBefore = { state: b.state, memory: b.memory };
    const abort: ChannelMessage = {
      name: "tx_abort",
      channel_id: a.funded.params.channelId,
      data: new Uint8Array(0),
    };
    const begin = (amount: bigint): void => {
      want(pair, "b", out(amount, "b"));
      while (said(pair, "a", "commitment_signed") + said(pair, "a", "tx_abort") === 0)
        if (!pair.deliver("a") && !pair.deliver("b")) throw new Error("nothing is said");
      pair.give("a", { tag: "PeerMessage", message: abort });
      for (const queue of [pair.queues.a, pair.queues.b]) queue.length = 0;
      Object.assign(b, asBefore);
    };
    for (let count = 0; count < 200; count++) {
      pair.trace.length = 0;
      begin(10_000n + BigInt(count));
    }
    expect(lastAbort(pair, "a")).to.equal("too many splices at once: wait for a block");
    expect([pair.connected, a.funded.commitments.others]).to.deep.equal([true, []]);
    if (!areElsewhere) expect(a.memory.signed.length).to.equal(1 + 10);
    pair.disconnect();
    pair.connect();
    pair.settle();
    pair.trace.length = 0;
    begin(9_000n);
    expect(lastAbort(pair, "a"), "a new connection forgets nothing").to.match(/^too many splices/);
    higher(pair);
    pair.disconnect();
    pair.connect();
    pair.settle();
    const first = spliceBoth(pair, "b", out(10_000n, "b"));
    expect(pending(pair).map(({ terms }) => terms.outpoint.txid)).to.deep.equal([first]);
  });
  it("whose signatures stay out: our coins are free after a minute, and taken again if it comes back", () => {
    const pair = spliceable();
    const { a } = pair.parties;
    want(pair, "a", into(200_000n));
    while (said(pair, "b", "tx_signatures") === 0) pair.deliver("b") || pair.deliver("a");
    expect([a.take("TimeSignatures").length, a.wallet.kept.size]).to.deep.equal([1, 1]);
    for (const restarted of [false, true]) {
      if (restarted) {
        a.log = [];
        pair.crash("a");
        expect(a.take("TimeSignatures").length, "a minute from the start").to.equal(1);
      }
      pair.give("a", { tag: "AbortOpening", reason: "a minute is over" });
      expect([a.wallet.isFree, said(pair, "a", "tx_abort")]).to.deep.equal([true, 0]);
    }
    pair.connect();
    pair.settle();
    const [splice] = pending(pair);
    const { txid } = present(splice, "it goes on").terms.outpoint;
    expect([[...a.wallet.kept.keys()], a.broadcasts.length]).to.deep.equal([[txid], 2]);
    expectAgreementOnAll(pair);
  });
  it("and comes back when our coins have gone another way: the splice ends, and the peer decides about the channel", () => {
    const pair = spliceable();
    const { a } = pair.parties;
    want(pair, "a", into(200_000n));
    while (said(pair, "b", "tx_signatures") === 0) pair.deliver("b") || pair.deliver("a");
    pair.give("a", { tag: "AbortOpening", reason: "a minute is over" });
    a.wallet.isGone = true;
    while (pair.queues.a.length > 0) pair.deliver("a");
    expect([lastAbort(pair, "a"), said(pair, "a", "tx_signatures")]).to.deep.equal(["a coin of ours is gone", 0]);
    expect([a.funded.commitments.others, a.wallet.isFree, a.state.tag]).to.deep.equal([[], true, "Normal"]);
    expect(a.broadcasts.length).to.equal(1);
  });
  it("a signer that has signed for too many fundings ends the splice, and not the channel", function () {
    // What a signer elsewhere remembers is not written to from here.
    if (areElsewhere) this.skip();
    const pair = spliceable();
    const { a } = pair.parties;
    const one = present(a.memory.signed[0], "signed");
    const others = Array.from({ length: FUNDINGS_MAX - 1 }, (_, vout) => ({
      ...one,
      funding: { ...one.funding, vout: vout + 9 },
    }));
    a.memory = { ...a.memory, signed: [one, ...others] };
    want(pair, "a", into(200_000n));
    pair.settle();
    expect([a.state.tag, a.wallet.isFree, a.funded.commitments.others]).to.deep.equal(["Normal", true, []]);
    expect(a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal(["too_many_fundings"]);
    pair.offer("a", 1_000_000n);
    pair.settle();
    expect(pair.parties.b.incoming.size).to.equal(1);
  });
});
