import { expect } from "chai";
import { catchUpOdds } from "../../src/chain/odds.ts";

describe("The odds of an attacker who hashes against the chain", () => {
  it("are those of the white paper's section 11", () => {
    const told = (attacker: number, depths: readonly number[]): readonly string[] =>
      depths.map((depth) => catchUpOdds(attacker, depth).toFixed(7));
    expect(told(0.1, [0, 1, 2, 3, 5, 10])).to.deep.equal([
      "1.0000000",
      "0.2045873",
      "0.0509779",
      "0.0131722",
      "0.0009137",
      "0.0000012",
    ]);
    expect(told(0.3, [0, 5, 10, 20, 50])).to.deep.equal([
      "1.0000000",
      "0.1773523",
      "0.0416605",
      "0.0024804",
      "0.0000006",
    ]);
  });
  it("fall below one in a thousand at the depths that it lists", () => {
    const depthFor = (attacker: number): number => {
      let depth = 0;
      while (catchUpOdds(attacker, depth) >= 0.001) depth++;
      return depth;
    };
    expect([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45].map(depthFor)).to.deep.equal([5, 8, 11, 15, 24, 41, 89, 340]);
  });
  it("are nothing without hashing, and certain with half of it or more", () => {
    expect([catchUpOdds(0, 1), catchUpOdds(0.5, 1_000), catchUpOdds(1, 6)]).to.deep.equal([0, 1, 1]);
  });
});
