import { expect } from "chai";
import { type Tx, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import { type Bench, buildBlock, COIN, give, matured, outpointOf, output, spend } from "./builder.ts";
import { coinOf, paying, refused, splitting, takeAll, template, waiting, withPolicy } from "./pool-bench.ts";

describe("mempool: replacement when it is full", () => {
  it("asks for the price of coming in like of any other", () => {
    const chain = withPolicy(matured(5), { vsizeMax: 390 });
    const txs = [2000n, 3000n, 4000n, 5000n].map((fee, index) => paying(coinOf(chain, index), fee));
    takeAll(chain, txs);
    takeAll(chain, [paying(coinOf(chain, 4), 6000n)]);
    expect(waiting(chain)).not.to.include(txidOf(txs[0] as Tx));
    const { rate } = chain.brain.pool.risen;
    expect(rate > 1000n).to.equal(true);
    refused(chain, paying(coinOf(chain, 1), 1500n), "mempool min fee not met");
    takeAll(chain, [paying(coinOf(chain, 1), 9000n)]);
    expect(waiting(chain)).to.have.lengthOf(4);
    expect(chain.brain.pool.risen.rate).to.equal(rate);
  });
  it("lets the poorest go when what comes is larger than what it replaces", () => {
    const chain = withPolicy(matured(4), { vsizeMax: 390 });
    const txs = [2000n, 3000n, 4000n, 5000n].map((fee, index) => paying(coinOf(chain, index), fee));
    takeAll(chain, txs);
    const rival = splitting(coinOf(chain, 3), 2, 20_000n);
    takeAll(chain, [rival]);
    expect(waiting(chain)).to.deep.equal([txs[1], txs[2], rival].map((tx) => txidOf(tx as Tx)));
    expect(chain.brain.pool.risen.rate).to.equal((2000n * 1000n) / BigInt(vsizeOf(txs[0] as Tx)) + 100n);
  });
  it("is never itself what has to go, nor what it hangs on, while the poorest of the others go", () => {
    const chain = withPolicy(matured(4), { vsizeMax: 390, chainVsizeMax: 300 });
    const parent = paying(coinOf(chain), 100n);
    const child = paying(outpointOf(parent), 300n, COIN - 100n);
    const others = [9000n, 8000n].map((fee, index) => paying(coinOf(chain, index + 1), fee));
    takeAll(chain, [parent, child, ...others]);
    const rival = spend([outpointOf(parent)], [output(1000n), output(COIN - 100n - 1000n - 600n)]);
    takeAll(chain, [rival]);
    expect(waiting(chain)).to.deep.equal([parent, others[0], rival].map((tx) => txidOf(tx as Tx)));
    // From then on it is judged like any other.
    takeAll(chain, [paying(coinOf(chain, 3), 9000n)]);
    expect(waiting(chain)).to.deep.equal([others[0], paying(coinOf(chain, 3), 9000n)].map((tx) => txidOf(tx as Tx)));
  });
});

/** What each counted transaction paid, as far as it is known to have waited for one block. */
const counted = ({ brain }: Bench): readonly number[] => {
  const [record] = brain.fees.records;
  return (record?.within[0] ?? []).flatMap((count, bucket) => (count > 0 ? [record?.paid[bucket] ?? 0] : []));
};

describe("mempool: replacement and blocks", () => {
  it("gives way to what it has replaced when that is mined, and the fee memory takes no note of it", () => {
    const chain = matured(1);
    const [poor, rich] = [paying(coinOf(chain), 1000n), paying(coinOf(chain), 5000n)];
    takeAll(chain, [poor, rich, paying(outpointOf(rich), 1000n, COIN - 5000n)]);
    give(chain, buildBlock(chain, { txs: [poor], fees: 1000n }));
    expect(waiting(chain)).to.deep.equal([]);
    expect(counted(chain)).to.deep.equal([]);
  });
  it("is remembered with its own fee and from when it came itself", () => {
    const chain = matured(1);
    takeAll(chain, [paying(coinOf(chain), 1000n)]);
    give(chain, buildBlock(chain));
    give(chain, buildBlock(chain));
    const rich = paying(coinOf(chain), 5000n);
    takeAll(chain, [rich]);
    const weight = chain.brain.pool.entries.get(txidOf(rich))?.weight as number;
    give(chain, template(chain));
    expect(counted(chain)).to.deep.equal([Math.floor(5_000_000 / weight)]);
  });
  it("comes back after a reorganisation, and what it had replaced does not", () => {
    const chain = matured(1);
    const fork = chain.brain.chain.tip;
    const [poor, rich] = [paying(coinOf(chain), 1000n), paying(coinOf(chain), 5000n)];
    takeAll(chain, [poor, rich]);
    give(chain, template(chain));
    expect(waiting(chain)).to.deep.equal([]);
    give(chain, buildBlock(chain, { previous: fork }));
    const { nodes } = chain.brain.chain.index.tree;
    give(chain, buildBlock(chain, { previous: [...nodes.values()].at(-1) as typeof fork }));
    expect(waiting(chain)).to.deep.equal([txidOf(rich)]);
  });
  it("a child that replaces a poorer one has its parent mined for its sake", () => {
    const chain = matured(12);
    const filler = (index: number): Tx =>
      spend(
        [coinOf(chain, index + 1)],
        [...Array.from({ length: 2200 }, () => output(1000n)), output(COIN - 2_200_000n - 1_000_000n)],
      );
    const parent = paying(coinOf(chain), 100n);
    const [poor, rich] = [200n, 20_000n].map((fee) => paying(outpointOf(parent), fee, COIN - 100n)) as [Tx, Tx];
    const large = Array.from({ length: 11 }, (_, index) => filler(index));
    takeAll(chain, [parent, poor, ...large]);
    const mined = (): readonly string[] => template(chain).txs.map(txidOf);
    expect(mined().slice(1, 3)).to.deep.equal(large.slice(0, 2).map(txidOf));
    takeAll(chain, [rich]);
    expect(mined().slice(1, 3)).to.deep.equal([parent, rich].map(txidOf));
    expect(mined()).not.to.include(txidOf(poor));
  });
});
