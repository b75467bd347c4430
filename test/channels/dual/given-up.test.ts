import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { HEIGHT, type Name, type Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, mine, namesOf } from "../../support/dual-pair.ts";

const txidsOf = (pair: Pair, name: Name) => attemptsOf(pair, name).map(({ params }) => params.funding.txid);
const negotiations = ({ parties }: Pair) =>
  [parties.a, parties.b].map(({ state }) => "link" in state && state.link.tag === "online" && state.link.negotiation);
/** b has signed a second transaction first, and a gives it up before it has heard that. */
function givenUp(pair = fundedDual({ joins: 400_000n })): Pair {
  const before = attemptsOf(pair, "b").length;
  pair.give("a", { tag: "BumpFunding", feerate: satPerKw(2_000) });
  while (attemptsOf(pair, "b").length === before) pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
  pair.give("a", { tag: "AbortOpening", reason: "too late" });
  return pair;
}
const abortOf = (pair: Pair) =>
  ({
    tag: "PeerMessage",
    message: { name: "tx_abort", channel_id: pair.parties.a.funded.params.channelId, data: new Uint8Array(0) },
  }) as const;

describe("A replacement that the peer gives up after we have signed it", () => {
  it("CONFORMANCE 56: is answered, also where a tx_abort of nothing was answered before on the same connection", () => {
    const pair = fundedDual({ joins: 400_000n });
    pair.give("b", abortOf(pair));
    pair.settle();
    givenUp(pair);
    pair.settle();
    expect(negotiations(pair)).to.deep.equal([undefined, undefined]);
  });
  it("CONFORMANCE 56: is answered once a block holds another one too", () => {
    const pair = fundedDual({ joins: 400_000n });
    mine(pair, present(txidsOf(pair, "a")[0], "the first"), 3, ["b"]);
    expect(pair.parties.b.state.tag).to.equal("WaitForChannelReady");
    pair.trace.length = 0;
    pair.give("b", abortOf(pair));
    pair.give("b", abortOf(pair));
    expect(namesOf(pair)).to.deep.equal(["b tx_abort"]);
  });
  it("CONFORMANCE 56: a channel_ready that crosses it has each give it up once: who has said so answers nothing more", () => {
    const pair = fundedDual({ joins: 400_000n });
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    mine(pair, present(txidsOf(pair, "a")[0], "the first"), 3, ["b"]);
    expect(namesOf(pair).filter((name) => name.endsWith("tx_abort"))).to.have.members(["a tx_abort", "b tx_abort"]);
  });
  it("leaves what was there before as what waits: that is what the next one replaces, and goes by", () => {
    const pair = givenUp();
    const [first, second] = txidsOf(pair, "b");
    expect(pair.parties.b.funded.params.funding.txid).to.equal(second);
    pair.settle();
    expect(pair.parties.b.funded.params.funding.txid).to.equal(first);
    expect(txidsOf(pair, "b"), "it may be mined all the same").to.have.members([first, second]);
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    pair.settle();
    const [, third] = txidsOf(pair, "a");
    expect([attemptsOf(pair, "a").length, attemptsOf(pair, "b").length]).to.deep.equal([2, 3]);
    expect(pair.parties.b.funded.params.funding.txid).to.equal(third);
    mine(pair, present(third, "the third"));
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Normal", "Normal"]);
  });
  it("is not named on the next connection, where the peer may mean another one", () => {
    const pair = givenUp();
    pair.settle();
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(3_000) });
    while (namesOf(pair).findLast((name) => name.startsWith("a ")) !== "a commitment_signed")
      pair.deliver(pair.queues.b.length > 0 ? "b" : "a");
    // It gives up too, and a does not hear of it.
    pair.give("b", { tag: "AbortOpening", reason: "too late" });
    pair.disconnect();
    pair.connect();
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal([
      "WaitForFundingConfirmed",
      "WaitForFundingConfirmed",
    ]);
    expect(negotiations(pair)).to.deep.equal([undefined, undefined]);
  });
  it("is meant by a tx_abort that crosses our next tx_init_rbf, too", () => {
    const pair = givenUp();
    const [first, second] = txidsOf(pair, "b");
    pair.give("b", { tag: "BumpFunding", feerate: satPerKw(3_000) });
    expect(namesOf(pair).at(-1)).to.equal("b tx_init_rbf");
    pair.settle();
    expect([pair.parties.b.funded.params.funding.txid, pair.parties.b.wallet.held.size]).to.deep.equal([first, 0]);
    expect(txidsOf(pair, "b")).to.have.members([first, second]);
    expect(negotiations(pair)).to.deep.equal([undefined, undefined]);
  });
  it("keeps its coins for it, as our signatures are out: it is not made once more and given up then", () => {
    const pair = givenUp();
    pair.settle();
    const { wallet } = pair.parties.b;
    const before = [...wallet.kept.keys()];
    expect(before.length).to.equal(2);
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(2_000) });
    while (pair.deliver(pair.queues.b.length > 0 ? "b" : "a"))
      if (pair.parties.b.funded.attempts.next !== undefined)
        pair.give("b", { tag: "AbortOpening", reason: "too late" });
    expect([...wallet.kept.keys()]).to.deep.equal(before);
    expect(negotiations(pair)).to.deep.equal([undefined, undefined]);
  });
  it("changes nothing once a block says which one it is", () => {
    const pair = fundedDual({ joins: 400_000n });
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    pair.settle();
    givenUp(pair);
    const [first] = txidsOf(pair, "b");
    pair.queues.b.length = 0;
    mine(pair, present(first, "the first"), 1, ["b"]);
    pair.give("b", abortOf(pair));
    const { funding, params, tag } = { ...pair.parties.b.funded };
    expect([tag, params.funding.txid, funding.confirmed?.height]).to.deep.equal([
      "WaitForFundingConfirmed",
      first,
      HEIGHT + 1,
    ]);
  });
  it("is the channel if it is mined all the same", () => {
    const pair = givenUp();
    pair.settle();
    const [first, second] = txidsOf(pair, "b");
    mine(pair, present(second, "the second"), 3, ["b"]);
    expect(pair.parties.b.funded.params.funding.txid).to.equal(second);
    expect(txidsOf(pair, "b")).to.have.members([first, second]);
  });
});
