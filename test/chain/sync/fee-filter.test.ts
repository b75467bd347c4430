import { expect } from "chai";
import { raiseFloor } from "../../../src/chain/floor.ts";
import { roundedFilter } from "../../../src/chain/sync/fee-filter.ts";
import { tick } from "../../../src/chain/sync/tick.ts";
import { bench, NOW } from "../builder.ts";
import { alone, NOW_MS } from "./wire.ts";

describe("BIP 133 §Specification: the fee below which we want to hear of nothing", () => {
  it("is told in steps of a tenth, never above what the mempool asks for", () => {
    const rates = [100n, 109n, 110n, 120n, 121n, 5000n, 5100n];
    expect(rates.map((rate) => roundedFilter(rate, 100n))).to.deep.equal([100n, 100n, 110n, 110n, 121n, 4692n, 4692n]);
  });
  it("is told again after ten minutes when it has changed, after one when it has changed by a third", () => {
    const { sync } = alone(bench());
    const told = (minutes: number): readonly bigint[] =>
      tick(sync, NOW_MS + minutes * 60_000, 1n).flatMap((effect) =>
        effect.tag === "Send" && effect.message.name === "feefilter" ? [effect.message.feerate] : [],
      );
    const { pool } = sync.brain;
    expect(told(1)).to.deep.equal([]);
    raiseFloor(pool, 20n, NOW);
    expect([told(9), told(10), told(11)]).to.deep.equal([[], [110n], []]);
    raiseFloor(pool, 5000n, NOW);
    expect([told(10.9), told(11), told(12)]).to.deep.equal([[], [4692n], []]);
  });
});
