import { expect } from "chai";
import { type Outpoint, outpointKey } from "../../src/base/ids.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { acceptTx } from "../../src/chain/accept-tx.ts";
import {
  DEFAULT_POLICY,
  feeAt,
  insertEntry,
  type Mempool,
  type MempoolPolicy,
  mempool,
} from "../../src/chain/mempool.ts";
import { selectPackages } from "../../src/chain/select.ts";
import { type Bench, buildBlock, COIN, type matured, NOW, output, spend } from "./builder.ts";

/** Helpers of the tests of mempool and miner. */
export type Mature = ReturnType<typeof matured>;
export const withPolicy = (chain: Mature, policy: Partial<MempoolPolicy>): Mature => ({
  ...chain,
  brain: { ...chain.brain, pool: mempool({ ...DEFAULT_POLICY, ...policy }) },
});
export const offer = ({ brain }: Bench, tx: Tx, now = NOW): string => {
  const taken = acceptTx(brain.pool, brain.chain, tx, { now });
  return taken.ok ? "accepted" : taken.error.code;
};
export const coinOf = ({ coins }: Mature, index = 0): Outpoint => coins[index] as Outpoint;
export const paying = (prevout: Outpoint, fee: bigint, value = COIN): Tx => spend([prevout], [output(value - fee)]);

/** All that a mempool holds, for comparing it whole. */
export const contents = ({ entries, wtxids, spenders, vsize, risen }: Mempool) => ({
  entries: [...entries.values()].map((entry) => ({
    ...entry,
    parents: [...entry.parents].sort(),
    children: [...entry.children].sort(),
  })),
  wtxids: [...wtxids].sort(),
  spenders: [...spenders].sort(),
  vsize,
  risen: { ...risen },
});
/** What the mempool would hold had its transactions come one by one into an empty one: what it has to be at any time. */
export function rebuilt(pool: Mempool): ReturnType<typeof contents> {
  const fresh = mempool(pool.policy);
  Object.assign(fresh.risen, pool.risen);
  for (const entry of pool.entries.values()) {
    const inMempool = entry.tx.inputs.map(({ prevout }) => prevout.txid).filter((txid) => fresh.entries.has(txid));
    insertEntry(fresh, { ...entry, parents: new Set(inMempool), children: new Set() });
  }
  return contents(fresh);
}
/** Outpoints that more than one waiting transaction spends. */
export function spentTwice({ entries }: Mempool): readonly string[] {
  const keys = [...entries.values()].flatMap(({ tx }) => tx.inputs.map(({ prevout }) => outpointKey(prevout)));
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}
export const totalFee = ({ entries }: Mempool): bigint => [...entries.values()].reduce((sum, { fee }) => sum + fee, 0n);

export const waiting = ({ brain }: Bench): readonly string[] => [...brain.pool.entries.keys()];
export const takeAll = (chain: Bench, txs: readonly Tx[]): void => {
  for (const tx of txs) expect(offer(chain, tx)).to.equal("accepted");
};
/** Refused for that reason, with the mempool as it was. */
export const refused = (chain: Bench, tx: Tx, code: string): void => {
  const before = contents(chain.brain.pool);
  expect(offer(chain, tx)).to.equal(code);
  expect(contents(chain.brain.pool)).to.deep.equal(before);
};
/** The mempool asks for so much, as if it had just been full. */
export const ask = ({ brain: { pool } }: Bench, rate: bigint): void => {
  pool.risen.rate = rate;
};
/** What relay costs, in sat: of a replacement beyond what it replaces, and of any transaction at least. */
export const relayFee = (vsize: number): bigint => feeAt(100n, vsize);
/** Spends whole coins into one output. */
export const joining = (coins: readonly Outpoint[], fee: bigint): Tx =>
  spend(coins, [output(BigInt(coins.length) * COIN - fee)]);
/** Spends a coin into equal outputs. */
export const splitting = (coin: Outpoint, parts: number, fee: bigint): Tx => {
  const each = output((COIN - fee) / BigInt(parts));
  return spend(
    [coin],
    Array.from({ length: parts }, () => each),
  );
};

export function template(chain: Mature) {
  const { pool } = chain.brain;
  const entries = selectPackages(pool, { weight: 4_000_000 - 8000, sigopCost: 79_000 });
  return buildBlock(chain, { txs: entries.map(({ tx }) => tx), fees: entries.reduce((sum, { fee }) => sum + fee, 0n) });
}
