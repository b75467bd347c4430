import { outpointKey } from "../base/ids.ts";
import { type ClaimedTx, txidOf, weightOf } from "../bitcoin/tx.ts";
import type { PackageFault } from "./verdict.ts";

/** Policy, not protocol. */
const PACKAGE_TXS_MAX = 25;
const PACKAGE_WEIGHT_MAX = 404_000;

/** What is wrong with transactions that come together, before one of them is looked at: too many, twice the same, in disorder. */
export function packageFormFault(txs: readonly ClaimedTx[]): PackageFault | undefined {
  if (txs.length > PACKAGE_TXS_MAX) return "package-too-many-transactions";
  const weight = txs.reduce((sum, tx) => sum + weightOf(tx), 0);
  // One alone may have a reason of its own, which says more.
  if (txs.length > 1 && weight > PACKAGE_WEIGHT_MAX) return "package-too-large";
  const txids = txs.map(txidOf);
  if (new Set(txids).size < txs.length) return "package-contains-duplicates";
  const later = new Set(txids);
  for (const [index, tx] of txs.entries()) {
    if (tx.inputs.some(({ prevout }) => later.has(prevout.txid))) return "package-not-sorted";
    later.delete(txids[index] as (typeof txids)[number]);
  }
  return spendTwice(txs) ? "conflict-in-package" : undefined;
}
/** Whether two of them spend one coin. What a single one spends twice is its own fault. */
function spendTwice(txs: readonly ClaimedTx[]): boolean {
  const spent = new Set<string>();
  for (const { inputs } of txs) {
    const own = new Set(inputs.map(({ prevout }) => outpointKey(prevout)));
    for (const key of own) if (spent.has(key)) return true;
    for (const key of own) spent.add(key);
  }
  return false;
}

/** Whether the last one spends of each other one, and these do not spend of one another. */
export function isChildWithParents(txs: readonly ClaimedTx[]): boolean {
  const child = txs.at(-1);
  const parents = txs.slice(0, -1);
  const txids = new Set(parents.map(txidOf));
  const spent = new Set(child?.inputs.map(({ prevout }) => prevout.txid));
  if (child === undefined || ![...txids].every((txid) => spent.has(txid))) return false;
  return parents.every(({ inputs }) => inputs.every(({ prevout }) => !txids.has(prevout.txid)));
}
