import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
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
});
