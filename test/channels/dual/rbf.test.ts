import { expect } from "chai";
import { ITEMS_MAX } from "../../../channels/interactive/constructed.ts";
import { FUNDINGS_MAX } from "../../../channels/keys/judgement.ts";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { HEIGHT } from "../../support/channel-fixtures.ts";
import { Pair as NewPair, type Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, mine, namesOf } from "../../support/dual-pair.ts";
import { areElsewhere } from "../../support/signers.ts";

const JOINED = { joins: 400_000n };
function bumped(pair: Pair, feerate: number, by: "a" | "b" = "a"): Pair {
  pair.give(by, { tag: "BumpFunding", feerate: satPerKw(feerate) });
  pair.settle();
  return pair;
}
const refusals = (pair: Pair, name: "a" | "b" = "a"): readonly string[] =>
  pair.parties[name].take("CommandRefused").map(({ reason }) => reason.code);
const txidsOf = (pair: Pair, name: "a" | "b" = "a") => attemptsOf(pair, name).map(({ params }) => params.funding.txid);

describe("BOLT 2 §Fee bumping: tx_init_rbf and tx_ack_rbf", () => {
  it("CONFORMANCE 55: either side replaces the funding transaction, and the last one counts until a block says otherwise", () => {
    for (const by of ["a", "b"] as const) {
      const pair = bumped(fundedDual(JOINED), 600, by);
      const { a, b } = pair.parties;
      expect(namesOf(pair).filter((name) => name.includes("rbf"))).to.deep.equal([
        `${by} tx_init_rbf`,
        `${by === "a" ? "b" : "a"} tx_ack_rbf`,
      ]);
      const [first, second] = attemptsOf(pair);
      if (first === undefined || second === undefined) throw new Error("two attempts");
      expect([a.broadcasts.length, b.broadcasts.length]).to.deep.equal([2, 2]);
      expect(a.funded.params.funding).to.deep.equal(second.params.funding);
      expect(b.funded.params.funding).to.deep.equal(second.params.funding);
      expect(
        second.constructed.fee.local + second.constructed.fee.remote >
          first.constructed.fee.local + first.constructed.fee.remote,
      ).to.equal(true);
      mine(pair, second.params.funding.txid);
      expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    }
  });
  it("CONFORMANCE 55, RELIABILITY U16: each attempt spends a coin of every attempt before it", () => {
    const pair = fundedDual(JOINED);
    for (const feerate of [600, 700, 800]) bumped(pair, feerate);
    const all = attemptsOf(pair).map(({ constructed }) =>
      constructed.inputs.map(({ outpoint }) => `${outpoint.txid}:${outpoint.vout}`),
    );
    expect(all.length).to.equal(4);
    const [first = []] = all;
    expect(all.every((inputs) => first.every((one) => inputs.includes(one)))).to.equal(true);
  });
  it("an earlier attempt that is mined after all is the channel, with its own commitments", () => {
    const pair = bumped(fundedDual(JOINED), 600);
    const [first] = txidsOf(pair);
    if (first === undefined) throw new Error("two attempts");
    mine(pair, first);
    const { a, b } = pair.parties;
    expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect([a.funded.params.funding.txid, b.funded.params.funding.txid]).to.deep.equal([first, first]);
    pair.offer("a", 5_000_000n);
    pair.offer("b", 5_000_000n);
    pair.settle();
    expect([a.incoming.size, b.incoming.size]).to.deep.equal([1, 1]);
  });
  it("RELIABILITY U11, U16: what only another attempt spends is free when a block holds one", () => {
    for (const finished of [true, false]) {
      // b puts nothing into the first attempt, and pays for the second.
      const pair = fundedDual();
      pair.give("b", { tag: "BumpFunding", feerate: satPerKw(600) });
      while (attemptsOf(pair, "b").length < 2) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
      if (finished) pair.settle();
      const [first, second] = txidsOf(pair, "b");
      const { b } = pair.parties;
      expect([...b.wallet.kept.keys()]).to.deep.equal([second]);
      mine(pair, first as never, 1, ["b"]);
      expect([b.funded.params.funding.txid, b.wallet.isFree]).to.deep.equal([first, true]);
    }
  });
  it("a reorganisation may change which attempt it is", () => {
    const pair = bumped(fundedDual(JOINED), 600);
    const [first, second] = txidsOf(pair);
    if (first === undefined || second === undefined) throw new Error("two attempts");
    mine(pair, first, 1);
    expect(pair.parties.a.funded.params.funding.txid).to.equal(first);
    for (const name of ["a", "b"] as const) pair.give(name, { tag: "FundingReorged" });
    mine(pair, second);
    const { a, b } = pair.parties;
    expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect(a.funded.params.funding.txid).to.equal(second);
    pair.offer("a", 5_000_000n);
    pair.settle();
    expect(b.incoming.size).to.equal(1);
  });
  it("every attempt is watched, again after a restart", () => {
    const pair = bumped(fundedDual(JOINED), 600);
    const txids = txidsOf(pair);
    const watched = (): readonly string[] => pair.parties.a.take("WatchFunding").map(({ outpoint }) => outpoint.txid);
    expect(watched()).to.deep.equal(txids);
    pair.parties.a.log = [];
    pair.crash("a");
    expect(watched()).to.deep.equal(txids);
    pair.connect();
    pair.settle();
    mine(pair, txids[1] as never);
    expect(pair.parties.a.state.tag).to.equal("Normal");
  });
  it("CONFORMANCE 55: is refused after channel_ready, and a block in the middle ends it", () => {
    const ready = fundedDual(JOINED);
    mine(ready, txidsOf(ready)[0] as never);
    bumped(ready, 600);
    expect(refusals(ready)).to.deep.equal(["wrong_state"]);
    const pair = fundedDual(JOINED);
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    for (let count = 0; count < 4; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    mine(pair, txidsOf(pair)[0] as never);
    const { a, b } = pair.parties;
    expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
    expect([a.wallet.held.size, b.wallet.held.size]).to.deep.equal([0, 0]);
  });
  it("RELIABILITY U11: at most ten attempts, and none when a peer asks for more", () => {
    const pair = fundedDual(JOINED);
    for (let feerate = 600; feerate < 1_500; feerate += 100) bumped(pair, feerate);
    expect(attemptsOf(pair).length).to.equal(10);
    bumped(pair, 2_000);
    expect(refusals(pair)).to.deep.equal(["too_many_attempts"]);
    const { channelId } = pair.parties.b.funded.params;
    pair.give("b", {
      tag: "PeerMessage",
      message: { name: "tx_init_rbf", channel_id: channelId, locktime: 0, feerate: satPerKw(2_000) },
    });
    expect(namesOf(pair).at(-1)).to.equal("b tx_abort");
    expect(pair.parties.b.state.tag).to.equal("WaitForFundingConfirmed");
  });
  it("RELIABILITY U11: all attempts together are as large as two of the largest, when a peer asks for more", () => {
    const pair = fundedDual(JOINED);
    const { b } = pair.parties;
    const [first] = attemptsOf(pair, "b");
    const attempt = present(first, "an attempt");
    const { constructed } = attempt;
    const { tx } = constructed;
    const outputs = [...tx.outputs, ...Array(ITEMS_MAX - 5).fill(tx.outputs[0])];
    const wide = { ...attempt, constructed: { ...constructed, tx: { ...tx, outputs } } };
    b.state = { ...b.funded, attempts: { signed: [wide], next: undefined } } as typeof b.state;
    bumped(pair, 600);
    expect(namesOf(pair).slice(-2)).to.deep.equal(["b tx_abort", "a tx_abort"]);
    expect([attemptsOf(pair).length, attemptsOf(pair, "b").length]).to.deep.equal([1, 1]);
  });
  it("RELIABILITY U11: a peer that makes a replacement dear pays for it alone", () => {
    const pair = fundedDual(JOINED);
    expect(bumped(pair, 2_000) && attemptsOf(pair, "b").at(-1)?.plan.contribution.local).to.equal(400_000n);
    // More than both have paid before, by one of them.
    bumped(pair, 5_000);
    const { plan, constructed } = present(attemptsOf(pair, "b").at(-1), "an attempt");
    expect([plan.feerate, plan.contribution.local, constructed.fee.local]).to.deep.equal([5_000, 0n, 0n]);
    expect(pair.parties.b.funded.params.capacity).to.equal(1_000_000n);
  });
  it("RELIABILITY U11: a replacement that could not be mined for years is none; a peer may be a day ahead of us", () => {
    for (const [locktime, answer] of [
      [HEIGHT + 144, "b tx_ack_rbf"],
      [HEIGHT + 145, "b tx_abort"],
      [500_000_000, "b tx_abort"],
      [4_294_967_295, "b tx_abort"],
    ] as const) {
      const pair = fundedDual(JOINED);
      const { channelId } = pair.parties.b.funded.params;
      const share = { funding_output_contribution: 1_000_000n };
      const message = {
        name: "tx_init_rbf",
        channel_id: channelId,
        locktime,
        feerate: satPerKw(600),
        ...share,
      } as const;
      pair.give("b", { tag: "PeerMessage", message });
      expect(namesOf(pair).at(-1), String(locktime)).to.equal(answer);
    }
  });
  it("RELIABILITY U11: a replacement that is given up at any step leaves the one that waits, and frees what only it spends", () => {
    for (let messages = 1; messages <= 14; messages++) {
      for (const name of ["a", "b"] as const) {
        const pair = fundedDual(JOINED);
        pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
        for (let count = 0; count < messages; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
        pair.give(name, { tag: "AbortOpening", reason: "a minute is over" });
        pair.settle(100);
        const { a, b } = pair.parties;
        expect([a.state.tag, b.state.tag]).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
        expect([a.wallet.held.size, b.wallet.held.size]).to.deep.equal([0, 0]);
        // Who has signed before the other gave up goes on watching for what was signed.
        expect(txidsOf(pair, "b")).to.include.members(txidsOf(pair));
        expect(b.funded.params.funding.txid, "beside the one that both know of").to.equal(txidsOf(pair).at(-1));
        for (const one of ["a", "b"] as const)
          expect([...pair.parties[one].wallet.kept.keys()].sort()).to.deep.equal([...txidsOf(pair, one)].sort());
        bumped(pair, 700);
        expect(attemptsOf(pair, "b").at(-1)?.plan.feerate).to.equal(700);
      }
    }
  });
  it("RELIABILITY U11: a channel that fails while a replacement is being signed frees what only that spends", () => {
    const pair = fundedDual(JOINED);
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    while (pair.parties.a.funded.attempts.next === undefined) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    const { a } = pair.parties;
    const message = { name: "error", channel_id: a.funded.params.channelId, data: new Uint8Array(0) } as const;
    pair.give("a", { tag: "PeerMessage", message });
    expect([a.state.tag, a.funded.attempts.next]).to.deep.equal(["Failed", undefined]);
    expect([...a.wallet.kept.keys()]).to.deep.equal(txidsOf(pair));
  });
  it("RELIABILITY U11: a signer that has signed for too many replacements ends this one, and not the channel", function () {
    // What a signer elsewhere remembers is not written to from here.
    if (areElsewhere) this.skip();
    const pair = fundedDual(JOINED);
    const { b } = pair.parties;
    const [one] = b.memory.signed;
    if (one === undefined) throw new Error("signed");
    const others = Array.from({ length: FUNDINGS_MAX }, (_, vout) => ({
      ...one,
      funding: { ...one.funding, vout: vout + 9 },
    }));
    b.memory = { ...b.memory, signed: others };
    bumped(pair, 600);
    expect([b.state.tag, pair.parties.a.state.tag]).to.deep.equal([
      "WaitForFundingConfirmed",
      "WaitForFundingConfirmed",
    ]);
    expect([txidsOf(pair).length, txidsOf(pair, "b").length, b.wallet.held.size]).to.deep.equal([1, 1, 0]);
    expect([...b.wallet.kept.keys()]).to.deep.equal(txidsOf(pair, "b"));
  });
  it("RELIABILITY U11: a peer that falls silent has a minute, also of who puts nothing in", () => {
    const pair = fundedDual();
    const { b } = pair.parties;
    b.log = [];
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    pair.deliver("b");
    expect(b.take("TimeSignatures").length).to.equal(1);
    pair.give("b", { tag: "AbortOpening", reason: "a minute is over" });
    pair.settle();
    pair.give("b", { tag: "BumpFunding", feerate: satPerKw(700) });
    pair.settle();
    expect(attemptsOf(pair, "b").map(({ plan }) => plan.feerate)).to.deep.equal([500, 700]);
  });
  it("goes through any break in the middle, and both have the same attempts", () => {
    for (let messages = 1; messages <= 16; messages++) {
      for (const crash of [false, true]) {
        const pair = fundedDual(JOINED);
        pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
        for (let count = 0; count < messages; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
        pair.disconnect();
        if (crash) pair.crash("a");
        pair.connect();
        pair.settle();
        expect(txidsOf(pair), `after ${messages}`).to.deep.equal(txidsOf(pair, "b"));
        expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal([
          "WaitForFundingConfirmed",
          "WaitForFundingConfirmed",
        ]);
        mine(pair, txidsOf(pair).at(-1) as never);
        expect(pair.parties.b.state.tag).to.equal("Normal");
      }
    }
  });
  it("a channel that fails before a block publishes the commitment of whichever attempt is mined", () => {
    const pair = bumped(fundedDual(JOINED), 600);
    const [first] = attemptsOf(pair);
    if (first === undefined) throw new Error("two attempts");
    const { a } = pair.parties;
    pair.give("a", { tag: "ForceClose" });
    mine(pair, first.params.funding.txid, 1, ["a"]);
    const published = a.broadcasts.at(-1);
    expect(published?.inputs[0]?.prevout).to.deep.equal(first.params.funding);
  });
  it("is refused without a connection, for a channel that one side funded, and while another one is under way", () => {
    const pair = fundedDual(JOINED);
    pair.disconnect();
    bumped(pair, 600);
    expect(refusals(pair)).to.deep.equal(["not_connected"]);
    const busy = fundedDual(JOINED);
    busy.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    bumped(busy, 700);
    expect(refusals(busy)).to.deep.equal(["negotiating"]);
    expect(new NewPair().connected).to.equal(true);
  });
});
