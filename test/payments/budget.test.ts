import { expect } from "chai";
import fc from "fast-check";
import { msat } from "../../src/base/units.ts";
import {
  type Budget,
  budgetCodec,
  budgetLeft,
  charge,
  giveBack,
  newBudget,
  setLimit,
  spend,
} from "../../src/payments/budget.ts";
import { stored } from "./fixture.ts";

describe("a budget", () => {
  it("holds the most that a payment may cost, spends what it did cost and gives the rest back", () => {
    const charged = charge(newBudget(msat(1_000n)), msat(600n));
    expect(charged).to.deep.equal({ ok: true, value: { limit: 1_000n, spent: 0n, held: 600n } });
    if (!charged.ok) return;
    expect(spend(charged.value, msat(600n), msat(550n))).to.deep.equal({ limit: 1_000n, spent: 550n, held: 0n });
    expect(giveBack(charged.value, msat(600n))).to.deep.equal(newBudget(msat(1_000n)));
  });
  it("refuses one millisatoshi more than is left, counting what is on its way (RELIABILITY I10)", () => {
    const first = charge(newBudget(msat(1_000n)), msat(600n));
    if (!first.ok) throw new Error("charged");
    expect(charge(first.value, msat(400n)).ok).to.equal(true);
    expect(charge(first.value, msat(401n))).to.deep.equal({
      ok: false,
      error: { code: "quota_exceeded", left: 400n, requested: 401n },
    });
  });
  it("has nothing left when its limit is lowered below what is spent", () => {
    expect(budgetLeft(setLimit({ limit: msat(10n), spent: msat(9n), held: msat(0n) }, msat(5n)))).to.equal(0n);
  });
  it("throws when more is given back than was held, or spent than was held for it", () => {
    expect(() => giveBack(newBudget(msat(1n)), msat(1n))).to.throw("was held");
    expect(() => spend(newBudget(msat(1n)), msat(0n), msat(1n))).to.throw("never costs more");
  });
  it("never lets more out than its limit, for any sequence", () => {
    const move = fc.tuple(fc.bigInt({ min: 0n, max: 500n }), fc.constantFrom("succeed", "fail", "wait"));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let budget: Budget = newBudget(msat(1_000n));
        for (const [amount, outcome] of moves) {
          const charged = charge(budget, msat(amount));
          if (charged.ok) {
            if (outcome === "wait") budget = charged.value;
            else if (outcome === "fail") budget = giveBack(charged.value, msat(amount));
            else budget = spend(charged.value, msat(amount), msat(amount / 2n));
          }
          budget = stored(budgetCodec, budget);
          expect(budget.spent + budget.held + budgetLeft(budget)).to.equal(1_000n);
        }
      }),
      { seed: 23, numRuns: 100 },
    );
  });
});
