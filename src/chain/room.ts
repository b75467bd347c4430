import type { Txid } from "../base/ids.ts";
import {
  entryOf,
  INCREMENTAL_RELAY_FEE,
  insertEntry,
  type Mempool,
  type MempoolEntry,
  relatives,
  removeEntry,
  removeWithDescendants,
} from "./mempool.ts";

/** An eviction makes more room than is needed now, so that it is not needed for each transaction. */
const EVICT_DOWN_TO = 0.95;

/** A transaction at the door, and those that go for it, with all that hang on them. */
export interface Arrival {
  readonly entry: MempoolEntry;
  readonly replaced: ReadonlySet<Txid>;
}

/**
 * Lets a transaction in and out what has to go for it. When the mempool is too full, what pays least goes as well.
 * @returns  false when that was the transaction itself; it never is when it replaces others
 */
export function admit(pool: Mempool, { entry, replaced }: Arrival): boolean {
  for (const txid of replaced) removeEntry(pool, entryOf(pool, txid));
  insertEntry(pool, entry);
  // Were it turned away now, whoever keeps the mempool full could keep others from paying more.
  const spared = replaced.size > 0 ? relatives(pool, [entry.txid], "parents") : replaced;
  makeRoom(pool, spared);
  return pool.entries.has(entry.txid);
}

/** Evicts what pays least, counting each transaction with all that hang on it, and raises the price of coming in. */
function makeRoom(pool: Mempool, spared: ReadonlySet<Txid>): void {
  const { vsizeMax } = pool.policy;
  if (pool.vsize <= vsizeMax) return;
  const scored = [...pool.entries.values()]
    .filter(({ txid }) => !spared.has(txid))
    .map((entry) => ({ entry, rate: descendantRate(pool, entry) }));
  scored.sort((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0));
  for (const { entry, rate } of scored) {
    if (pool.vsize <= vsizeMax * EVICT_DOWN_TO) return;
    if (!pool.entries.has(entry.txid)) continue;
    removeWithDescendants(pool, entry);
    const price = rate + INCREMENTAL_RELAY_FEE;
    if (price > pool.floor) pool.floor = price;
  }
}
/** Sat per 1,000 virtual bytes of an entry with all its descendants, or of itself if that is more. */
function descendantRate(pool: Mempool, entry: MempoolEntry): bigint {
  const own = (entry.fee * 1000n) / BigInt(entry.vsize);
  if (entry.children.size === 0) return own;
  let fee = 0n;
  let vsize = 0n;
  for (const txid of relatives(pool, [entry.txid], "children")) {
    const each = entryOf(pool, txid);
    fee += each.fee;
    vsize += BigInt(each.vsize);
  }
  const all = (fee * 1000n) / vsize;
  return own > all ? own : all;
}
