import { expect } from "chai";
import fc from "fast-check";
import { exactly } from "../../src/bitcoin/branch-and-bound.ts";

const items = (...worths: readonly number[]) => worths.map((worth) => ({ worth: BigInt(worth) }));
const found = (worths: readonly number[], target: number, slack: number, tries = 20_000) =>
  exactly(items(...worths), BigInt(target), BigInt(slack), tries)?.map(({ worth }) => Number(worth));

describe("the search for items of an exact worth", () => {
  it("finds what fits, and of several what is nearest", () => {
    expect(found([9, 7, 4, 2], 11, 0)).to.deep.equal([9, 2]);
    expect(found([9, 7, 5, 2], 13, 3)).to.deep.equal([9, 5]);
    expect(found([9, 7], 11, 1)).to.equal(undefined);
    expect(found([], 1, 9)).to.equal(undefined);
  });

  it("finds the least sum in the range if there is one, as a search of everything does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 9 }),
        fc.integer({ min: 1, max: 150 }),
        fc.nat(9),
        (worths, target, slack) => {
          const sums = worths.reduce((all, one) => all.concat(all.map((sum) => sum + one)), [0]);
          const best = sums.filter((sum) => sum >= target && sum <= target + slack).sort((a, b) => a - b)[0];
          const sum = found(worths, target, slack)?.reduce((total, one) => total + one, 0);
          expect(sum).to.equal(best);
        },
      ),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it("gives up after so many tries, with the best that it has", () => {
    const many = Array.from({ length: 200 }, (_, at) => 1_000 + 2 * at);
    expect(found(many, 50_001, 0, 1_000)).to.equal(undefined);
    expect(found([50_001, ...many], 50_000, 2, 1_000)).to.deep.equal([50_001]);
  });
});
