import { expect } from "chai";
import { fundingTx, opened, Pair } from "../../support/channel-pair.ts";

/** The funding transaction is that of other channels too. */
function shared(): Pair {
  const pair = new Pair();
  const give = pair.give.bind(pair);
  pair.give = (name, input) => give(name, input.tag === "FundingTx" ? { ...input, isShared: true } : input);
  pair.fund = fundingTx;
  return opened({}, pair);
}

describe("RELIABILITY U12: a channel whose funding transaction funds others too", () => {
  it("waits, signed by the peer, with nothing written and nothing broadcast", () => {
    const pair = shared();
    pair.settle();
    const { a } = pair.parties;
    expect([a.state.tag, a.disk, a.broadcasts.length]).to.deep.equal(["FundingHeld", undefined, 0]);
    expect(a.take("FundingHeld").length).to.equal(1);
  });
  it("is written and goes out once all are signed", () => {
    const pair = shared();
    pair.settle();
    pair.give("a", { tag: "FundingAllSigned" });
    expect([pair.parties.a.state.tag, pair.parties.a.broadcasts.length]).to.deep.equal(["WaitForFundingConfirmed", 1]);
    pair.confirm();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("is given up with the others, and the peer is told", () => {
    const pair = shared();
    pair.settle();
    const { channelId } = pair.parties.b.funded.params;
    pair.give("a", { tag: "AbortOpening", reason: "another one failed" });
    expect(pair.parties.a.take("SendError")).to.deep.equal([
      { tag: "SendError", channelId, text: "another one failed" },
    ]);
    expect([pair.parties.a.state.tag, pair.parties.a.broadcasts.length]).to.deep.equal(["Aborted", 0]);
  });
  it("CONFORMANCE 40: is not held for a signature that is wrong", () => {
    const pair = shared();
    for (const to of ["b", "a", "b"] as const) pair.deliver(to);
    const signed = pair.trace.at(-1)?.message;
    if (signed?.name !== "funding_signed") throw new Error("a funding_signed");
    pair.give("a", { tag: "PeerMessage", message: { ...signed, signature: new Uint8Array(64).fill(1) } });
    expect([pair.parties.a.state.tag, pair.parties.a.broadcasts.length]).to.deep.equal(["Aborted", 0]);
  });
});
