import { expect } from "chai";
import type { Txid } from "../../src/base/ids.ts";
import { bucketOf } from "../../src/chain/fee-record.ts";
import { estimateFeerate, type FeeCare, type FeeMemory, feeMemory, rememberFees } from "../../src/chain/fees.ts";
import { raiseFloor } from "../../src/chain/floor.ts";
import { type Mempool, type MempoolEntry, mempool } from "../../src/chain/mempool.ts";
import { buildBlock, give, grow, matured, NOW, outpointOf } from "./builder.ts";
import { coinOf, paying, splitting, takeAll, template } from "./pool-bench.ts";

/** A transaction of 1,000 weight units, so that its fee is its rate. */
const sample = (fee: bigint, height: number): MempoolEntry =>
  ({ fee, weight: 1000, height, parents: new Set(), children: new Set() }) as never;
const many = (count: number, fee: bigint, height: number): MempoolEntry[] =>
  Array.from({ length: count }, () => sample(fee, height));
/** Blocks that each bring so many transactions of one rate that waited so long. */
function blocksOf(
  memory: FeeMemory,
  count: number,
  { fee, waited = 1, each = 10 }: { readonly fee: bigint; readonly waited?: number; readonly each?: number },
): void {
  for (let i = 0; i < count; i++) {
    const height = memory.height + 1;
    rememberFees(memory, many(each, fee, height - waited), height);
  }
}
const ask = (memory: FeeMemory, blocks: number, pool: Mempool = mempool(), care: FeeCare = "economical") =>
  estimateFeerate(memory, pool, { blocks, care, now: NOW });
/** Waiting in the mempool since that height. */
function leave(pool: Mempool, count: number, fee: bigint, height: number): void {
  for (let i = 0; i < count; i++) pool.entries.set(`${pool.entries.size}` as Txid, sample(fee, height));
}

describe("fees: what is known", () => {
  it("is nothing with few transactions or few blocks", () => {
    const memory = feeMemory();
    expect([1, 6, 1008].map((blocks) => ask(memory, blocks))).to.deep.equal([undefined, undefined, undefined]);
    blocksOf(memory, 1, { fee: 500n, each: 500 });
    expect(ask(memory, 6)).to.equal(undefined);
    blocksOf(memory, 1, { fee: 500n, each: 500 });
    expect(ask(memory, 6)).to.equal(undefined);
    blocksOf(memory, 1, { fee: 500n, each: 500 });
    expect(ask(memory, 6)).to.equal(500);
    const thin = feeMemory();
    blocksOf(thin, 4, { fee: 500n, each: 1 });
    expect(ask(thin, 6)).to.equal(undefined);
  });
  it("is not looked for again before the next block while it is too little", () => {
    const memory = feeMemory();
    let looked = 0;
    const values = (): never[] => {
      looked++;
      return [];
    };
    const pool = { ...mempool(), entries: { values } } as never;
    for (let i = 0; i < 3; i++) expect(ask(memory, 6, pool)).to.equal(undefined);
    const once = looked;
    expect(once).to.be.above(0);
    blocksOf(memory, 1, { fee: 500n, each: 500 });
    for (let i = 0; i < 3; i++) expect(ask(memory, 6, pool)).to.equal(undefined);
    expect(looked).to.equal(2 * once);
  });
  it("is the least that was mined in time, most of it: who can wait pays less", () => {
    const memory = feeMemory();
    for (let height = 1; height <= 60; height++) {
      rememberFees(memory, [...many(5, 5000n, height - 1), ...many(5, 1000n, height - 8)], height);
    }
    expect([1, 2, 3].map((blocks) => ask(memory, blocks))).to.deep.equal([5000, 5000, 5000]);
    expect([16, 144, 1008].map((blocks) => ask(memory, blocks))).to.deep.equal([1000, 1000, 1000]);
  });
  it("lies near what was paid in the middle, wherever in its bucket that is", () => {
    const memory = feeMemory();
    for (let height = 1; height <= 20; height++) {
      rememberFees(memory, [...many(4, 960n, height - 1), ...many(8, 1020n, height - 1)], height);
    }
    expect(bucketOf(960)).to.equal(bucketOf(1020));
    expect(ask(memory, 2)).to.equal(1000);
  });
  it("fades: what was paid last counts most", () => {
    const memory = feeMemory();
    blocksOf(memory, 100, { fee: 20_000n });
    expect(ask(memory, 2)).to.equal(20_000);
    blocksOf(memory, 60, { fee: 1000n });
    expect(ask(memory, 2)).to.equal(1000);
    expect(ask(memory, 2, mempool(), "conservative")).to.equal(1000);
  });
  it("is as dear as it was for days where conservative care is asked for", () => {
    const memory = feeMemory();
    // For a day cheap ones had to wait for long, and since then they have not.
    for (let height = 1; height <= 150; height++) {
      rememberFees(memory, [...many(5, 8000n, height - 1), ...many(5, 1000n, height - 40)], height);
    }
    for (let height = 151; height <= 250; height++) {
      rememberFees(memory, [...many(5, 8000n, height - 1), ...many(5, 1000n, height - 1)], height);
    }
    expect(ask(memory, 4)).to.equal(1000);
    expect(ask(memory, 4, mempool(), "conservative")).to.equal(8000);
  });
  it("counts neither parents nor children that wait together, whose price is not their own", () => {
    const chain = matured(1);
    const parent = splitting(coinOf(chain), 20, 1000n);
    takeAll(chain, [parent, paying(outpointOf(parent), 90_000n, parent.outputs[0]?.amount)]);
    give(chain, template(chain));
    const counted = (): number => chain.brain.fees.records[0]?.mined.reduce((sum, count) => sum + count, 0) ?? 0;
    expect(counted()).to.equal(0);
    takeAll(chain, [paying(outpointOf(parent, 1), 1000n, parent.outputs[1]?.amount)]);
    give(chain, template(chain));
    expect(counted()).to.equal(1);
    grow(chain, 1);
    expect(counted()).to.equal(0.962);
  });
});

describe("fees: B26, who wants to move our feerate", () => {
  it("by what pays nothing, or all there is: answers stay between the floor and the cap", () => {
    const [nothing, everything] = [feeMemory(), feeMemory()];
    blocksOf(nothing, 30, { fee: 0n });
    blocksOf(everything, 30, { fee: 2_100_000_000_000_000n });
    expect([ask(nothing, 2), ask(everything, 2)]).to.deep.equal([253, 100_000]);
    const targets = [-1, 0, 0.5, 1e9, Number.POSITIVE_INFINITY].map((blocks) => ask(nothing, blocks));
    expect(targets).to.deep.equal([253, 253, 253, 253, 253]);
  });
  it("by stuffing blocks with what nobody saw before: that is not counted at all", () => {
    const chain = matured(2);
    const unseen = [0, 1].map((at) => paying(coinOf(chain, at), 90_000n));
    give(chain, buildBlock(chain, { txs: unseen, fees: 180_000n }));
    expect(chain.brain.chain.tip.height).to.equal(103);
    expect(chain.brain.fees.records.map(({ mined, blocks }) => [Math.max(...mined), blocks])).to.deep.equal([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
  it("by leaving out what pays enough: it counts against its price while it waits", () => {
    const memory = feeMemory();
    for (let height = 1; height <= 40; height++) {
      rememberFees(memory, [...many(10, 9000n, height - 1), ...many(10, 1000n, height - 1)], height);
    }
    const pool = mempool();
    leave(pool, 3, 1000n, 40);
    expect(ask(memory, 2, pool)).to.equal(1000);
    const stuck = mempool();
    leave(stuck, 200, 1000n, 30);
    const later = feeMemory();
    for (let height = 1; height <= 40; height++) {
      rememberFees(later, [...many(10, 9000n, height - 1), ...many(10, 1000n, height - 1)], height);
    }
    expect(ask(later, 2, stuck)).to.equal(9000);
  });
  it("by one block: from one to the next an answer at most doubles, or halves", () => {
    const memory = feeMemory();
    const pool = mempool();
    blocksOf(memory, 10, { fee: 1000n });
    expect(ask(memory, 2, pool)).to.equal(1000);
    leave(pool, 1000, 1000n, 0);
    const next = (more: number, from = pool): number | undefined => {
      blocksOf(memory, more, { fee: 90_000n, each: 1000 });
      return ask(memory, 2, from);
    };
    expect([next(1), next(1), next(2), next(10)]).to.deep.equal([2000, 4000, 16_000, 90_000]);
    expect([ask(memory, 2, mempool()), next(1, mempool()), next(1, mempool())]).to.deep.equal([90_000, 45_000, 22_500]);
  });
  it("is never below what the mempool itself asks for", () => {
    const memory = feeMemory();
    blocksOf(memory, 10, { fee: 1000n });
    const pool = mempool();
    raiseFloor(pool, 9900n, NOW);
    expect(ask(memory, 2, pool)).to.equal(2500);
  });
});
