import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { type Name, other, type Pair, SCRIPT } from "../../support/channel-pair.ts";
import { expectAgreementOnAll, seenOn } from "../../support/fundings.ts";
import { into, lockBoth, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const names = (pair: Pair) => pair.trace.map(({ from, message }) => `${from} ${message.name}`);
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);
const refusals = (pair: Pair, name: Name) => pair.parties[name].take("CommandRefused").map(({ reason }) => reason.code);
const id = (pair: Pair) => pair.parties.a.funded.params.channelId;
const held = (pair: Pair, name: Name, txid: string) =>
  seenOn(pair.parties[name].funded, txid as never).commitments.balance.local;
describe("BOLT 2 §Channel Splicing: funds go out and in", () => {
  for (const name of ["a", "b"] as const)
    it(`${name} takes 50,000 sat out: they go where it said, and it pays the whole fee`, () => {
      const pair = spliceable();
      const before = pair.parties[name].funded.commitments.balance.local;
      const txid = spliceBoth(pair, name, out(50_000n, name));
      const tx = present(pair.parties[name].broadcasts.at(-1), "a splice");
      const script = Buffer.from(SCRIPT[name]).toString("hex");
      const paid = tx.outputs.filter(({ script: to }) => Buffer.from(to).toString("hex") === script);
      expect(paid.map(({ amount }) => amount)).to.deep.equal([50_000n]);
      const capacity = tx.outputs.find((output) => !paid.includes(output))?.amount ?? 0n;
      const fee = 1_000_000n - capacity - 50_000n;
      expect(fee > 0n && fee < 1_000n, `a fee of ${fee}`).to.equal(true);
      expect(held(pair, name, txid)).to.equal(before - 1_000n * (50_000n + fee));
      expect([held(pair, name, txid) + held(pair, other(name), txid)]).to.deep.equal([1_000n * capacity]);
      expect(txidOf(tx)).to.equal(txid);
      expect(pair.parties[other(name)].broadcasts.at(-1)).to.deep.equal(tx);
      expectAgreementOnAll(pair);
    });
  it("puts 200,000 sat of the wallet in: all of them count, its change comes back, and the coins are spoken for", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", into(200_000n));
    expect([held(pair, "a", txid), held(pair, "b", txid)]).to.deep.equal([800_000_000n, 400_000_000n]);
    expect([...pair.parties.a.wallet.kept.keys()]).to.deep.equal([txid]);
    expect(pair.parties.a.take("SpliceSigned")).to.deep.equal([{ tag: "SpliceSigned", txid, isOurs: true }]);
    lockBoth(pair, txid);
    expect(pair.parties.a.funded.params.capacity).to.equal(1_200_000n);
  });
  it("CONFORMANCE 64: signs the commitments of the number that they have, with every HTLC, and revokes nothing", () => {
    const pair = spliceable();
    pair.offer("a", 5_000_000n);
    pair.offer("b", 4_000_000n);
    pair.settle();
    const before = pair.parties.a.funded.commitments;
    pair.trace.length = 0;
    const txid = spliceBoth(pair, "a", out(50_000n));
    const after = pair.parties.a.funded.commitments;
    expect([after.local, after.remote]).to.deep.equal([before.local, before.remote]);
    const signed = pair.trace.flatMap(({ message }) => (message.name === "commitment_signed" ? [message] : []));
    expect(signed.map((message) => [message.funding_txid, message.htlc_signature.length])).to.deep.equal([
      [txid, 2],
      [txid, 2],
    ]);
    expect(names(pair).filter((name) => name.endsWith("revoke_and_ack"))).to.deep.equal([]);
    expectAgreementOnAll(pair);
  });
  it("CONFORMANCE 52: b, for whom nothing counts, signs first; a, who adds what both spend, last", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(50_000n));
    expect(names(pair).filter((name) => name.endsWith("tx_signatures"))).to.deep.equal([
      "b tx_signatures",
      "a tx_signatures",
    ]);
  });
  it("comes to nothing, and nobody is blamed, when the balance that was to go out is paid away before it is quiet", () => {
    const pair = spliceable();
    pair.offer("a", 200_000_000n);
    want(pair, "a", out(500_000n));
    pair.settle();
    expect(pair.parties.a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal([
      "splice exceeds balance",
    ]);
    expect([warnings(pair, "a"), warnings(pair, "b"), pending(pair).length]).to.deep.equal([[], [], 0]);
    pair.offer("b", 1_000_000n);
    pair.settle();
    expect(pair.parties.a.incoming.size).to.equal(1);
  });
  it("goes on while the splice waits; what was held in the silence is said when it is over", () => {
    const pair = spliceable();
    pair.offer("a", 5_000_000n);
    pair.settle();
    want(pair, "a", out(50_000n));
    for (let message = 0; message < 4; message++) pair.deliver("b") || pair.deliver("a");
    const [htlc] = [...pair.parties.b.incoming.values()];
    pair.fulfill("b", present(htlc, "an HTLC"));
    pair.offer("b", 1_000_000n);
    expect(pair.parties.b.take("Refused").map(({ reason }) => reason.code)).to.deep.equal(["quiescing"]);
    pair.settle();
    expect([...pair.parties.a.ends.values()]).to.deep.equal(["settled"]);
    expectAgreementOnAll(pair);
  });
});

describe("BOLT 2 §Splice Completion", () => {
  it("CONFORMANCE 67: is locked when both have said so, and then only the new funding is signed for", () => {
    const pair = spliceable({ announce: true });
    const before = pair.parties.a.funded.params.funding;
    const txid = spliceBoth(pair, "b", out(50_000n, "b"));
    mined(pair, "a", txid);
    pair.settle();
    expect(pair.parties.a.funded.params.funding).to.deep.equal(before);
    mined(pair, "b", txid);
    pair.settle();
    for (const name of ["a", "b"] as const) {
      const { params, funding, commitments } = pair.parties[name].funded;
      expect([
        params.funding.txid,
        funding.confirmed?.height,
        commitments.others.map(({ role }) => role),
      ]).to.deep.equal([txid, 207, ["past"]]);
      expect(pair.parties[name].take("Ready").length, "by its new short channel id").to.be.greaterThan(0);
    }
    pair.trace.length = 0;
    pair.offer("a", 1_000_000n);
    pair.settle();
    expect(names(pair).filter((name) => name.includes("batch"))).to.deep.equal([]);
    pair.block(230);
    pair.settle();
    expect(pair.parties.a.take("Announced").map(({ announcement }) => announcement.short_channel_id)).to.deep.equal([
      pair.parties.a.funded.funding.confirmed?.shortChannelId,
    ]);
    pair.block(400);
    expect(pair.parties.a.funded.commitments.others, "nothing brings back what was replaced").to.deep.equal([]);
  });
  it("CONFORMANCE 67: splice_locked for what nobody knows ends the connection; said again it does nothing", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", out(50_000n));
    lockBoth(pair, txid);
    tell(pair, "a", { name: "splice_locked", channel_id: id(pair), splice_txid: txid });
    expect(warnings(pair, "a")).to.deep.equal([]);
    tell(pair, "a", { name: "splice_locked", channel_id: id(pair), splice_txid: "77".repeat(32) as never });
    expect(warnings(pair, "a")).to.deep.equal(["unknown splice"]);
  });
  it("carries at once all that was put in: what one side takes in flight is no share of what it was opened with", () => {
    const pair = spliceable();
    lockBoth(pair, spliceBoth(pair, "a", into(2_000_000n)));
    pair.offer("a", 2_000_000_000n);
    pair.settle();
    expect([pair.parties.a.take("Refused"), pair.parties.b.incoming.size]).to.deep.equal([[], 1]);
  });
  it("can be spliced again once it is locked", () => {
    const pair = spliceable();
    lockBoth(pair, spliceBoth(pair, "a", out(50_000n)));
    lockBoth(pair, spliceBoth(pair, "b", out(60_000n, "b")));
    expectAgreementOnAll({ ...pair, parties: pair.parties } as Pair);
    expect(pair.parties.a.funded.commitments.others.map(({ role }) => role)).to.deep.equal(["past", "past"]);
  });
  it("RELIABILITY U8: of a channel that was trusted unconfirmed it is locked as deep as any other channel has to be", () => {
    const pair = spliceable();
    for (const name of ["a", "b"] as const) {
      const party = pair.parties[name];
      const { params } = party.funded;
      const trusted = { ...params, minimumDepth: 0, type: { ...params.type, zeroConf: true } };
      party.state = { ...party.funded, params: trusted } as typeof party.state;
    }
    const txid = spliceBoth(pair, "b", into(200_000n));
    mined(pair, "a", txid, 2);
    expect(pending(pair).map(({ locked, progress }) => [locked.local, progress.deep])).to.deep.equal([[false, false]]);
    pair.block(pair.parties.a.height + 1);
    expect(pending(pair).map(({ locked, progress }) => [locked.local, progress.deep])).to.deep.equal([[true, true]]);
  });
  it("CONFORMANCE 108: no shutdown while a splice is not locked", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(50_000n));
    pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(500) });
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason)).to.deep.equal([
      { code: "splice_pending", blocks: 3 },
    ]);
    tell(pair, "a", { name: "shutdown", channel_id: id(pair), scriptpubkey: SCRIPT.b });
    expect(warnings(pair, "a").length).to.equal(1);
  });
  it("CONFORMANCE 108: and it is told for how long: as many blocks as are missing, then until the peer has locked it too", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", out(50_000n));
    mined(pair, "a", txid, 1);
    const shut = () => pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(500) });
    shut();
    pair.block(pair.parties.a.height + 2);
    shut();
    expect(pair.parties.a.take("CommandRefused").map(({ reason }) => reason)).to.deep.equal([
      { code: "splice_pending", blocks: 2 },
      { code: "splice_pending", blocks: 0 },
    ]);
    pair.parties.b.height = blockHeight(pair.parties.b.height - 3);
    mined(pair, "b", txid);
    pair.settle();
    shut();
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
  });
});

describe("BOLT 2 §The tx_init_rbf Message of a splice", () => {
  it("CONFORMANCE 69: either side replaces a splice that waits, by one that pays more; all of them stay valid", () => {
    const pair = spliceable();
    const first = spliceBoth(pair, "a", out(50_000n));
    want(pair, "b", out(10_000n, "b"), 1_040);
    expect(refusals(pair, "b"), "25/24 of 1,000 rounded down is 1,041").to.deep.equal(["feerate_too_low"]);
    const second = spliceBoth(pair, "b", out(10_000n, "b"), 1_041);
    pair.block(pair.parties.a.height + 1);
    const third = spliceBoth(pair, "a", out(70_000n), 2_000);
    expect(pending(pair).map(({ terms }) => terms.outpoint.txid)).to.deep.equal([first, second, third]);
    pair.offer("a", 5_000_000n);
    pair.settle();
    expectAgreementOnAll(pair);
    lockBoth(pair, second);
    expect(held(pair, "a", second)).to.equal(600_000_000n);
    expectAgreementOnAll({ ...pair, parties: pair.parties } as Pair);
  });
  it("not of one that is in a block: neither side begins it, whoever has seen the block", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", out(50_000n));
    mined(pair, "a", txid, 1);
    want(pair, "a", into(60_000n), 3_000);
    expect(refusals(pair, "a")).to.deep.equal(["splice_confirmed"]);
    want(pair, "b", into(60_000n), 3_000);
    pair.settle();
    expect(pair.parties.b.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal([
      "the peer gave up: the splice is in a block",
    ]);
    expect([pending(pair, "a").length, pending(pair, "b").length, pair.parties.b.wallet.isFree]).to.deep.equal([
      1,
      1,
      true,
    ]);
    pair.offer("a", 1_000_000n);
    pair.settle();
    expect([pair.parties.b.incoming.size, warnings(pair, "a"), warnings(pair, "b")]).to.deep.equal([1, [], []]);
  });
  it("a splice that is mined in the middle of an attempt to replace it ends the attempt, until that is signed for", () => {
    const ends = new Set<string>();
    for (let stop = 0; ; stop++) {
      const pair = spliceable();
      const txid = spliceBoth(pair, "a", out(50_000n));
      want(pair, "b", into(60_000n), 3_000);
      let moves = 0;
      while (moves < stop && (pair.deliver("a") || pair.deliver("b"))) moves++;
      mined(pair, "a", txid, 1);
      pair.settle();
      const where = `after ${stop} messages`;
      const left = [pending(pair, "a").length, pending(pair, "b").length] as const;
      expect(left[0], where).to.equal(left[1]);
      expect(pair.parties.b.wallet.isFree, where).to.equal(left[0] === 1);
      expect([...warnings(pair, "a"), ...warnings(pair, "b")], where).to.deep.equal([]);
      expectAgreementOnAll(pair);
      lockBoth(pair, txid);
      expect(pair.parties.b.wallet.isFree, where).to.equal(true);
      ends.add(left.join());
      if (moves < stop) break;
    }
    expect([...ends]).to.deep.equal(["1,1", "2,2"]);
  });
  it("RELIABILITY U11: coins of a splice are free when another one is locked, or a commitment is mined", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", into(200_000n));
    const second = spliceBoth(pair, "b", out(10_000n, "b"), 3_000);
    expect(pending(pair).length).to.equal(2);
    lockBoth(pair, second);
    expect(pair.parties.a.wallet.kept.size).to.equal(0);
    const failing = spliceable();
    const txid = spliceBoth(failing, "a", into(200_000n));
    const { a } = failing.parties;
    failing.give("a", { tag: "ForceClose" });
    expect([...a.wallet.kept.keys()], "the splice may be mined yet").to.deep.equal([txid]);
    const tx = present(a.broadcasts.at(-1), "a commitment");
    failing.give("a", { tag: "FundingSpent", tx, height: a.height });
    expect(a.wallet.kept.size).to.equal(0);
  });
  it("RELIABILITY U11: coins of a splice that we have not signed are free when the channel fails", () => {
    const pair = spliceable();
    want(pair, "a", into(200_000n));
    const { a } = pair.parties;
    while (a.wallet.kept.size === 0) if (!pair.deliver("b") && !pair.deliver("a")) break;
    expect(a.wallet.kept.size).to.equal(1);
    pair.give("a", { tag: "ForceClose" });
    expect([a.state.tag, a.wallet.kept.size]).to.deep.equal(["Failed", 0]);
  });
  it("CONFORMANCE 69: not after splice_locked of either side", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", out(50_000n));
    mined(pair, "a", txid);
    pair.settle();
    for (const name of ["a", "b"] as const) want(pair, name, out(60_000n, name), 3_000);
    expect([...refusals(pair, "a"), ...refusals(pair, "b")]).to.deep.equal(["splice_locked", "splice_locked"]);
  });
});
