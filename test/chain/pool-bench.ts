import type { Outpoint } from "../../src/base/ids.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { acceptTx } from "../../src/chain/accept-tx.ts";
import { DEFAULT_POLICY, type MempoolPolicy, mempool } from "../../src/chain/mempool.ts";
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

export function template(chain: Mature) {
  const { pool } = chain.brain;
  const entries = selectPackages(pool, { weight: 4_000_000 - 8000, sigopCost: 79_000 });
  return buildBlock(chain, { txs: entries.map(({ tx }) => tx), fees: entries.reduce((sum, { fee }) => sum + fee, 0n) });
}
