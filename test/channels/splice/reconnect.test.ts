import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { SCRIPT } from "../../support/channel-fixtures.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { lockBoth, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const funding = (pair: Pair, name: Name) => pair.parties[name].funded.params.funding.txid;
/** Both are on the same funding, and a payment goes over it. */
function expectLocked(pair: Pair, txid: string): void {
  expect([funding(pair, "a"), funding(pair, "b")]).to.deep.equal([txid, txid]);
  pair.offer("b", 1_000_000n);
  pair.settle();
  for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
  pair.settle();
  expect([...pair.parties.b.ends.values()]).to.deep.equal(["settled"]);
  for (const { state, log } of [pair.parties.a, pair.parties.b]) {
    expect(state.tag).to.equal("Normal");
    expect(log.filter(({ tag }) => tag === "SendError" || tag === "SendWarning")).to.deep.equal([]);
  }
}

describe("CONFORMANCE 123: a splice is locked by both, however a reconnection falls", () => {
  it("one side sees it deep enough when its channel_reestablish has left and the peer's is not here yet", () => {
    for (const late of ["a", "b"] as const) {
      const pair = spliceable();
      const txid = spliceBoth(pair, "a", out(50_000n));
      pair.disconnect();
      mined(pair, late === "a" ? "b" : "a", txid);
      pair.connect();
      mined(pair, late, txid);
      pair.settle();
      expectLocked(pair, txid);
    }
  });
  it("one side locks it before the other has its tx_signatures", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    while (pending(pair, "a").length === 0) if (!pair.deliver("b") && !pair.deliver("a")) break;
    const { txid } = present(pending(pair, "a")[0], "a has signed last").terms.outpoint;
    expect(pending(pair, "b")).to.deep.equal([]);
    pair.disconnect();
    mined(pair, "a", txid);
    pair.connect();
    pair.settle();
    mined(pair, "b", txid);
    pair.settle();
    expectLocked(pair, txid);
  });
  it("one side locks it and says that it lacks our tx_signatures all the same: a block has shown them, and nothing is given up", () => {
    const pair = spliceable();
    const txid = spliceBoth(pair, "a", out(50_000n));
    lockBoth(pair, txid);
    pair.disconnect();
    pair.connect();
    const said = pair.trace.findLast(({ from }) => from === "b")?.message;
    if (said?.name !== "channel_reestablish") throw new Error("its first word on a connection");
    pair.queues.a.length = 0;
    const next_funding = { next_funding_txid: txid, retransmit_flags: 0 };
    pair.give("a", { tag: "PeerMessage", message: { ...said, next_funding } });
    expect(pair.trace.filter(({ message }) => message.name === "tx_abort")).to.deep.equal([]);
    pair.settle();
    expectLocked(pair, txid);
  });
  it("nor while the channel shuts down: the signatures that come next are heard", () => {
    const pair = spliceable();
    lockBoth(pair, spliceBoth(pair, "a", out(50_000n)));
    pair.offer("b", 1_000_000n);
    pair.settle();
    pair.give("b", { tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(1_000) });
    pair.settle();
    pair.disconnect();
    pair.connect();
    const said = pair.trace.findLast(({ from }) => from === "b")?.message;
    if (said?.name !== "channel_reestablish") throw new Error("its first word on a connection");
    pair.queues.a.length = 0;
    const next_funding = { next_funding_txid: funding(pair, "a"), retransmit_flags: 0 };
    pair.give("a", { tag: "PeerMessage", message: { ...said, next_funding } });
    expect(pair.trace.filter(({ message }) => message.name === "tx_abort")).to.deep.equal([]);
    pair.settle();
    for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
  });
  it("no side can lock one that we have not signed for", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    while (pair.parties.b.funded.commitments.others.length === 0) if (!pair.deliver("b") && !pair.deliver("a")) break;
    const [signing] = pair.parties.b.funded.commitments.others;
    expect(signing?.made?.signature, "b waits for a's commitment_signed").to.equal(undefined);
    const { channelId } = pair.parties.b.funded.params;
    const splice_txid = present(signing, "a splice").terms.outpoint.txid;
    pair.give("b", { tag: "PeerMessage", message: { name: "splice_locked", channel_id: channelId, splice_txid } });
    expect(pair.parties.b.take("SendWarning").map(({ text }) => text)).to.deep.equal(["unknown splice"]);
    pair.connect();
    pair.settle();
    const txid = present(pending(pair, "b")[0], "they go on after that").terms.outpoint.txid;
    lockBoth(pair, txid);
  });
  it("a batch that the peer begins before it has heard our tx_abort counts: it signs an update, and not what was given up", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(50_000n));
    pair.disconnect();
    pair.connect();
    const said = pair.trace.findLast(({ from }) => from === "b")?.message;
    if (said?.name !== "channel_reestablish") throw new Error("its first word on a connection");
    pair.queues.a.length = 0;
    const next_funding = { next_funding_txid: "ab".repeat(32) as Txid, retransmit_flags: 0 };
    pair.give("a", { tag: "PeerMessage", message: { ...said, next_funding } });
    expect(pair.trace.at(-1)?.message.name).to.equal("tx_abort");
    // b has not heard it yet.
    pair.deliver("b");
    const heard = pair.queues.b.splice(0);
    pair.offer("b", 1_000_000n);
    pair.settle();
    expect(pair.parties.a.take("SendWarning")).to.deep.equal([]);
    expect(pair.parties.a.funded.commitments.htlcs.map(({ step }) => step)).to.deep.equal([
      "RECEIVED_ADD_ACK_REVOCATION",
    ]);
    expectAgreementOnAll(pair);
    expect(heard.length).to.equal(1);
  });
});
