import { expect } from "chai";
import { coinsBesideOurs, constructedTogether, replacedByNext } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { satPerKw } from "../../../src/base/units.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, mine, namesOf } from "../../support/dual-pair.ts";
import { into, lockBoth, mined, out, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const waiting = (pair: Pair, name: Name = "a") =>
  constructedTogether(pair.parties[name].funded).map(({ txid }) => txid);
const replaced = (pair: Pair, name: Name = "a") => replacedByNext(pair.parties[name].state);

describe("transactions that both sides have constructed and that wait", () => {
  it("are the attempts at a funding until a block holds one, and the next one takes the place of all of them", () => {
    const pair = fundedDual({ joins: 400_000n });
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    pair.settle();
    const txids = attemptsOf(pair).map(({ params }) => params.funding.txid);
    expect([txids.length, waiting(pair), replaced(pair)]).to.deep.equal([2, txids, txids]);
    mine(pair, present(txids[1], "the second"), 1);
    expect([waiting(pair), replaced(pair)]).to.deep.equal([[], []]);
  });
  it("are splices for which we have signed, until one is in a block; the opening before it is none", () => {
    const pair = spliceable();
    expect([waiting(pair), replaced(pair)]).to.deep.equal([[], []]);
    const first = spliceBoth(pair, "a", into(200_000n));
    const second = spliceBoth(pair, "b", out(10_000n, "b"), 3_000);
    expect([waiting(pair), replaced(pair)]).to.deep.equal([
      [first, second],
      [first, second],
    ]);
    lockBoth(pair, second);
    expect([waiting(pair), replaced(pair)]).to.deep.equal([[], []]);
    const unsigned = spliceable();
    want(unsigned, "a", into(200_000n));
    while (!namesOf(unsigned).includes("b commitment_signed")) unsigned.deliver("b") || unsigned.deliver("a");
    expect(waiting(unsigned), "nothing of ours is out").to.deep.equal([]);
  });
  it("and one that a block holds is still what a splice takes the place of that is being signed", () => {
    const pair = spliceable();
    const first = spliceBoth(pair, "a", into(200_000n));
    want(pair, "a", into(200_000n), 3_000);
    while (!namesOf(pair).slice(-2).includes("b commitment_signed")) pair.deliver("b") || pair.deliver("a");
    mined(pair, "a", first, 1);
    expect([waiting(pair), replaced(pair)]).to.deep.equal([[], [first]]);
    pair.settle();
    expect(replaced(pair), "once it is signed it waits itself").to.deep.equal(waiting(pair));
  });
  it("keep our coins waiting for the peer's where both are in one", () => {
    const both = fundedDual({ joins: 400_000n });
    const [attempt] = attemptsOf(both);
    const { txid, inputs } = present(attempt, "an attempt").constructed;
    const theirs = inputs.filter(({ from }) => from === "remote");
    expect(theirs.length).to.equal(1);
    expect(coinsBesideOurs(both.parties.a.funded, txid)).to.deep.equal(theirs);
    const alone = fundedDual();
    expect(
      coinsBesideOurs(alone.parties.b.funded, present(waiting(alone)[0], "an attempt")),
      "none of ours",
    ).to.deep.equal([]);
    const splice = spliceable();
    const made = spliceBoth(splice, "a", into(200_000n));
    expect(coinsBesideOurs(splice.parties.a.funded, made), "what both spend is nobody's").to.deep.equal([]);
    expect(coinsBesideOurs(splice.parties.b.funded, made)).to.deep.equal([]);
  });
});
