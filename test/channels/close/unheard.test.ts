import { expect } from "chai";
import { SHUTDOWN_UNHEARD } from "../../../channels/close/shutdown.ts";
import type { FundedState } from "../../../channels/index.ts";
import { decodeMessage, encodeMessage } from "../../../src/wire/registry.ts";
import { normal, type Pair } from "../../support/channel-pair.ts";
import { close, names } from "../../support/closing.ts";

/** As it says itself: nothing is pending on either side. */
const isClean = ({ commitments: { htlcs, feeUpdates, sent } }: FundedState): boolean =>
  htlcs.length === 0 && feeUpdates.length === 0 && sent === undefined;
const error = (pair: Pair, text: string) =>
  ({
    name: "error",
    channel_id: pair.parties.a.funded.params.channelId,
    data: new TextEncoder().encode(text),
  }) as const;

/** b is one of the old nodes: to a `shutdown` while anything is pending it says an error, and forgets it. */
function settleWithOld(pair: Pair, text: string): void {
  const { a, b } = pair.queues;
  for (let step = 0; step < 1_000; step++) {
    const next = b[0] === undefined ? undefined : decodeMessage(b[0]);
    if (next?.ok && next.value.name === "shutdown" && !isClean(pair.parties.b.funded)) {
      b.shift();
      a.push(encodeMessage(error(pair, text)));
    } else if (!pair.deliver("b") && !pair.deliver("a") && !pair.signTurn("b") && !pair.signTurn("a")) return;
  }
  throw new Error("the pair does not come to rest");
}

describe("RELIABILITY C24: a peer that can take no shutdown while HTLCs are pending, and says an error to each", () => {
  for (const text of SHUTDOWN_UNHEARD)
    for (const by of ["a", "b"] as const)
      it(`"${text}": hears it again when ${by}'s HTLC is gone, and the channel closes`, () => {
        const pair = normal();
        pair.offer(by, 5_000_000n);
        pair.settle();
        pair.trace.length = 0;
        close(pair, "a");
        settleWithOld(pair, text);
        expect([pair.parties.a.state.tag, names(pair)]).to.deep.equal(["ShuttingDown", ["a shutdown"]]);
        const taker = pair.parties[by === "a" ? "b" : "a"];
        for (const htlc of taker.incoming.values()) pair.fulfill(taker.name, htlc);
        settleWithOld(pair, text);
        expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
        expect(pair.parties.a.tags()).to.not.include("ChannelFailed");
      });
  it("hears it again at once where nothing is pending any more when the error comes", () => {
    const pair = normal();
    close(pair, "a");
    pair.queues.b.length = 0;
    pair.give("a", { tag: "PeerMessage", message: error(pair, "link failed to shutdown") });
    expect(names(pair)).to.deep.equal(["a shutdown", "a shutdown"]);
    pair.settle();
    expect([pair.parties.a.state.tag, pair.parties.b.state.tag]).to.deep.equal(["Closing", "Closing"]);
  });
  it("fails the channel by the same words where it was told of no close", () => {
    const pair = normal();
    pair.give("a", { tag: "PeerMessage", message: error(pair, "link failed to shutdown") });
    expect(pair.parties.a.state.tag).to.equal("Failed");
  });
});
