import { expect } from "chai";
import { nextFeerate } from "../../../channels/interactive/replacement.ts";
import { satPerKw } from "../../../src/base/units.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, namesOf } from "../../support/dual-pair.ts";

const JOINED = { joins: 400_000n };
function bumped(pair: Pair, feerate: number): void {
  pair.give("a", { tag: "BumpFunding", feerate: satPerKw(feerate) });
  pair.settle();
}
const refusals = (pair: Pair): readonly string[] =>
  pair.parties.a.take("CommandRefused").map(({ reason }) => reason.code);

describe("BOLT 2 §The tx_init_rbf Message: feerate", () => {
  it("CONFORMANCE 55: pays at least 25/24 of what was paid, rounded down", () => {
    expect(nextFeerate(satPerKw(520))).to.equal(541);
    const answerTo = (feerate: number): string | undefined => {
      const told = fundedDual({ ...JOINED, fundingFeerate: 520 });
      const channel_id = told.parties.b.funded.params.channelId;
      const funding_output_contribution = attemptsOf(told).at(-1)?.plan.contribution.local ?? 0n;
      told.give("b", {
        tag: "PeerMessage",
        message: {
          name: "tx_init_rbf",
          channel_id,
          locktime: 0,
          feerate: satPerKw(feerate),
          funding_output_contribution,
        },
      });
      return namesOf(told).at(-1);
    };
    expect([540, 541].map(answerTo)).to.deep.equal(["b tx_abort", "b tx_ack_rbf"]);
  });
  it("offers 25 sat more at least: other nodes ask for it, and no mempool takes a replacement for less", () => {
    const pair = fundedDual({ ...JOINED, fundingFeerate: 520 });
    bumped(pair, 544);
    expect(refusals(pair)).to.deep.equal(["feerate_too_low"]);
    bumped(pair, 545);
    expect(attemptsOf(pair).length).to.equal(2);
  });
});
