import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { strippedTx } from "../../../src/bitcoin/tx.ts";
import { encode } from "../../../src/codec/codec.ts";
import type { SpliceInit } from "../../../src/wire/splicing.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { into, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const tell = (pair: Pair, to: Name, message: ChannelMessage) => pair.give(to, { tag: "PeerMessage", message });
const names = (pair: Pair) => pair.trace.map(({ from, message }) => `${from} ${message.name}`);
const warnings = (pair: Pair, name: Name) => pair.parties[name].take("SendWarning").map(({ text }) => text);
const refusals = (pair: Pair, name: Name) => pair.parties[name].take("CommandRefused").map(({ reason }) => reason.code);
const aborts = (pair: Pair, name: Name) =>
  pair.trace.flatMap(({ from, message }) =>
    from === name && message.name === "tx_abort" ? [new TextDecoder().decode(message.data)] : [],
  );
const id = (pair: Pair) => pair.parties.a.funded.params.channelId;
/** Quiescent, and it is for b to say what for. */
function quietForB(): Pair {
  const pair = spliceable();
  pair.give("b", { tag: "Quiesce" });
  pair.settle();
  pair.trace.length = 0;
  return pair;
}
const init = (pair: Pair, amount: bigint): SpliceInit => ({
  name: "splice_init",
  channel_id: id(pair),
  funding_contribution_satoshis: amount,
  funding_feerate_perkw: satPerKw(1_000),
  locktime: 0,
  funding_pubkey: pair.parties.b.funded.params.local.basepoints.fundingPubkey,
});

describe("BOLT 2 §The splice_init Message: what a peer must not do", () => {
  it("CONFORMANCE 61: splice_init without silence, or by who did not ask for it, ends the connection", () => {
    const loud = spliceable();
    tell(loud, "a", init(loud, 0n));
    expect(warnings(loud, "a")).to.deep.equal(["unexpected message, message splice_init, state Normal"]);
    const pair = quietForB();
    tell(pair, "b", init(pair, 0n));
    expect(warnings(pair, "b")).to.deep.equal(["unexpected message, message splice_init, state Normal"]);
  });
  it("CONFORMANCE 61: splice_init while another splice waits ends the connection", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(50_000n));
    pair.give("b", { tag: "Quiesce" });
    pair.settle();
    tell(pair, "a", init(pair, 0n));
    expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message splice_init, state Normal"]);
  });
  it("CONFORMANCE 61: splice_init or tx_init_rbf while another one is being signed ends the connection", () => {
    for (const isOut of [false, true]) {
      const begun = (first: Pair): Pair => {
        want(first, "b", out(50_000n, "b"), 2_000);
        const until = isOut ? "a tx_signatures" : "a commitment_signed";
        while (!names(first).includes(until)) if (!first.deliver("a") && !first.deliver("b")) throw new Error(until);
        for (const queue of [first.queues.a, first.queues.b]) queue.length = 0;
        return first;
      };
      const pair = begun(spliceable());
      tell(pair, "a", init(pair, 0n));
      const waiting = spliceable();
      spliceBoth(waiting, "a", out(50_000n));
      waiting.trace.length = 0;
      const again = begun(waiting);
      tell(again, "a", rbf(again));
      const signing = [pair, again].map(({ parties: { a } }) =>
        a.funded.commitments.others.filter(({ role }) => role === "signing"),
      );
      expect([warnings(pair, "a"), warnings(again, "a")], String(isOut)).to.deep.equal([
        ["unexpected message, message splice_init, state Normal"],
        ["unexpected message, message tx_init_rbf, state Normal"],
      ]);
      expect(signing.map(({ length }) => length)).to.deep.equal([1, 1]);
    }
  });
  it("CONFORMANCE 62: a peer that takes more than it has is parted with", () => {
    const pair = quietForB();
    tell(pair, "a", init(pair, -400_001n));
    expect([warnings(pair, "a"), pair.connected]).to.deep.equal([["splice exceeds balance"], false]);
  });
  it("CONFORMANCE 62, RELIABILITY C36: one that takes what it must keep is told tx_abort, and nothing changes", () => {
    const pair = quietForB();
    const before = pair.parties.a.funded.commitments;
    tell(pair, "a", init(pair, -395_000n));
    expect(aborts(pair, "a")).to.deep.equal(["remote would be below its reserve"]);
    expect(pair.parties.a.funded.commitments).to.deep.equal(before);
  });
  it("RELIABILITY C36: one with a balance of nothing that adds an output of its own is told tx_abort", () => {
    const pair = spliceable({ push: 0n });
    pair.give("b", { tag: "Quiesce" });
    pair.settle();
    pair.trace.length = 0;
    tell(pair, "a", init(pair, 0n));
    const { funding, capacity, local, remote } = pair.parties.a.funded.params;
    const ours = present(
      pair.parties.a.funded.link.tag === "online" ? pair.parties.a.funded.link.splicing : undefined,
      "x",
    );
    if (ours.stage !== "constructing") throw new Error(ours.stage);
    expect([capacity, local.basepoints.fundingPubkey.length, remote.basepoints.fundingPubkey.length]).to.deep.equal([
      1_000_000n,
      33,
      33,
    ]);
    const channel_id = id(pair);
    const shared = { prevtx: new Uint8Array(0), prevtx_vout: funding.vout, shared_input_txid: funding.txid };
    const coin = pair.parties.b.wallet.contribute({
      tag: "NeedContribution",
      format: "anchors",
      amount: 0n as never,
      feerate: satPerKw(1_000),
      besides: 2_000,
      confirmedOnly: false,
      spends: [],
      changeMin: 354n as never,
    });
    const [input] = present(coin, "a coin").inputs;
    const [change] = present(coin, "a coin").outputs;
    tell(pair, "a", { name: "tx_add_input", channel_id, serial_id: 2n, sequence: 0xffff_fffd, ...shared });
    const { script, amount } = ours.plan.terms.fundingOutput;
    tell(pair, "a", { name: "tx_add_output", channel_id, serial_id: 4n, sats: amount, script });
    tell(pair, "a", {
      name: "tx_add_input",
      channel_id,
      serial_id: 6n,
      sequence: 0xffff_fffd,
      prevtx: encode(strippedTx, present(input, "a coin").prevtx),
      prevtx_vout: present(input, "a coin").vout,
    });
    const own = present(change, "change").output;
    tell(pair, "a", { name: "tx_add_output", channel_id, serial_id: 8n, sats: own.amount, script: own.script });
    tell(pair, "a", { name: "tx_complete", channel_id });
    expect(aborts(pair, "a")).to.deep.equal(["remote adds an output below its reserve"]);
  });
});

describe("RELIABILITY C36: who could lose by a crash or by a peer that gives up", () => {
  it("CONFORMANCE 53: our tx_signatures leave only when the peer's commitment_signed is on disk", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    for (;;) {
      const before = pair.trace.length;
      if (!pair.deliver("b") && !pair.deliver("a")) break;
      const said = pair.trace.slice(before).filter(({ message }) => message.name === "tx_signatures");
      for (const { from } of said) {
        pair.load(from, present(pair.parties[from].disk, "a record"));
        const { others } = pair.parties[from].funded.commitments;
        expect(others.map(({ made }) => [made?.received, made?.signature !== undefined])).to.deep.equal([[true, true]]);
        return;
      }
    }
    throw new Error("nobody has signed");
  });
  it("a peer that gives up when it has our signatures makes the channel fail: either funding can be claimed", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    while (!names(pair).includes("b tx_signatures")) if (!pair.deliver("b") && !pair.deliver("a")) break;
    tell(pair, "b", { name: "tx_abort", channel_id: id(pair), data: new Uint8Array(0) });
    expect(pair.parties.b.state.tag).to.equal("Failed");
  });
  it("tx_abort about nothing is not answered, also while silence is only asked for: two that answer would go on for ever", () => {
    for (const isAsked of [false, true]) {
      const pair = spliceable();
      if (isAsked) {
        // What a has offered keeps it from granting silence.
        pair.offer("a", 1_000_000n);
        want(pair, "b", out(50_000n, "b"));
        pair.queues.b.length = 0;
        pair.deliver("a");
      }
      tell(pair, "a", { name: "tx_abort", channel_id: id(pair), data: new Uint8Array(0) });
      expect(aborts(pair, "a"), String(isAsked)).to.deep.equal([]);
    }
  });
  it("a peer that gives up before costs nothing: the coins are free, and the channel speaks again", () => {
    const pair = spliceable();
    want(pair, "a", into(200_000n));
    while (!names(pair).includes("a tx_add_output")) if (!pair.deliver("b") && !pair.deliver("a")) break;
    pair.give("b", { tag: "AbortOpening", reason: "changed its mind" });
    pair.settle();
    for (const name of ["a", "b"] as const) {
      expect(pair.parties[name].funded.commitments.others, name).to.deep.equal([]);
      pair.offer(name, 1_000_000n);
    }
    pair.settle();
    expect([pair.parties.a.wallet.isFree, pair.parties.a.take("NegotiationFailed").length]).to.deep.equal([true, 1]);
    expectAgreementOnAll(pair);
  });
  it("RELIABILITY U15: a shared signature that is none fails the channel at once", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    while (!names(pair).includes("b tx_signatures")) if (!pair.deliver("b") && !pair.deliver("a")) break;
    const message = present(
      pair.trace.find(({ message: said }) => said.name === "tx_signatures"),
      "signed",
    ).message;
    if (message.name !== "tx_signatures") throw new Error(message.name);
    while (pair.queues.a.length > 1) pair.deliver("a");
    pair.queues.a.length = 0;
    tell(pair, "a", { ...message, shared_input_signature: new Uint8Array(64).fill(3) });
    expect([pair.parties.a.state.tag, pair.parties.a.take("SendError").length]).to.deep.equal(["Failed", 1]);
  });
  it("refuses what its own balance, connection, state or peer does not allow", () => {
    const pair = spliceable();
    want(pair, "a", out(600_000n));
    pair.features = pair.features.filter((bit) => bit !== 62);
    want(pair, "a", out(50_000n));
    pair.features = [...pair.features, 62].filter((bit) => bit !== 34);
    want(pair, "a", out(50_000n));
    expect(names(pair), "CONFORMANCE 59: no stfu where silence was not agreed on").to.deep.equal([]);
    pair.features = [...pair.features, 34];
    pair.disconnect();
    want(pair, "a", out(50_000n));
    expect(refusals(pair, "a")).to.deep.equal([
      "splice_exceeds_balance",
      "not_negotiated",
      "not_negotiated",
      "not_connected",
    ]);
  });
  it("tells who asked that a peer which is gone, or a wallet without coins, makes no splice", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    pair.deliver("b");
    pair.disconnect();
    pair.connect();
    pair.settle();
    want(pair, "a", into(50_000_000n));
    expect(pair.parties.a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal([
      "the connection was lost",
      "no coins",
    ]);
  });
});

describe("RELIABILITY U11: a splice that could not be mined for years", () => {
  it("is none, as it would stand in the way of a close; a peer may be a day ahead of us", () => {
    const { height } = spliceable().parties.a;
    for (const [locktime, answer] of [
      [height + 144, []],
      [height + 145, ["locked for too long"]],
      [4_294_967_295, ["locked for too long"]],
    ] as const) {
      const first = quietForB();
      tell(first, "a", { ...init(first, 0n), locktime });
      const again = waitingForB();
      tell(again, "a", { ...rbf(again), locktime });
      expect([aborts(first, "a"), aborts(again, "a")], String(locktime)).to.deep.equal([answer, answer]);
    }
  });
});

const rbf = (pair: Pair) =>
  ({ name: "tx_init_rbf", channel_id: id(pair), locktime: 0, feerate: satPerKw(3_000) }) as const;
/** a's splice waits, it is quiet, and it is for b to say what for. */
function waitingForB(): Pair {
  const pair = spliceable();
  spliceBoth(pair, "a", out(50_000n));
  pair.give("b", { tag: "Quiesce" });
  pair.settle();
  pair.trace.length = 0;
  return pair;
}
describe("CONFORMANCE 69: tx_init_rbf of a splice that nobody may replace", () => {
  it("ends the connection in a channel that was trusted unconfirmed, and is not asked for there", () => {
    const pair = waitingForB();
    for (const name of ["a", "b"] as const) {
      const party = pair.parties[name];
      const { params } = party.funded;
      party.state = { ...party.funded, params: { ...params, type: { ...params.type, zeroConf: true } } } as never;
    }
    tell(pair, "a", rbf(pair));
    expect(warnings(pair, "a")).to.deep.equal(["unexpected message, message tx_init_rbf, state Normal"]);
    pair.connect();
    pair.settle();
    want(pair, "a", out(60_000n), 3_000);
    expect(refusals(pair, "a")).to.deep.equal(["not_replaceable"]);
  });
  it("is answered by tx_abort once we have locked it, and ends the connection of a peer that has locked it itself", () => {
    const ours = waitingForB();
    const [splice] = pending(ours);
    mined(ours, "a", present(splice, "a splice").terms.outpoint.txid);
    ours.trace.length = 0;
    tell(ours, "a", rbf(ours));
    expect(aborts(ours, "a")).to.deep.equal(["the splice is locked"]);
    const theirs = waitingForB();
    const splice_txid = present(pending(theirs)[0], "a splice").terms.outpoint.txid;
    tell(theirs, "a", { name: "splice_locked", channel_id: id(theirs), splice_txid });
    tell(theirs, "a", rbf(theirs));
    expect(warnings(theirs, "a")).to.deep.equal(["unexpected message, message tx_init_rbf, state Normal"]);
  });
});
