import { expect } from "chai";
import { floorAt, HALF_LIFE_S, letFloorFall, raiseFloor } from "../../src/chain/floor.ts";
import { DEFAULT_POLICY, type Mempool, mempool } from "../../src/chain/mempool.ts";
import { buildBlock, give, matured, NOW } from "./builder.ts";
import { coinOf, offer, paying, withPolicy } from "./pool-bench.ts";

/** A mempool that holds so many percent of what it may. */
const filled = (percent: number): Mempool => {
  const pool = mempool();
  pool.vsize = (DEFAULT_POLICY.vsizeMax * percent) / 100;
  return pool;
};

describe("mempool: the price of coming in", () => {
  it("is what relay costs, until something was evicted, and then a step above what that paid", () => {
    const pool = filled(100);
    expect(floorAt(pool, NOW)).to.equal(100n);
    raiseFloor(pool, 5000n, NOW);
    expect(floorAt(pool, NOW)).to.equal(5100n);
    raiseFloor(pool, 3000n, NOW);
    expect(floorAt(pool, NOW)).to.equal(5100n);
  });
  it("stands while no block has come, and halves every twelve hours from then on", () => {
    const pool = filled(100);
    raiseFloor(pool, 7900n, NOW);
    expect(floorAt(pool, NOW + 10 * HALF_LIFE_S)).to.equal(8000n);
    letFloorFall(pool, NOW);
    expect([0, 1, 2, 3].map((lives) => floorAt(pool, NOW + lives * HALF_LIFE_S))).to.deep.equal([
      8000n,
      4000n,
      2000n,
      1000n,
    ]);
    // The root of a half.
    expect(floorAt(pool, NOW + HALF_LIFE_S / 2)).to.equal(5657n);
  });
  it("falls the same by many blocks as by one, within a sat or two", () => {
    const pool = filled(100);
    raiseFloor(pool, 7900n, NOW);
    for (let minutes = 0; minutes <= 720; minutes += 10) letFloorFall(pool, NOW + minutes * 60);
    expect(Number(floorAt(pool, NOW + HALF_LIFE_S))).to.be.within(4000, 4075);
  });
  it("falls twice as fast in a mempool that is half empty, four times below a quarter", () => {
    const after = (percent: number): bigint => {
      const pool = filled(percent);
      raiseFloor(pool, 7900n, NOW);
      letFloorFall(pool, NOW);
      return floorAt(pool, NOW + HALF_LIFE_S / 2);
    };
    expect([50, 49, 24].map(after)).to.deep.equal([5657n, 4000n, 2000n]);
  });
  it("is nothing any more below half a step, and rises again from there", () => {
    const pool = filled(100);
    raiseFloor(pool, 700n, NOW);
    letFloorFall(pool, NOW);
    letFloorFall(pool, NOW + 5 * HALF_LIFE_S);
    expect(pool.risen.rate).to.equal(0n);
    raiseFloor(pool, 50n, NOW + 5 * HALF_LIFE_S);
    expect(floorAt(pool, NOW + 5 * HALF_LIFE_S)).to.equal(150n);
  });
  it("does not rise by a clock that goes back", () => {
    const pool = filled(100);
    raiseFloor(pool, 7900n, NOW);
    letFloorFall(pool, NOW);
    expect(floorAt(pool, NOW - 1000)).to.equal(8000n);
  });
  it("refuses what pays less, until time and a block have made it cheaper", () => {
    const chain = withPolicy(matured(6), { vsizeMax: 390 });
    const fees = [3000n, 1000n, 2000n, 4000n, 5000n];
    expect(fees.map((fee, index) => offer(chain, paying(coinOf(chain, index), fee)))).to.deep.equal(
      fees.map(() => "accepted"),
    );
    const poor = paying(coinOf(chain, 5), 300n);
    expect(offer(chain, poor)).to.equal("mempool min fee not met");
    give(chain, buildBlock(chain));
    expect(offer(chain, poor)).to.equal("mempool min fee not met");
    expect(offer(chain, poor, NOW + 3 * HALF_LIFE_S)).to.not.equal("mempool min fee not met");
  });
});
