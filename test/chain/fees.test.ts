import { expect } from "chai";
import { estimateFeerate, feeMemory, rememberFees } from "../../src/chain/fees.ts";

describe("fees: what is remembered", () => {
  const sample = (fee: bigint, height: number) => ({ fee, weight: 1000, height }) as never;
  it("says nothing with few samples or few blocks", () => {
    const memory = feeMemory();
    rememberFees(
      memory,
      Array.from({ length: 50 }, () => sample(500n, 9)),
      10,
    );
    expect(estimateFeerate(memory, 6)).to.equal(undefined);
  });
  it("says the median of what was mined in time, between the floor and the ceiling", () => {
    const estimate = (fees: readonly bigint[], waited: number, blocks: number) => {
      const memory = feeMemory();
      for (let height = 10; height < 14; height++)
        rememberFees(
          memory,
          fees.map((fee) => sample(fee, height - waited)),
          height,
        );
      return estimateFeerate(memory, blocks);
    };
    const fees = [300n, 400n, 500n, 600n, 9000n];
    expect(estimate(fees, 1, 1)).to.equal(500);
    expect(estimate(fees, 5, 2)).to.equal(undefined);
    expect(estimate(fees, 5, 6)).to.equal(500);
    expect(estimate([1n, 1n, 1n, 1n, 1n], 1, 1)).to.equal(253);
    expect(estimate([10_000_000n, 10_000_000n, 10_000_000n, 10_000_000n, 10_000_000n], 1, 1)).to.equal(100_000);
  });
  it("says something else as soon as another block is known", () => {
    const memory = feeMemory();
    const block = (fee: bigint, height: number): void =>
      rememberFees(
        memory,
        Array.from({ length: 10 }, () => sample(fee, height - 1)),
        height,
      );
    block(500n, 10);
    block(500n, 11);
    expect(estimateFeerate(memory, 6)).to.equal(undefined);
    block(500n, 12);
    expect(estimateFeerate(memory, 6)).to.equal(500);
    for (let height = 13; height < 17; height++) block(900n, height);
    expect(estimateFeerate(memory, 6)).to.equal(900);
  });
});
