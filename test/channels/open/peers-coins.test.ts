import { expect } from "chai";
import { replanned } from "../../../channels/dual/proposal.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { opened, Pair } from "../../support/channel-pair.ts";
import { attemptsOf, mine, openedDual } from "../../support/dual-pair.ts";
import { into, mined, pending, spliceBoth } from "../../support/splicing.ts";

/** Two of which b is content with one block, and a with three. */
function hasty(): Pair {
  const pair = new Pair();
  const { b } = pair.parties;
  b.policy = { ...b.policy, minimumDepth: 1 };
  return pair;
}
/** What a says of a channel that it opens when its funding is so deep. */
function at(depth: number, joins: bigint): string {
  const pair = openedDual({ joins }, hasty());
  pair.settle();
  const { params } = present(attemptsOf(pair).at(-1), "an attempt");
  mine(pair, params.funding.txid, depth, ["a"]);
  return pair.parties.a.state.tag;
}

describe("RELIABILITY U8: a peer that lets us wait for one block, and what it puts in itself", () => {
  it("is trusted for the coins of a splice after as many blocks as any other channel", () => {
    const pair = opened({}, hasty());
    pair.settle();
    pair.confirm();
    pair.features = [...pair.features, 62];
    expect(pair.parties.a.funded.params.minimumDepth).to.equal(1);
    const txid = spliceBoth(pair, "b", into(200_000n));
    mined(pair, "a", txid, 2);
    expect(pending(pair).map(({ locked, progress }) => [locked.local, progress.deep])).to.deep.equal([[false, false]]);
    pair.block(pair.parties.a.height + 1);
    expect(pending(pair).map(({ locked, progress }) => [locked.local, progress.deep])).to.deep.equal([[true, true]]);
  });
  it("is trusted for what it adds to a channel of ours after as many too", () => {
    expect([1, 2, 3].map((depth) => at(depth, 400_000n))).to.deep.equal([
      "WaitForFundingConfirmed",
      "WaitForFundingConfirmed",
      "WaitForChannelReady",
    ]);
  });
  it("decides for us where it adds nothing: our own coins are ours to trust", () => {
    expect(at(1, 0n)).to.equal("WaitForChannelReady");
  });
  it("does so no more once it adds something to a transaction in place of the first one", () => {
    const pair = openedDual({}, hasty());
    pair.settle();
    const { params, plan, ...rest } = present(attemptsOf(pair).at(-1), "an attempt");
    const depthWith = (remote: bigint): number =>
      replanned(
        pair.env("a"),
        { params, ...rest },
        { ...plan, contribution: { ...plan.contribution, remote: sat(remote) } },
      ).params.minimumDepth;
    expect([params.minimumDepth, depthWith(0n), depthWith(1n)]).to.deep.equal([1, 1, 3]);
  });
});
