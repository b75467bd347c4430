import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import type { ChannelReestablish } from "../../../src/wire/updates.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { allFree, attemptsOf, fundedDual, mine, namesOf, openedDual } from "../../support/dual-pair.ts";

const JOINED = { joins: 400_000n };
/** As far as so many messages that leave after both have said tx_complete; the rest is lost. */
function broken(delivered: number): Pair {
  const pair = openedDual(JOINED);
  while (!namesOf(pair).includes("b commitment_signed")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
  for (let count = 0; count < delivered; count++) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
  pair.disconnect();
  pair.trace.length = 0;
  return pair;
}
const reestablished = (pair: Pair): readonly (ChannelReestablish["next_funding"] | undefined)[] =>
  pair.trace.flatMap(({ message }) => (message.name === "channel_reestablish" ? [message.next_funding] : []));
function isWhole(pair: Pair): void {
  pair.settle();
  const { a, b } = pair.parties;
  expect([a.state.tag, b.state.tag]).to.deep.equal(["WaitForFundingConfirmed", "WaitForFundingConfirmed"]);
  const [attempt] = attemptsOf(pair);
  if (attempt === undefined) throw new Error("signed");
  mine(pair, attempt.params.funding.txid);
  expect([a.state.tag, b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  pair.offer("a", 5_000_000n);
  pair.settle();
}

describe("BOLT 2 §Message Retransmission of a funding transaction", () => {
  it("CONFORMANCE 122: neither has the other's commitment_signed: both ask for it", () => {
    const pair = broken(0);
    pair.connect();
    const flags = reestablished(pair).map((next) => next?.retransmit_flags);
    expect(flags).to.deep.equal([1, 1]);
    isWhole(pair);
    expect(
      namesOf(pair)
        .filter((name) => name.endsWith("commitment_signed"))
        .slice(0, 2),
    ).to.have.length(2);
  });
  it("CONFORMANCE 122: whatever was delivered, the rest is sent again and the channel opens", () => {
    for (let delivered = 0; delivered <= 4; delivered++) {
      const pair = broken(delivered);
      pair.connect();
      isWhole(pair);
    }
  });
  it("CONFORMANCE 122: no next_funding once tx_signatures has come", () => {
    const pair = fundedDual(JOINED);
    pair.disconnect();
    pair.trace.length = 0;
    pair.connect();
    expect(reestablished(pair)).to.deep.equal([undefined, undefined]);
    pair.settle();
    expect(namesOf(pair)).to.deep.equal(["a channel_reestablish", "b channel_reestablish"]);
  });
  it("CONFORMANCE 122: who does not know the transaction says tx_abort, and nothing stays locked", () => {
    const pair = broken(0);
    pair.connect();
    const frame = pair.trace.find(({ from, message }) => from === "b" && message.name === "channel_reestablish");
    if (frame?.message.name !== "channel_reestablish") throw new Error("sent");
    const { next_funding: _, ...forgotten } = frame.message;
    pair.queues.a.length = 0;
    pair.queues.b.length = 0;
    pair.give("a", { tag: "PeerMessage", message: forgotten });
    expect(namesOf(pair).at(-1)).to.equal("a tx_abort");
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closed", "Closed"]);
    expect(allFree(pair)).to.equal(true);
  });
  it("CONFORMANCE 122: a channel whose funding the peer has signed does not end by an unknown txid", () => {
    const pair = fundedDual(JOINED);
    pair.disconnect();
    pair.connect();
    const frame = pair.trace.findLast(({ from, message }) => from === "b" && message.name === "channel_reestablish");
    const next_funding = { next_funding_txid: "77".repeat(32) as Txid, retransmit_flags: 0 };
    pair.queues.a.length = 0;
    pair.give("a", { tag: "PeerMessage", message: { ...(frame?.message as ChannelReestablish), next_funding } });
    expect(namesOf(pair).at(-1)).to.equal("a tx_abort");
    expect(pair.parties.a.state.tag).to.equal("WaitForFundingConfirmed");
  });
  it("CONFORMANCE 122: a peer that means another transaction than we do fails the channel", () => {
    const pair = openedDual(JOINED);
    while (!namesOf(pair).includes("b tx_signatures")) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    pair.disconnect();
    pair.connect();
    const frame = pair.trace.findLast(({ from, message }) => from === "a" && message.name === "channel_reestablish");
    const next_funding = { next_funding_txid: "77".repeat(32) as Txid, retransmit_flags: 0 };
    pair.queues.b.length = 0;
    pair.give("b", { tag: "PeerMessage", message: { ...(frame?.message as ChannelReestablish), next_funding } });
    expect(pair.parties.b.state.tag).to.equal("Failed");
  });
  it("CONFORMANCE 122: and one that nothing of ours is in ends by an error, as each has said what it means", () => {
    const pair = broken(0);
    pair.connect();
    const frame = pair.trace.findLast(({ from, message }) => from === "b" && message.name === "channel_reestablish");
    const next_funding = { next_funding_txid: "77".repeat(32) as Txid, retransmit_flags: 0 };
    pair.queues.a.length = 0;
    pair.give("a", { tag: "PeerMessage", message: { ...(frame?.message as ChannelReestablish), next_funding } });
    const { a } = pair.parties;
    expect([a.state.tag, a.wallet.isFree]).to.deep.equal(["Closed", true]);
    expect(a.take("SendError").map(({ text }) => text)).to.deep.equal(["other funding expected"]);
    expect(namesOf(pair)).to.not.include("a tx_abort");
  });
  it("RELIABILITY C36: a crash before or after each write leads to a channel that opens, or to none, and never to half of one", () => {
    for (const party of ["a", "b"] as const) {
      for (const crash of ["before_write", "after_write"] as const) {
        for (let commits = 1; commits <= 3; commits++) {
          const pair = openedDual(JOINED);
          pair.parties[party].commits = 0;
          while (pair.deliver(pair.queues.b.length > 0 ? "b" : "a")) {
            if (pair.parties[party].commits === commits - 1 && pair.parties[party].disk !== undefined)
              pair.nextFault ??= { party, fault: { crash } };
          }
          pair.connect();
          pair.settle();
          const tags = [pair.parties.a.state.tag, pair.parties.b.state.tag];
          expect(tags, `${party} ${crash} ${commits}`).to.deep.equal([
            "WaitForFundingConfirmed",
            "WaitForFundingConfirmed",
          ]);
          pair.nextFault = undefined;
          isWhole(pair);
        }
      }
    }
  });
  it("waits a minute for a peer that comes back, after a restart too", () => {
    const pair = broken(0);
    pair.crash("a");
    expect(pair.parties.a.take("TimeSignatures").length).to.be.greaterThan(1);
    pair.give("a", { tag: "AbortOpening", reason: "a minute is over" });
    expect(pair.parties.a.state.tag).to.equal("Closed");
    expect(pair.parties.a.wallet.isFree).to.equal(true);
  });
});
