import { expect } from "chai";
import fc from "fast-check";
import type { Outpoint } from "../../src/base/ids.ts";
import { relatives } from "../../src/chain/mempool.ts";
import { COIN, matured, outpointOf, output, spend } from "./builder.ts";
import { take } from "./package-bench.ts";
import { contents, offer, rebuilt, spentTwice, withPolicy } from "./pool-bench.ts";

/** A transaction alone, or a parent with a child, made of coins and outputs that there are by then. */
const plan = fc.record({
  picks: fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 2 }),
  version: fc.constantFrom(2, 3, 3, 3),
  fee: fc.oneof(fc.constant(0), fc.integer({ min: 5, max: 20_000 })),
  childFee: fc.option(fc.integer({ min: 5, max: 20_000 })),
});

describe("mempool: version 3, whatever is offered alone or in packages", () => {
  it("never has more than a parent and a child, of one version, and stays whole", () => {
    const mature = matured(5);
    let families = 0;
    fc.assert(
      fc.property(fc.array(plan, { minLength: 10, maxLength: 30 }), (plans) => {
        const chain = withPolicy(mature, {});
        const { pool } = chain.brain;
        const spendable: { readonly outpoint: Outpoint; readonly value: bigint }[] = chain.coins.map((outpoint) => ({
          outpoint,
          value: COIN,
        }));
        for (const { picks, version, fee, childFee } of plans) {
          const from = [...spendable.slice(0, 5), ...spendable.slice(-5)];
          const chosen = [...new Set(picks.map((pick) => from[pick % from.length] as (typeof from)[number]))];
          const half = (chosen.reduce((sum, { value }) => sum + value, 0n) - BigInt(fee)) / 2n;
          const tx = spend(
            chosen.map(({ outpoint }) => outpoint),
            [output(half), output(half)],
            { version },
          );
          if (childFee === null) offer(chain, tx);
          else take(chain, [tx, spend([outpointOf(tx)], [output(half - BigInt(childFee))], { version })]);
          for (const vout of [0, 1]) spendable.push({ outpoint: outpointOf(tx, vout), value: half });

          expect(contents(pool)).to.deep.equal(rebuilt(pool));
          expect(spentTwice(pool)).to.deep.equal([]);
          for (const { txid, tx: waiting, parents } of pool.entries.values()) {
            for (const parent of parents) expect(pool.entries.get(parent)?.tx.version).to.equal(waiting.version);
            if (waiting.version !== 3) continue;
            families += parents.size;
            expect(relatives(pool, [txid], "parents").size).to.be.at.most(2);
            expect(relatives(pool, [txid], "children").size).to.be.at.most(2);
          }
        }
      }),
      { seed: 1, numRuns: 30 },
    );
    expect(families).to.be.greaterThan(50);
  });
});
