import { expect } from "chai";
import fc from "fast-check";
import { present } from "../../src/base/result.ts";
import type { Block } from "../../src/bitcoin/block.ts";
import { CHAINS, regtestWithSegwitFrom } from "../../src/bitcoin/params.ts";
import { type Tx, txidOf, weightOf } from "../../src/bitcoin/tx.ts";
import { ancestorAt } from "../../src/chain/headers.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  countCoins,
  give,
  grow,
  matured,
  NOW,
  outpointOf,
  output,
  solve,
  spend,
  verdict,
} from "./builder.ts";

import { coinOf, offer, paying, template } from "./pool-bench.ts";

describe("miner: which transactions, and what they pay", () => {
  it("lets a child pay for its parent, and puts parents first", () => {
    const chain = matured(3);
    const poor = paying(coinOf(chain), 200n);
    const rich = paying(outpointOf(poor), 50_000n, COIN - 200n);
    const fair = paying(coinOf(chain, 1), 10_000n);
    const low = paying(coinOf(chain, 2), 300n);
    for (const tx of [low, poor, fair, rich]) expect(offer(chain, tx)).to.equal("accepted");
    const mined = grow(chain, 0);
    expect(mined).to.deep.equal([]);
    const { txs } = template(chain);
    expect(txs.slice(1).map(txidOf)).to.deep.equal([poor, rich, fair, low].map(txidOf));
  });
  it("judges a child anew once its parent is chosen for another one's sake", () => {
    const chain = matured(2);
    const parent = spend([coinOf(chain)], [output(COIN / 2n), output(COIN / 2n - 200n)]);
    const rich = paying(outpointOf(parent), 90_000n, COIN / 2n);
    const fair = paying(outpointOf(parent, 1), 20_000n, COIN / 2n - 200n);
    const other = paying(coinOf(chain, 1), 15_000n);
    for (const tx of [parent, rich, fair, other]) expect(offer(chain, tx)).to.equal("accepted");
    expect(template(chain).txs.slice(1).map(txidOf)).to.deep.equal([parent, rich, fair, other].map(txidOf));
  });
  it("leaves out what does not fit, and takes what does", () => {
    const chain = matured(12);
    const filler = (index: number, fee: bigint): Tx =>
      spend(
        [coinOf(chain, index)],
        [...Array.from({ length: 2200 }, () => output(1000n)), output(COIN - 2_200_000n - fee)],
      );
    const large = Array.from({ length: 11 }, (_, index) => filler(index, 1_000_000n - BigInt(index)));
    const small = paying(coinOf(chain, 11), 150n);
    for (const tx of [...large, small]) expect(offer(chain, tx)).to.equal("accepted");
    const block = template(chain);
    expect(block.txs.slice(1).map(txidOf)).to.deep.equal([...large.slice(0, 10), small].map(txidOf));
    expect(block.txs.reduce((sum, tx) => sum + weightOf(tx), 0)).to.be.lessThan(4_000_000);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  });
  it("keeps the sum of all coins at the sum of all subsidies, whatever is spent, mined or reorganised", () => {
    const step = fc.record({
      spends: fc.array(
        fc.record({
          pick: fc.nat(),
          fee: fc.integer({ min: 200, max: 90_000 }),
          parts: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 5 },
      ),
      reorganise: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const chain = matured(4);
        for (const { spends, reorganise } of steps) {
          for (const { pick, fee, parts } of spends) {
            const spendable = [...chain.storage.coins].filter(([, coin]) => !coin.coinbase || coin.height <= 4);
            const chosen = spendable[pick % spendable.length];
            if (chosen === undefined) continue;
            const [txid, vout] = chosen[0].split(":") as [string, string];
            const each = (chosen[1].output.amount - BigInt(fee)) / BigInt(parts);
            offer(
              chain,
              spend(
                [{ txid: txid as never, vout: Number(vout) }],
                Array.from({ length: parts }, () => output(each)),
              ),
            );
          }
          give(chain, template(chain));
          let previous = chain.brain.chain.tip;
          for (let i = 0; i < reorganise; i++) previous = previous.previous as typeof previous;
          for (let i = 0; reorganise > 0 && i <= reorganise; i++) {
            const block = buildBlock(chain, { previous });
            give(chain, block);
            previous = [...chain.brain.chain.index.tree.nodes.values()].at(-1) as typeof previous;
          }
          const subsidies =
            BigInt(Math.min(chain.brain.chain.tip.height, 149)) * COIN +
            (BigInt(Math.max(chain.brain.chain.tip.height - 149, 0)) * COIN) / 2n;
          expect(countCoins(chain).total).to.equal(subsidies);
          expect(chain.storage.totals()).to.deep.equal(countCoins(chain));
        }
        expect(coinSet(chain).length).to.equal(chain.storage.coins.size);
      }),
      { seed: 1, numRuns: 25 },
    );
  });
  it("halves the subsidy every 150 blocks", () => {
    const chain = bench();
    grow(chain, 149);
    const greedy = (coinbase: Tx): Tx => ({
      ...coinbase,
      outputs: [output(COIN / 2n + 1n), ...coinbase.outputs.slice(1)],
    });
    expect(verdict(chain, { coinbase: greedy })).to.equal("bad-cb-amount");
    grow(chain, 151);
    expect(countCoins(chain).total).to.equal(149n * COIN + 150n * (COIN / 2n) + COIN / 4n);
  });
  it("gives the first block of an interval no time that its rules forbid after one of the future", () => {
    const pace = { spacingS: 30, retargetBlocks: 4 };
    const chain = bench({ ...CHAINS.regtest, retargeting: "testnet4", pace });
    grow(chain, 2);
    grow(chain, 1, { time: NOW + 7_000 });
    expect(verdict(chain, {})).to.equal("accepted");
    expect(chain.brain.chain.tip.header.time).to.equal(NOW + 6_970);
    expect(verdict(chain, {})).to.equal("accepted");
    expect(chain.brain.chain.tip.header.time).to.equal(NOW + 2);
  });
});

describe("miner: a chain that has no witnesses yet", () => {
  const params = regtestWithSegwitFrom(4);
  const blockAt = ({ storage, brain }: Bench, height: number): Block => {
    const node = present(ancestorAt(brain.chain.tip, height), "a height of the chain");
    return present(storage.block(node.hash), "the chain holds its blocks");
  };

  it("signals segwit and commits to no witness until it is active, and the other way round from then on", () => {
    const chain = bench(params);
    grow(chain, 5);
    const blocks = [1, 3, 4, 5].map((height) => blockAt(chain, height));
    const coinbases = blocks.map(({ txs }) => txs[0] as Tx);
    expect(coinbases.map(({ inputs, outputs }) => [inputs[0]?.witness.length, outputs.length])).to.deep.equal([
      [0, 1],
      [0, 1],
      [1, 2],
      [1, 2],
    ]);
    expect(blocks.map(({ header }) => header.version)).to.deep.equal([
      0x2000_0003, 0x2000_0003, 0x2000_0000, 0x2000_0000,
    ]);
  });
  it("takes no transaction with a witness into its mempool before the first block that may hold it", () => {
    const early = matured(1, bench(regtestWithSegwitFrom(103)));
    expect(early.brain.chain.tip.height).to.equal(101);
    expect(offer(early, paying(coinOf(early), 500n))).to.equal("no-witness-yet");
    grow(early, 1);
    expect(offer(early, paying(coinOf(early), 500n))).to.equal("accepted");
    const block = solve(template(early));
    expect(block.txs).to.have.length(2);
    expect(give(early, block)).to.have.property("connected").with.lengthOf(1);
  });
});
