import type { Txid } from "../base/ids.ts";
import {
  entryOf,
  INCREMENTAL_RELAY_FEE,
  insertEntry,
  type Mempool,
  type MempoolEntry,
  relatives,
  removeEntry,
} from "./mempool.ts";

/** An eviction makes more room than is needed now, so that it is not needed for each transaction. */
const EVICT_DOWN_TO = 0.95;

/** A transaction at the door, and those that go for it, with all that hang on them. */
export interface Arrival {
  readonly entry: MempoolEntry;
  readonly replaced: ReadonlySet<Txid>;
}

/**
 * Lets a transaction in and out what has to go for it. When the mempool is too full, what pays least goes as well, each
 * transaction counted with all that hang on it, and the price of coming in rises.
 * @returns  false when the transaction itself is among those that pay least. If it was to replace others, they stay, and
 *           nothing is changed
 */
export function admit(pool: Mempool, arrival: Arrival): boolean {
  const { entry, replaced } = arrival;
  const { leaving, price } = poorest(pool, arrival);
  const stays = !leaving.has(entry);
  if (!stays && replaced.size > 0) return false;
  for (const txid of replaced) removeEntry(pool, entryOf(pool, txid));
  insertEntry(pool, entry);
  for (const each of leaving) removeEntry(pool, each);
  if (price > pool.floor) pool.floor = price;
  return stays;
}

/** What is too much once the arrival is in, and what coming in costs from then on: sat per 1,000 virtual bytes. */
function poorest(
  pool: Mempool,
  arrival: Arrival,
): { readonly leaving: ReadonlySet<MempoolEntry>; readonly price: bigint } {
  const { entry, replaced } = arrival;
  const { vsizeMax } = pool.policy;
  const leaving = new Set<MempoolEntry>();
  let vsize = pool.vsize + entry.vsize;
  for (const txid of replaced) vsize -= entryOf(pool, txid).vsize;
  if (vsize <= vsizeMax) return { leaving, price: 0n };
  const familyOf = families(pool, arrival);
  const staying = [...pool.entries.values()].filter(({ txid }) => !replaced.has(txid));
  const scored = [...staying, entry].map((root) => ({ root, rate: rateOf(root, familyOf(root)) }));
  scored.sort((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0));
  let price = 0n;
  for (const { root, rate } of scored) {
    if (vsize <= vsizeMax * EVICT_DOWN_TO) break;
    if (leaving.has(root)) continue;
    for (const each of familyOf(root)) {
      if (leaving.has(each)) continue;
      leaving.add(each);
      vsize -= each.vsize;
    }
    if (rate + INCREMENTAL_RELAY_FEE > price) price = rate + INCREMENTAL_RELAY_FEE;
  }
  return { leaving, price };
}

/** An entry and all that will hang on it once the arrival is in and what it replaces is gone. */
function families(pool: Mempool, { entry, replaced }: Arrival): (root: MempoolEntry) => readonly MempoolEntry[] {
  const ancestors = relatives(pool, entry.parents, "parents");
  return (root) => {
    if (root === entry) return [entry];
    const found = [...relatives(pool, [root.txid], "children")].filter((txid) => !replaced.has(txid));
    const family = found.map((txid) => entryOf(pool, txid));
    return ancestors.has(root.txid) ? [...family, entry] : family;
  };
}

/** Sat per 1,000 virtual bytes of an entry with all that hang on it, or of itself if that is more. */
function rateOf(root: MempoolEntry, family: readonly MempoolEntry[]): bigint {
  let fee = 0n;
  let vsize = 0n;
  for (const each of family) {
    fee += each.fee;
    vsize += BigInt(each.vsize);
  }
  const own = (root.fee * 1000n) / BigInt(root.vsize);
  const all = (fee * 1000n) / vsize;
  return own > all ? own : all;
}
