import { expect } from "chai";
import type { Outpoint } from "../../src/base/ids.ts";
import { script } from "../../src/bitcoin/script.ts";
import { type Tx, txidOf, vsizeOf } from "../../src/bitcoin/tx.ts";
import { buildBlock, COIN, give, input, matured, outpointOf, output, spend } from "./builder.ts";
import { coinOf, joining, paying, refused, relayFee, splitting, takeAll, waiting } from "./pool-bench.ts";

describe("mempool: replacement", () => {
  it("takes a second spend of one coin that pays enough, though nothing signals that it may be replaced", () => {
    const chain = matured(1);
    takeAll(chain, [paying(coinOf(chain), 1000n)]);
    const rival = paying(coinOf(chain), 5000n);
    takeAll(chain, [rival]);
    expect(waiting(chain)).to.deep.equal([txidOf(rival)]);
    expect(chain.brain.pool.vsize).to.equal(vsizeOf(rival));
  });
  it("throws out all that hang on what is replaced, and nothing else", () => {
    const chain = matured(2);
    const parent = paying(coinOf(chain), 1000n);
    const child = paying(outpointOf(parent), 1000n, COIN - 1000n);
    const grandchild = paying(outpointOf(child), 1000n, COIN - 2000n);
    const other = paying(coinOf(chain, 1), 1000n);
    const rival = paying(coinOf(chain), 5000n);
    takeAll(chain, [parent, child, other, grandchild, rival]);
    expect(waiting(chain)).to.deep.equal([other, rival].map(txidOf));
  });
  it("takes the place of several at once", () => {
    const chain = matured(3);
    const others = [0, 1, 2].map((index) => paying(coinOf(chain, index), 1000n));
    const rival = joining(chain.coins, 9000n);
    takeAll(chain, [...others, rival]);
    expect(waiting(chain)).to.deep.equal([txidOf(rival)]);
  });
  it("gives way to another one in turn, and not to what it has replaced", () => {
    const chain = matured(1);
    const [first, second, third] = [1000n, 2000n, 3000n].map((fee) => paying(coinOf(chain), fee)) as [Tx, Tx, Tx];
    takeAll(chain, [first, second]);
    refused(chain, first, "insufficient fee");
    takeAll(chain, [third]);
    expect(waiting(chain)).to.deep.equal([txidOf(third)]);
  });
});

describe("mempool: replacement, by feerate", () => {
  it("asks for more sat per virtual byte than each conflict pays, not only as much", () => {
    const chain = matured(1);
    const small = paying(coinOf(chain), 10n * BigInt(vsizeOf(paying(coinOf(chain), 0n))));
    const large = (more: bigint): Tx => {
      const vsize = BigInt(vsizeOf(splitting(coinOf(chain), 10, 0n)));
      return spend(
        [coinOf(chain)],
        [...Array.from({ length: 9 }, () => output(1000n)), output(COIN - 9000n - 10n * vsize - more)],
      );
    };
    takeAll(chain, [small]);
    refused(chain, large(-1n), "insufficient fee");
    refused(chain, large(0n), "insufficient fee");
    takeAll(chain, [large(1n)]);
    expect(waiting(chain)).to.deep.equal([txidOf(large(1n))]);
  });
  it("asks for more than the best of several conflicts", () => {
    const chain = matured(2);
    takeAll(chain, [paying(coinOf(chain), 200n), paying(coinOf(chain, 1), 50_000n)]);
    // In all it pays more than both, but for its size less than the second.
    const both = spend(chain.coins, [
      ...Array.from({ length: 4 }, () => output(1000n)),
      output(2n * COIN - 4000n - 60_000n),
    ]);
    refused(chain, both, "insufficient fee");
    takeAll(chain, [joining(chain.coins, 150_000n)]);
  });
  it("does not ask what descendants pay for their size", () => {
    const chain = matured(1);
    const parent = splitting(coinOf(chain), 20, 1000n);
    const child = paying(outpointOf(parent), 20_000n, (COIN - 1000n) / 20n);
    takeAll(chain, [parent, child]);
    const rival = splitting(coinOf(chain), 20, 30_000n);
    expect(30_000n * BigInt(vsizeOf(child)) < 20_000n * BigInt(vsizeOf(rival))).to.equal(true);
    takeAll(chain, [rival]);
  });
});

describe("mempool: replacement, by fee", () => {
  it("asks for all that is lost, descendants included, and a tenth of a sat for each of its own virtual bytes", () => {
    const chain = matured(1);
    const parent = paying(coinOf(chain), 1000n);
    const child = paying(outpointOf(parent), 7000n, COIN - 1000n);
    takeAll(chain, [parent, child]);
    const relay = relayFee(vsizeOf(paying(coinOf(chain), 8000n)));
    refused(chain, paying(coinOf(chain), 8000n), "insufficient fee");
    refused(chain, paying(coinOf(chain), 8000n + relay - 1n), "insufficient fee");
    takeAll(chain, [paying(coinOf(chain), 8000n + relay)]);
  });
  it("counts what hangs on two conflicts once", () => {
    const chain = matured(2);
    const parents = [0, 1].map((index) => paying(coinOf(chain, index), 1000n));
    const child = spend(
      parents.map((tx) => outpointOf(tx)),
      [output(2n * COIN - 2000n - 7000n)],
    );
    takeAll(chain, [...parents, child]);
    const relay = relayFee(vsizeOf(joining(chain.coins, 0n)));
    refused(chain, joining(chain.coins, 9000n + relay - 1n), "insufficient fee");
    takeAll(chain, [joining(chain.coins, 9000n + relay)]);
  });
});

describe("mempool: replacement, by number", () => {
  it("throws out 100 transactions, and not 101", () => {
    const chain = matured(5);
    const coins = chain.coins.slice(0, 4);
    for (const coin of coins) {
      const parent = splitting(coin, 24, 2000n);
      const value = (COIN - 2000n) / 24n;
      takeAll(chain, [parent, ...parent.outputs.map((_, vout) => paying(outpointOf(parent, vout), 100n, value))]);
    }
    takeAll(chain, [paying(coinOf(chain, 4), 100n)]);
    expect(waiting(chain)).to.have.lengthOf(101);
    refused(chain, joining(chain.coins, 1_000_000n), "too many potential replacements");
    takeAll(chain, [joining(coins, 1_000_000n)]);
    expect(waiting(chain)).to.have.lengthOf(2);
  });
});

describe("mempool: replacement, by what it spends", () => {
  it("may not bring in an unconfirmed parent that nothing it replaces had", () => {
    const chain = matured(2);
    const elsewhere = paying(coinOf(chain, 1), 1000n);
    takeAll(chain, [paying(coinOf(chain), 1000n), elsewhere]);
    const inputs = [coinOf(chain), outpointOf(elsewhere)];
    refused(chain, spend(inputs, [output(2n * COIN - 50_000n)]), "replacement-adds-unconfirmed");
    give(chain, buildBlock(chain, { txs: [elsewhere], fees: 1000n }));
    takeAll(chain, [spend(inputs, [output(2n * COIN - 50_000n)])]);
  });
  it("may hang on a parent of what it replaces, by whichever output, or of a descendant of that", () => {
    const chain = matured(3);
    const parent = splitting(coinOf(chain), 2, 1000n);
    const half = (COIN - 1000n) / 2n;
    const child = paying(outpointOf(parent), 1000n, half);
    const rival = spend([outpointOf(parent), outpointOf(parent, 1)], [output(2n * half - 9000n)]);
    takeAll(chain, [parent, child, rival]);
    expect(waiting(chain)).to.deep.equal([parent, rival].map(txidOf));

    const [second, third] = [1, 2].map((index) => splitting(coinOf(chain, index), 2, 1000n)) as [Tx, Tx];
    const low = paying(outpointOf(second), 1000n, half);
    const below = spend([outpointOf(low), outpointOf(third)], [output(2n * half - 3000n)]);
    const another = spend([outpointOf(second), outpointOf(third, 1)], [output(2n * half - 9000n)]);
    takeAll(chain, [second, third, low, below, another]);
    expect(waiting(chain)).to.deep.equal([parent, rival, second, third, another].map(txidOf));
  });
  it("may not spend an output of what it replaces, or of a descendant of that", () => {
    const chain = matured(1);
    const parent = splitting(coinOf(chain), 2, 1000n);
    const half = (COIN - 1000n) / 2n;
    const child = paying(outpointOf(parent), 1000n, half);
    takeAll(chain, [parent, child]);
    for (const [own, value] of [
      [outpointOf(parent, 1), half],
      [outpointOf(child), half - 1000n],
    ] as const) {
      const rival = spend([coinOf(chain), own], [output(COIN + value - 90_000n)]);
      refused(chain, rival, "bad-txns-spends-conflicting-tx");
    }
  });
  it("throws nothing out for a witness that the script refuses", () => {
    const chain = matured(1);
    takeAll(chain, [paying(coinOf(chain), 1000n)]);
    const bad = { ...paying(coinOf(chain), 9000n), inputs: [input(coinOf(chain), { witness: [script(0n)] })] };
    refused(chain, bad, "mempool-script-verify-flag-failed");
  });
  it("does not count as one when it has only another witness", () => {
    const chain = matured(1);
    const tx = paying(coinOf(chain), 1000n);
    takeAll(chain, [tx]);
    const other = { ...tx, inputs: [input(coinOf(chain), { witness: [new Uint8Array(2), script(1n)] })] };
    refused(chain, other, "txn-same-nonwitness-data-in-mempool");
  });
});

describe("mempool: replacement, and the length of chains", () => {
  /** A chain of that many transactions from a coin on. */
  const chainOf = (coin: Outpoint, count: number): readonly Tx[] => {
    const txs: Tx[] = [];
    for (let last = coin, left = COIN; txs.length < count; last = outpointOf(txs.at(-1) as Tx)) {
      left -= 1000n;
      txs.push(spend([last], [output(left)]));
    }
    return txs;
  };
  it("takes the place of the 25th of a chain, and of the 25th of one family", () => {
    const chain = matured(2);
    const txs = chainOf(coinOf(chain), 25);
    takeAll(chain, txs);
    takeAll(chain, [paying(outpointOf(txs[23] as Tx), 9000n, COIN - 24_000n)]);
    const parent = splitting(coinOf(chain, 1), 24, 2000n);
    const children = parent.outputs.map((_, vout) => paying(outpointOf(parent, vout), 1000n, (COIN - 2000n) / 24n));
    takeAll(chain, [parent, ...children]);
    takeAll(chain, [paying(outpointOf(parent, 7), 9000n, (COIN - 2000n) / 24n)]);
    expect(waiting(chain)).to.have.lengthOf(50);
  });
  it("does not tie two chains into one that is too long", () => {
    const chain = matured(2);
    const chains = [0, 1].map((index) => chainOf(coinOf(chain, index), 14));
    takeAll(chain, chains.flat());
    const ends = chains.map((txs) => outpointOf(txs[12] as Tx));
    refused(chain, spend(ends, [output(2n * (COIN - 13_000n) - 50_000n)]), "too-long-mempool-chain");
  });
});
