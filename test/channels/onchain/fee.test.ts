import { expect } from "chai";
import fc from "fast-check";
import {
  type Claim,
  claimFeerate,
  claimWeight,
  closingReserve,
  isWorthClaiming,
  sweepTx,
} from "../../../channels/index.ts";
import { type FeeBudget, MINED_WITHIN_BLOCKS } from "../../../channels/onchain/claim.ts";
import { parentDeficit } from "../../../channels/onchain/fee.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import { txid } from "../../../src/base/ids.ts";
import { blockHeight, feeForWeightCeil, sat, satPerKw } from "../../../src/base/units.ts";
import { weightOf } from "../../../src/bitcoin/tx.ts";
import { SCRIPT } from "../../support/channel-pair.ts";

const since = blockHeight(1_000);
const by = (deadline: number | undefined, most = 500_000n): FeeBudget => ({
  most: sat(most),
  deadline: deadline === undefined ? undefined : blockHeight(deadline),
});
const claim = (change: Partial<Claim> = {}): Claim => ({
  outpoint: { txid: txid(new Uint8Array(32)), vout: 0 },
  amount: sat(1_000_000n),
  why: "htlc_timeout",
  key: { tag: "htlc", point: new Uint8Array(33) },
  lock: scriptLock(new Uint8Array(133)),
  before: [],
  after: [new Uint8Array(0)],
  sequence: 1,
  locktime: 0,
  output: undefined,
  presigned: false,
  parent: undefined,
  since,
  budgets: [by(1_040)],
  ...change,
});
const FLOOR = satPerKw(1_000);
const feeOf = (of: Claim, height: number): bigint =>
  feeForWeightCeil(claimFeerate(of, blockHeight(height), FLOOR), claimWeight(of));

describe("What a claim may cost: RELIABILITY O1, O15, O26", () => {
  it("begins at the estimate and has spent half of an HTLC at its deadline", () => {
    expect(claimFeerate(claim(), since, FLOOR)).to.equal(FLOOR);
    const atDeadline = feeOf(claim(), 1_040);
    expect(atDeadline <= 500_000n && atDeadline > 499_000n).to.equal(true);
    expect(feeOf(claim(), 1_200)).to.equal(atDeadline);
  });
  it("a few blocks of delay cost little: after a tenth of the time a thousandth of the way is gone", () => {
    expect(feeOf(claim(), 1_004) < 2_000n).to.equal(true);
  });
  it("never falls as blocks come, and never goes over the budget, unless the estimate alone does", () => {
    const cases = fc.record({
      amount: fc.bigInt(1_000n, 10_000_000n),
      percent: fc.bigInt(1n, 100n),
      width: fc.integer({ min: 0, max: 2_016 }),
      floor: fc.integer({ min: 1, max: 50_000 }),
    });
    fc.assert(
      fc.property(cases, ({ amount, percent, width, floor }) => {
        const budget = sat((amount * percent) / 100n);
        const of = claim({ amount: sat(amount), budgets: [by(since + width, budget)] });
        let last = 0;
        for (let height = since - 1; height <= since + width + 1; height += Math.max(1, Math.floor(width / 7))) {
          const rate = claimFeerate(of, blockHeight(height), satPerKw(floor));
          expect(rate >= last).to.equal(true);
          expect(rate <= 253 || feeForWeightCeil(satPerKw(rate - 1), claimWeight(of)) <= budget).to.equal(true);
          last = rate;
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });
  it("makes replacement cycling cost more than twenty times the HTLC, up to where upstream expires", () => {
    // Who keeps our timeout out of every block has to pay more than it does, each time: 80 blocks by our own default.
    const timeout = claim({ budgets: [by(since + MINED_WITHIN_BLOCKS)] });
    let cost = 0n;
    for (let height = since; height < since + 80; height++) cost += feeOf(timeout, height);
    expect(cost > 20n * timeout.amount).to.equal(true);
  });
  it("without a deadline it is what the estimate says, and never less than is relayed", () => {
    const free = claim({ budgets: [by(undefined)] });
    expect(claimFeerate(free, blockHeight(9_999), FLOOR)).to.equal(FLOOR);
    expect(claimFeerate(free, blockHeight(9_999), satPerKw(1))).to.equal(253);
  });
  it("never follows an estimate beyond the budget, deadline or none", () => {
    for (const of of [claim(), claim({ budgets: [by(undefined)] })])
      expect(feeForWeightCeil(claimFeerate(of, since, satPerKw(4_000_000)), claimWeight(of)) <= 500_000n).to.equal(
        true,
      );
  });
  it("an anchor pays for its parent what that lacks, to the sat", () => {
    const anchor = claim({ why: "anchor", parent: { weight: 1_124, fee: sat(500n) } });
    expect(parentDeficit(anchor, satPerKw(1_000))).to.equal(1_124n - 500n);
    expect(parentDeficit(anchor, satPerKw(253))).to.equal(0n);
    expect(parentDeficit(claim(), satPerKw(5_000))).to.equal(0n);
  });
});

describe("What is worth claiming", () => {
  it("is what leaves more than dust at the lowest feerate that is relayed", () => {
    const least = feeForWeightCeil(satPerKw(253), claimWeight(claim())) + 294n;
    expect(isWorthClaiming(claim({ amount: sat(least + 1n) }))).to.equal(true);
    expect(isWorthClaiming(claim({ amount: sat(least) }))).to.equal(false);
  });
  it("a sweep weighs no more than was reckoned, and pays exactly its feerate", () => {
    const swept = sweepTx(claim(), SCRIPT.a, FLOOR);
    const witness = [new Uint8Array(72), new Uint8Array(0), new Uint8Array(133)];
    const inputs = swept?.tx.inputs.map((input) => ({ ...input, witness }));
    expect(swept && inputs && weightOf({ ...swept.tx, inputs })).to.equal(claimWeight(claim()));
    expect(swept?.fee).to.equal(feeForWeightCeil(FLOOR, claimWeight(claim())));
  });
  it("is not what nothing would be left of", () => {
    expect(sweepTx(claim({ amount: sat(700n) }), SCRIPT.a, satPerKw(5_000))).to.equal(undefined);
  });
});

describe("What the wallet keeps for closing a channel: RELIABILITY O21", () => {
  it("pays for a commitment with four HTLCs, its anchor, and four second stages at ten sat a virtual byte", () => {
    expect(closingReserve(satPerKw(2_500), "anchors")).to.equal(17_343n);
    expect(closingReserve(satPerKw(253), "anchors") < 2_000n).to.equal(true);
  });
});
