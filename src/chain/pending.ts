import { outpointKey } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isFinal } from "../bitcoin/locks.ts";
import type { ClaimedTx, Tx } from "../bitcoin/tx.ts";
import type { Chain } from "./chain.ts";
import { examine, NOBODY, priceFault, scriptFault } from "./examine.ts";
import type { HashedBlock } from "./hashed-block.ts";
import { medianTimeOf } from "./headers.ts";
import type { Mempool, MempoolEntry } from "./mempool.ts";
import type { MempoolFault } from "./mempool-fault.ts";
import type { Pending, PendingTx } from "./pending-pool.ts";
import { isNewer, spendSame } from "./sequence.ts";

/**
 * The first rule of replacement that Bitcoin had: a transaction of version 1 that is not final yet waits apart, and gives
 * way to one that spends the same with a higher sequence, whatever that pays. Once its time has come it goes into the
 * mempool. A policy of play money, since replacements cost nothing: hence the bounds.
 */

/** Policy, not protocol: how often one may be replaced, the virtual bytes of all, and their age in seconds. */
const REPLACEMENTS_MAX = 20_000;
const VSIZE_MAX = 1_000_000;
const AGE_MAX_S = 14 * 24 * 60 * 60;

export type PendingFault = "sequence too low" | "replaced too often" | "no room for what is not final";

/** Holds a transaction of version 1 that is not final, in place of those with lower sequences, or says why not. */
export function holdTx(
  pool: Mempool,
  chain: Chain,
  claimed: ClaimedTx,
  now: number,
): Result<MempoolEntry, MempoolFault> {
  if (!pool.policy.sequenceReplacement || claimed.version !== 1) return err({ code: "non-final" });
  const { pending } = pool;
  const examined = examine({ pool, chain, now, beside: NOBODY, early: true }, claimed);
  if (!examined.ok) return examined;
  const { entry } = examined.value;
  const { tx } = entry;
  if (pending.txs.has(entry.txid)) return err({ code: "txn-already-in-mempool" });
  // What it hangs on could be replaced, and what conflicts with it could be mined first.
  if (entry.parents.size > 0) return err({ code: "bad-txns-inputs-missingorspent" });
  const price = priceFault(pool, entry, now);
  if (price !== undefined) return err({ code: price });
  if (tx.inputs.some(({ prevout }) => pool.spenders.has(outpointKey(prevout))))
    return err({ code: "sequence too low" });
  const rivals = rivalsOf(pending, tx);
  if (!rivals.every((rival) => isNewer(tx, rival.entry.tx))) return err({ code: "sequence too low" });
  const replacements = rivals.reduce((sum, rival) => sum + rival.replacements + 1, 0);
  if (replacements > REPLACEMENTS_MAX) return err({ code: "replaced too often" });
  const freed = rivals.reduce((sum, rival) => sum + rival.entry.vsize, 0);
  if (pending.vsize - freed + entry.vsize > VSIZE_MAX) return err({ code: "no room for what is not final" });
  const scripts = scriptFault(chain, examined.value);
  if (scripts !== undefined) return err(scripts);
  for (const rival of rivals) drop(pending, rival);
  keep(pending, { entry, since: Math.min(now, ...rivals.map(({ since }) => since)), replacements });
  return ok(entry);
}

/** Whether one that spends the same with a higher sequence waits already, here or in the mempool. */
export function isSuperseded(pool: Mempool, tx: Tx): boolean {
  if (!pool.policy.sequenceReplacement || tx.version !== 1) return false;
  const waiting = tx.inputs.flatMap(({ prevout }) => {
    const txid = pool.spenders.get(outpointKey(prevout));
    return (txid === undefined ? undefined : pool.entries.get(txid)?.tx) ?? [];
  });
  const held = rivalsOf(pool.pending, tx).map(({ entry }) => entry.tx);
  return [...waiting, ...held].some((other) => other.version === 1 && spendSame(tx, other) && isNewer(other, tx));
}

/**
 * Takes out what the next block could hold, for the mempool to judge, after dropping what blocks have made impossible and
 * what is too old.
 * @param now  seconds since 1970-01-01 UTC
 */
export function ripePending(
  { pending }: Mempool,
  { tip }: Chain,
  connected: readonly HashedBlock[],
  now: number,
): readonly Tx[] {
  if (pending.txs.size === 0) return [];
  for (const { block } of connected) for (const tx of block.txs) dropRivals(pending, tx);
  const at = { height: tip.height + 1, time: medianTimeOf(tip) };
  const ripe: Tx[] = [];
  for (const held of [...pending.txs.values()]) {
    const isRipe = isFinal(held.entry.tx, at);
    if (isRipe) ripe.push(held.entry.tx);
    if (isRipe || now - held.since > AGE_MAX_S) drop(pending, held);
  }
  return ripe;
}

/** Drops what spends a coin that a transaction spends: that one is in the mempool or in a block. */
export function dropRivals(pending: Pending, tx: Tx): void {
  for (const rival of rivalsOf(pending, tx)) drop(pending, rival);
}

function rivalsOf({ txs, spenders }: Pending, { inputs }: Tx): readonly PendingTx[] {
  const found = inputs.flatMap(({ prevout }) => spenders.get(outpointKey(prevout)) ?? []);
  return [...new Set(found)].flatMap((txid) => txs.get(txid) ?? []);
}
function keep(pending: Pending, held: PendingTx): void {
  const { tx, txid, wtxid, vsize } = held.entry;
  pending.txs.set(txid, held);
  pending.wtxids.set(wtxid, txid);
  pending.vsize += vsize;
  for (const { prevout } of tx.inputs) pending.spenders.set(outpointKey(prevout), txid);
}
function drop(pending: Pending, { entry: { tx, txid, wtxid, vsize } }: PendingTx): void {
  pending.txs.delete(txid);
  pending.wtxids.delete(wtxid);
  pending.vsize -= vsize;
  for (const { prevout } of tx.inputs) pending.spenders.delete(outpointKey(prevout));
}
