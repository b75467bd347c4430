import { outpointKey, type Txid } from "../base/ids.ts";
import { isCoinbase, type Tx } from "../bitcoin/tx.ts";
import { acceptTx } from "./accept-tx.ts";
import type { Chain, ChainUpdate } from "./chain.ts";
import { letFloorFall } from "./floor.ts";
import type { HashedBlock } from "./hashed-block.ts";
import { entryOf, type Mempool, type MempoolEntry, removeEntry, removeWithDescendants } from "./mempool.ts";

/**
 * Makes the mempool fit the chain again after an update.
 * @param now  seconds since 1970-01-01 UTC
 * @returns    what was mined and stood alone in the mempool, without relatives
 */
export function followChain(pool: Mempool, chain: Chain, update: ChainUpdate, now: number): readonly MempoolEntry[] {
  const mined = update.connected.flatMap((block) => removeMined(pool, block));
  if (update.disconnected.length > 0) rebuild(pool, chain, update.disconnected, now);
  if (update.connected.length > 0) {
    letFloorFall(pool, now);
    expire(pool, now - pool.policy.expiryS);
  }
  return mined;
}

/** Mined transactions leave, and with them everything that spends the same coins. */
function removeMined(pool: Mempool, { block, txids }: HashedBlock): readonly MempoolEntry[] {
  const mined: MempoolEntry[] = [];
  const alone = new Set(
    txids.filter((txid) => {
      const entry = pool.entries.get(txid);
      return entry !== undefined && entry.parents.size + entry.children.size === 0;
    }),
  );
  block.txs.forEach((tx, index) => {
    const entry = pool.entries.get(txids[index] as Txid);
    if (entry === undefined) removeConflicts(pool, tx);
    else {
      if (alone.has(entry.txid)) mined.push(entry);
      removeEntry(pool, entry, "mined");
    }
  });
  return mined;
}
function removeConflicts(pool: Mempool, tx: Tx): void {
  if (pool.spenders.size === 0) return;
  for (const { prevout } of tx.inputs) {
    const rival = pool.spenders.get(outpointKey(prevout));
    if (rival !== undefined) removeWithDescendants(pool, entryOf(pool, rival));
  }
}

/**
 * After a reorganisation everything is judged anew, oldest first: first what the disconnected blocks held, then what was
 * waiting. Locks, maturity and parents may all have changed; signatures that were good need no second look.
 */
function rebuild(pool: Mempool, chain: Chain, disconnected: readonly HashedBlock[], now: number): void {
  const waiting = [...pool.entries.values()];
  for (const entry of waiting) removeEntry(pool, entry);
  for (const { block } of disconnected.toReversed()) {
    for (const tx of block.txs) if (!isCoinbase(tx)) acceptTx(pool, chain, tx, { now, resurrected: true });
  }
  for (const { tx, time, height } of waiting) acceptTx(pool, chain, tx, { now: time, height, resurrected: true });
}

/** Entries stand in the order in which they came, so the oldest are in front. */
function expire(pool: Mempool, before: number): void {
  for (const entry of [...pool.entries.values()]) {
    if (entry.time < before && pool.entries.has(entry.txid)) removeWithDescendants(pool, entry);
  }
}
