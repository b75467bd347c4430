import { expect } from "chai";
import type { ChannelMessage } from "../../../channels/index.ts";
import { channelId } from "../../../src/base/ids.ts";
import { satPerKw } from "../../../src/base/units.ts";
import type { TxSignatures } from "../../../src/wire/interactive-tx.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { allFree, attemptsOf, fundedDual, mine, namesOf, openedDual } from "../../support/dual-pair.ts";

const JOINED = { joins: 400_000n };
/** As far as so many delivered messages. */
function openedUntil(messages: number): Pair {
  const pair = openedDual(JOINED);
  for (let count = 0; count < messages; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
  return pair;
}
/** Messages from the first to the last before anything is signed for, and before witnesses leave. */
const BEFORE_COMMITMENTS = 7;
const BEFORE_SIGNATURES = 9;
const states = ({ parties }: Pair): readonly string[] => [parties.a.state.tag, parties.b.state.tag];
const isOver = (tag: string): boolean => tag === "Aborted" || tag === "Closed" || tag === "Fresh";
/** What is left of an opening that either side gave up. */
function leavesNothing(pair: Pair): void {
  pair.settle(50);
  expect(states(pair).every(isOver), states(pair).join(", ")).to.equal(true);
  expect(allFree(pair)).to.equal(true);
}

describe("BOLT 2 §The tx_abort Message", () => {
  for (const name of ["a", "b"] as const) {
    it(`RELIABILITY U11, CONFORMANCE 56: ${name} gives up at any step, and no coin stays locked on either side`, () => {
      for (let messages = 1; messages <= BEFORE_COMMITMENTS; messages++) {
        const pair = openedUntil(messages);
        pair.give(name, { tag: "AbortOpening", reason: "no time" });
        leavesNothing(pair);
        const aborts = namesOf(pair).filter((one) => one.endsWith("tx_abort"));
        expect(aborts.length, `after ${messages}`).to.be.lessThanOrEqual(2);
      }
    });
    it(`RELIABILITY U11: the connection breaks at any step before ${name} has signed, and coins are free after a minute`, () => {
      for (let messages = 1; messages <= BEFORE_SIGNATURES; messages++) {
        const pair = openedUntil(messages);
        pair.disconnect();
        // Who has signed for a transaction waits for the peer to come back, and no longer than a minute.
        for (const one of ["a", "b"] as const) pair.give(one, { tag: "AbortOpening", reason: "a minute is over" });
        leavesNothing(pair);
      }
    });
  }
  it("CONFORMANCE 56: is echoed once, and the one that comes back ends it", () => {
    const pair = openedUntil(4);
    pair.give("b", { tag: "AbortOpening", reason: "no time" });
    pair.settle(50);
    const first = namesOf(pair).indexOf("b tx_abort");
    expect(
      namesOf(pair)
        .slice(first)
        .filter((name) => name.endsWith("tx_abort")),
    ).to.deep.equal(["b tx_abort", "a tx_abort"]);
  });
  it("CONFORMANCE 56: after our tx_signatures nothing is forgotten, whatever the peer gives up", () => {
    const pair = openedDual(JOINED);
    while (!namesOf(pair).includes("b tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    const { b } = pair.parties;
    expect(b.state.tag).to.equal("WaitForFundingConfirmed");
    pair.give("b", {
      tag: "PeerMessage",
      message: { name: "tx_abort", channel_id: b.funded.params.channelId, data: new Uint8Array(0) },
    });
    expect(b.state.tag).to.equal("WaitForFundingConfirmed");
    expect(b.wallet.isFree, "the peer can publish it").to.equal(false);
  });
  it("RELIABILITY U11: who closes by force has its coins back from a peer that keeps its witnesses to itself, or gives up after ours", () => {
    for (const failed of [false, true]) {
      const pair = openedDual(JOINED);
      while (!namesOf(pair).includes("b tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
      const { b } = pair.parties;
      const { channelId: channel_id, funding } = b.funded.params;
      const message = { name: "error", channel_id, data: new Uint8Array(0) } as const;
      if (failed) pair.give("b", { tag: "PeerMessage", message });
      expect(b.wallet.isFree, "it may be a mistake of the peer's").to.equal(false);
      pair.give("b", { tag: "ForceClose" });
      expect([b.state.tag, b.wallet.isFree]).to.deep.equal(["Failed", true]);
      expect(b.take("GiveUpFunding").map(({ txid }) => txid)).to.deep.equal([funding.txid]);
      // It was completed all the same: what it holds is claimed.
      mine(pair, funding.txid, 1, ["b"]);
      expect(b.broadcasts.at(-1)?.inputs[0]?.prevout).to.deep.equal(funding);
    }
  });
  it("RELIABILITY U11: a peer that breaks a rule while it replaces the transaction keeps no coin of ours held", () => {
    const pair = fundedDual(JOINED);
    const { b } = pair.parties;
    const { channelId: channel_id } = b.funded.params;
    const heldBefore = b.wallet.held.size;
    pair.give("b", {
      tag: "PeerMessage",
      message: {
        name: "tx_init_rbf",
        channel_id,
        locktime: 0,
        feerate: satPerKw(600),
        funding_output_contribution: 1_000_000n,
      },
    });
    expect(namesOf(pair).at(-1)).to.equal("b tx_ack_rbf");
    expect(b.wallet.held.size).to.be.greaterThan(heldBefore);
    const stfu = { name: "stfu", channel_id, initiator: 1 } as const;
    pair.give("b", { tag: "PeerMessage", message: stfu });
    pair.disconnect();
    expect([b.funded.link.tag, b.wallet.held.size]).to.deep.equal(["offline", heldBefore]);
  });
  it("CONFORMANCE 54: the peer's tx_signatures for what both have signed count, though a replacement was given up meanwhile", () => {
    const pair = openedDual(JOINED);
    while (!namesOf(pair).includes("a tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    pair.give("b", { tag: "BumpFunding", feerate: satPerKw(2_000) });
    pair.give("b", { tag: "AbortOpening", reason: "no time" });
    pair.settle();
    expect(attemptsOf(pair, "b").map(({ remoteWitnesses }) => remoteWitnesses?.length)).to.deep.equal([1]);
    expect(pair.parties.b.broadcasts.length).to.equal(1);
  });
  it("does not print what is not printable", () => {
    const pair = openedUntil(2);
    pair.give("a", {
      tag: "PeerMessage",
      message: { name: "tx_abort", channel_id: channelId(new Uint8Array(32)), data: Uint8Array.of(27, 91, 65) },
    });
    const { state } = pair.parties.a;
    expect(state.tag === "Aborted" && /^[ -~]*$/.test(state.reason)).to.equal(true);
  });
});

describe("hostile openings that both sides fund", () => {
  it("any message of a construction at any step ends the opening at the most, and frees every coin", () => {
    const sent = [...openedDualTrace()];
    for (let messages = 0; messages <= BEFORE_SIGNATURES; messages++) {
      for (const { from, message } of sent) {
        const pair = openedUntil(messages);
        const to: Name = from === "a" ? "b" : "a";
        pair.queues[to].length = 0;
        pair.give(to, { tag: "PeerMessage", message });
        pair.disconnect();
        for (const one of ["a", "b"] as const) pair.give(one, { tag: "AbortOpening", reason: "over" });
        const { state, wallet } = pair.parties[to];
        expect(
          isOver(state.tag) ? wallet.isFree : state.tag === "WaitForFundingConfirmed",
          `${messages} ${message.name}`,
        ).to.equal(true);
      }
    }
  });
  it("RELIABILITY U15: of a thousand wrong tx_signatures one is looked at, and none undoes that ours are out", () => {
    const pair = openedDual(JOINED);
    while (!namesOf(pair).includes("b tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    const [attempt] = attemptsOf(pair, "b");
    if (attempt === undefined) throw new Error("signed");
    const { channelId: channel_id, funding } = attempt.params;
    const wrong: TxSignatures = {
      name: "tx_signatures",
      channel_id,
      txid: funding.txid,
      witnesses: [Uint8Array.of(1, 1, 7)],
    };
    for (let count = 0; count < 1_000; count++) pair.give("b", { tag: "PeerMessage", message: wrong });
    const { b } = pair.parties;
    expect(b.take("SendWarning").length).to.equal(1);
    expect([b.state.tag, b.broadcasts.length]).to.deep.equal(["WaitForFundingConfirmed", 0]);
  });
  it("RELIABILITY U13: does not sign with a peer whose witness is fatter than what it pays for", () => {
    const pair = openedDual(JOINED);
    while (!namesOf(pair).includes("b tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    const frame = pair.trace.at(-1)?.message as TxSignatures;
    const [witness] = frame.witnesses;
    if (witness === undefined) throw new Error("signed");
    pair.queues.a.length = 0;
    pair.give("a", {
      tag: "PeerMessage",
      message: { ...frame, witnesses: [Uint8Array.of(3, 0x50, ...new Uint8Array(80), ...witness.slice(1))] },
    });
    expect(namesOf(pair).at(-1)).to.equal("a tx_abort");
    expect([pair.parties.a.state.tag, pair.parties.a.wallet.isFree]).to.deep.equal(["Closed", true]);
  });
  it("answers a tx_abort of nothing once on a connection: two that answer each other's come to an end", () => {
    const pair = fundedDual(JOINED);
    const { channelId } = pair.parties.a.funded.params;
    const message = { name: "tx_abort", channel_id: channelId, data: new Uint8Array(0) } as const;
    const answers = (): number => {
      const before = pair.trace.length;
      pair.give("a", { tag: "PeerMessage", message });
      pair.settle(100);
      return pair.trace.length - before;
    };
    expect([answers(), answers()], "of both together").to.deep.equal([2, 0]);
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect(answers()).to.equal(2);
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(2_000) });
    pair.settle();
    expect(attemptsOf(pair).length, "and a replacement is made as before").to.equal(2);
  });
  it("answers a peer that would replace what is mined, as it has not seen the block", () => {
    const pair = fundedDual(JOINED);
    const { a, b } = pair.parties;
    const { channelId, funding } = a.funded.params;
    mine(pair, funding.txid, 3, ["b"]);
    expect(states(pair)).to.deep.equal(["WaitForFundingConfirmed", "WaitForChannelReady"]);
    // By its own machine a would not: b has called the channel ready.
    const message = { name: "tx_init_rbf", channel_id: channelId, locktime: 0, feerate: satPerKw(2_000) } as const;
    b.log = [];
    pair.give("b", { tag: "PeerMessage", message });
    expect(b.tags()).to.deep.equal(["Propose"]);
    expect(namesOf(pair).at(-1)).to.equal("b tx_abort");
    pair.settle();
    mine(pair, funding.txid, 3, ["a"]);
    expect([...states(pair), pair.connected]).to.deep.equal(["Normal", "Normal", true]);
  });
  it("CONFORMANCE 57: parts with a peer whose coin is not confirmed, and says beforehand that it must be", () => {
    const policy = { requireConfirmedInputs: true };
    const good = fundedDual({ ...JOINED, policy });
    expect(good.trace[0]?.message).to.include({ require_confirmed_inputs: true });
    expect(good.trace[1]?.message).to.include({ require_confirmed_inputs: true });
    expect(good.parties.a.take("NeedConfirmation").length, "of the peer's coins, and of no others").to.equal(1);
    expect(good.parties.a.take("NeedContribution")[0]?.confirmedOnly).to.equal(true);
    const bad = openedDual({ ...JOINED, policy });
    bad.parties.a.seesConfirmed = false;
    leavesNothing(bad);
    expect(namesOf(bad)).to.include("a tx_abort");
  });
});

function openedDualTrace(): readonly { readonly from: Name; readonly message: ChannelMessage }[] {
  const pair = openedDual(JOINED);
  pair.settle();
  return pair.trace;
}
