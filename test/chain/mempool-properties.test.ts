import { expect } from "chai";
import fc from "fast-check";
import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { DEFAULT_POLICY, type MempoolPolicy, relatives } from "../../src/chain/mempool.ts";
import { COIN, matured, outpointOf, output, spend } from "./builder.ts";
import { contents, type Mature, offer, rebuilt, relayFee, spentTwice, totalFee, withPolicy } from "./pool-bench.ts";

/** A transaction to be made of what there is by then: coins, outputs that wait, and those of what is gone. */
interface Plan {
  readonly picks: readonly number[];
  readonly parts: number;
  readonly fee: number;
}
const plan: fc.Arbitrary<Plan> = fc.record({
  picks: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 3 }),
  parts: fc.integer({ min: 1, max: 4 }),
  // From below the relay fee to what takes the place of many; close ones are as interesting as far ones.
  fee: fc.oneof(fc.integer({ min: 5, max: 1500 }), fc.integer({ min: 500, max: 100_000 })),
});

/** What was there before an offer, and what came of it. */
interface Offered {
  readonly tx: Tx;
  readonly answer: string;
  readonly before: { readonly fee: bigint; readonly held: ReturnType<typeof contents> };
}
/** Offers what the plans say, one after the other; `each` looks at the mempool after every one. */
function offerAll(chain: Mature, plans: readonly Plan[], each: (offered: Offered) => void): void {
  const { pool } = chain.brain;
  const spendable: { readonly outpoint: Outpoint; readonly value: bigint }[] = chain.coins.map((outpoint) => ({
    outpoint,
    value: COIN,
  }));
  for (const { picks, parts, fee } of plans) {
    // The newest outputs and the oldest coins: chains grow, and conflicts are many.
    const from = [...spendable.slice(0, 4), ...spendable.slice(-8)];
    const chosen = [...new Set(picks.map((pick) => from[pick % from.length] as (typeof from)[number]))];
    const value = chosen.reduce((sum, coin) => sum + coin.value, 0n);
    const share = (value - BigInt(fee)) / BigInt(parts);
    if (share < 1000n) continue;
    const tx = spend(
      chosen.map(({ outpoint }) => outpoint),
      Array.from({ length: parts }, () => output(share)),
    );
    const before = { fee: totalFee(pool), held: contents(pool) };
    const answer = offer(chain, tx);
    each({ tx, answer, before });
    if (answer !== "accepted") continue;
    tx.outputs.forEach((_, vout) => {
      spendable.push({ outpoint: outpointOf(tx, vout), value: share });
    });
  }
}

describe("mempool: whatever is offered", () => {
  const mature = matured(6);
  /** Runs a law over many sequences, and says how often each answer was given. */
  const always = (policy: Partial<MempoolPolicy>, law: (chain: Mature, offered: Offered) => void) => {
    const answers = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(plan, { minLength: 20, maxLength: 60 }), (plans) => {
        const chain = withPolicy(mature, policy);
        offerAll(chain, plans, (offered) => {
          answers.set(offered.answer, (answers.get(offered.answer) ?? 0) + 1);
          law(chain, offered);
        });
      }),
      { seed: 1, numRuns: 40 },
    );
    return answers;
  };
  const replaces = ({ before, tx }: Offered): boolean => {
    const spent = new Set(before.held.spenders.map(([key]) => key));
    return tx.inputs.some(({ prevout }) => spent.has(outpointKey(prevout)));
  };

  for (const [what, policy] of [
    ["with room for all", {}],
    ["with room for a few", { vsizeMax: 900, chainVsizeMax: 700 }],
    ["with short chains", { chainCountMax: 3 }],
  ] as const) {
    it(`stays whole, ${what}: nothing is spent twice, relatives and sizes are those of what waits`, () => {
      const { chainCountMax, vsizeMax } = { ...DEFAULT_POLICY, ...policy };
      let replacements = 0;
      always(policy, (chain, offered) => {
        const { pool } = chain.brain;
        expect(contents(pool)).to.deep.equal(rebuilt(pool));
        expect(spentTwice(pool)).to.deep.equal([]);
        expect(pool.vsize).to.be.at.most(vsizeMax);
        for (const txid of pool.entries.keys()) {
          const ancestors = relatives(pool, [txid], "parents").size;
          expect(ancestors).to.be.at.most(chainCountMax);
          // One more child may pay for what hangs on nothing.
          const more = ancestors === 1 ? 1 : 0;
          expect(relatives(pool, [txid], "children").size).to.be.at.most(chainCountMax + more);
        }
        if (offered.answer === "accepted" && replaces(offered)) replacements++;
      });
      expect(replacements).to.be.greaterThan(25);
    });
  }
  it("never loses fees by a replacement, and gains at least a tenth of a sat for each virtual byte of what came", () => {
    always({}, (chain, offered) => {
      const { pool } = chain.brain;
      if (offered.answer !== "accepted") return;
      const { vsize } = pool.entries.get(txidOf(offered.tx)) as { readonly vsize: number };
      expect(totalFee(pool) - offered.before.fee >= relayFee(vsize)).to.equal(true);
    });
  });
  it("is left as it was by a refusal, unless what came was the poorest of all", () => {
    const answers = always({ vsizeMax: 900, chainVsizeMax: 700, chainCountMax: 4 }, (chain, offered) => {
      if (offered.answer === "accepted") return;
      if (offered.answer === "mempool full") expect(replaces(offered)).to.equal(false);
      else expect(contents(chain.brain.pool)).to.deep.equal(offered.before.held);
    });
    expect([...answers.keys()]).to.include.members([
      "accepted",
      "bad-txns-inputs-missingorspent",
      "bad-txns-spends-conflicting-tx",
      "insufficient fee",
      "mempool full",
      "mempool min fee not met",
      "min relay fee not met",
      "replacement-adds-unconfirmed",
      "too-long-mempool-chain",
    ]);
  });
});
