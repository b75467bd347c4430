import type { Outpoint } from "../../src/base/ids.ts";
import { type Tx, txidOf, vsizeOf, wtxidOf } from "../../src/bitcoin/tx.ts";
import { acceptPackage } from "../../src/chain/package.ts";
import type { PackageVerdict } from "../../src/chain/verdict.ts";
import { COIN, matured, NOW, outpointOf } from "./builder.ts";
import { ask, type Mature, paying, withPolicy } from "./pool-bench.ts";

/** Helpers of the tests of packages. */

/** A mempool that asks for five sat per virtual byte, since it was full. */
export function dear(coins: number): Mature {
  const chain = withPolicy(matured(coins), {});
  ask(chain, 5000n);
  return chain;
}
export const take = ({ brain }: Mature, txs: readonly Tx[]): PackageVerdict =>
  acceptPackage(brain.pool, brain.chain, txs, { now: NOW });
export const effective = (txs: readonly Tx[], fee: bigint) => ({
  fee,
  vsize: txs.reduce((sum, tx) => sum + vsizeOf(tx), 0),
  wtxids: txs.map(wtxidOf),
});
export const named = (tx: Tx) => ({ txid: txidOf(tx), wtxid: wtxidOf(tx) });
export const taken = (tx: Tx, fee: bigint, by = effective([tx], fee)) => ({
  ...named(tx),
  tag: "Taken",
  fee,
  vsize: vsizeOf(tx),
  effective: by,
});
export const refusedAs = (tx: Tx, code: string, more = {}) => ({ ...named(tx), tag: "Refused", code, ...more });
/** A parent that pays little, and a child that pays the rest. */
export const family = (coin: Outpoint, fees: { readonly parent: bigint; readonly child: bigint }) => {
  const parent = paying(coin, fees.parent);
  return { parent, child: paying(outpointOf(parent), fees.child, COIN - fees.parent) };
};
