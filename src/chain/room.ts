import type { Txid } from "../base/ids.ts";
import { raiseFloor } from "./floor.ts";
import {
  entryOf,
  insertEntry,
  type Mempool,
  type MempoolEntry,
  relatives,
  removeEntry,
  removeWithDescendants,
} from "./mempool.ts";
import { dropRivals } from "./pending.ts";

/** An eviction makes more room than is needed now, so that it is not needed for each transaction. */
const EVICT_DOWN_TO = 0.95;

/** Transactions at the door, parents before children, and those that go for them, with all that hang on them. */
export interface Arrival {
  readonly entries: readonly MempoolEntry[];
  readonly replaced: ReadonlySet<Txid>;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
}

/**
 * Lets transactions in and out what has to go for them. When the mempool is too full, what pays least goes as well.
 * @returns  false when one of these was among that; none ever is when they replace others
 */
export function admit(pool: Mempool, { entries, replaced, now }: Arrival): boolean {
  for (const txid of replaced) removeEntry(pool, entryOf(pool, txid));
  for (const entry of entries) {
    insertEntry(pool, entry);
    dropRivals(pool.pending, entry.tx);
  }
  const txids = entries.map(({ txid }) => txid);
  // Were they turned away now, whoever keeps the mempool full could keep others from paying more.
  const spared = replaced.size > 0 ? relatives(pool, txids, "parents") : replaced;
  makeRoom(pool, spared, now);
  return txids.every((txid) => pool.entries.has(txid));
}

/** Evicts what pays least, counting each transaction with all that hang on it, and raises the price of coming in. */
function makeRoom(pool: Mempool, spared: ReadonlySet<Txid>, now: number): void {
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
    raiseFloor(pool, rate, now);
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
