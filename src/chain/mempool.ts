import { type Outpoint, outpointKey, type Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import type { Sat } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { Coin } from "./coins.ts";
import { noFloor, type RisenFloor } from "./floor.ts";
import { type Journal, notePoolChange } from "./journal.ts";
import { noPending, type Pending } from "./pending-pool.ts";

/** A transaction that waits to be mined, and which others it hangs on and hang on it. */
export interface MempoolEntry {
  readonly tx: Tx;
  readonly txid: Txid;
  readonly wtxid: Txid;
  readonly fee: Sat;
  readonly weight: number;
  /** Virtual bytes for relay and mining; more than the weight says where there are many signature checks. */
  readonly vsize: number;
  readonly sigopCost: number;
  /** When it came: seconds since 1970-01-01 UTC, and the height of the tip. */
  readonly time: number;
  readonly height: number;
  /** Direct ones within the mempool. */
  readonly parents: Set<Txid>;
  readonly children: Set<Txid>;
}

/** Policy, not protocol. */
export interface MempoolPolicy {
  /** Sat per 1,000 virtual bytes. */
  readonly minRelayFee: bigint;
  /** Virtual bytes of the whole mempool; no less than `chainVsizeMax`. */
  readonly vsizeMax: number;
  /** Seconds after which a transaction that nobody mined is forgotten. */
  readonly expiryS: number;
  /** Unconfirmed ancestors or descendants of any transaction, itself included. */
  readonly chainCountMax: number;
  /** Virtual bytes of the same. */
  readonly chainVsizeMax: number;
  /** Whether transactions of version 1 that are not final wait, and give way to higher sequences; for play money. */
  readonly sequenceReplacement: boolean;
}
export const DEFAULT_POLICY: MempoolPolicy = {
  // A tenth of a sat per virtual byte, as Bitcoin Core has it since 29.1: a node that asks for more does not know what
  // miners will take, and puts compact blocks together worse.
  minRelayFee: 100n,
  vsizeMax: 20_000_000,
  expiryS: 14 * 24 * 60 * 60,
  chainCountMax: 25,
  chainVsizeMax: 101_000,
  sequenceReplacement: false,
};

/** The fee of so many virtual bytes, rounded up. Rate in sat per 1,000 of them. */
export const feeAt = (rate: bigint, vsize: number): bigint => (rate * BigInt(vsize) + 999n) / 1000n;

/** Transactions that could be in the next block together. Parents stand before children. Mutable. */
export interface Mempool {
  readonly policy: MempoolPolicy;
  readonly entries: Map<Txid, MempoolEntry>;
  /** The txid behind a wtxid. */
  readonly wtxids: Map<Txid, Txid>;
  /** Who spends an outpoint. */
  readonly spenders: Map<string, Txid>;
  /** Virtual bytes of all entries. */
  vsize: number;
  /** What it costs to come in beyond the relay fee, since the mempool was full. */
  readonly risen: RisenFloor;
  /** What is not final yet, where policy lets it wait. */
  readonly pending: Pending;
  /** Rises with each transaction that comes or leaves. */
  sequence: bigint;
  /** Of those who want to know. */
  readonly journals: Set<Journal>;
}
export const mempool = (policy: MempoolPolicy = DEFAULT_POLICY): Mempool => ({
  policy,
  entries: new Map(),
  wtxids: new Map(),
  spenders: new Map(),
  vsize: 0,
  risen: noFloor(),
  pending: noPending(),
  sequence: 1n,
  journals: new Set(),
});

/** The waiting transaction that spends an outpoint. */
export function spenderOf(pool: Mempool, outpoint: Outpoint): Tx | undefined {
  const txid = pool.spenders.get(outpointKey(outpoint));
  return txid === undefined ? undefined : entryOf(pool, txid).tx;
}

/** What waits under this txid, also for its time. */
export const waitingEntry = ({ entries, pending }: Mempool, txid: Txid): MempoolEntry | undefined =>
  entries.get(txid) ?? pending.txs.get(txid)?.entry;
/** The same by its wtxid. */
export function entryByWtxid(pool: Mempool, wtxid: Txid): MempoolEntry | undefined {
  const txid = pool.wtxids.get(wtxid) ?? pool.pending.wtxids.get(wtxid);
  return txid === undefined ? undefined : waitingEntry(pool, txid);
}

/** The coin that one of these transactions would create, standing in the next block. */
export function unconfirmedCoin(
  entries: ReadonlyMap<Txid, MempoolEntry>,
  { txid, vout }: Outpoint,
  nextHeight: number,
): Coin | undefined {
  const output = entries.get(txid)?.tx.outputs[vout];
  return output === undefined ? undefined : { output, height: nextHeight, coinbase: false };
}

export function insertEntry(pool: Mempool, entry: MempoolEntry): void {
  pool.entries.set(entry.txid, entry);
  pool.wtxids.set(entry.wtxid, entry.txid);
  pool.vsize += entry.vsize;
  for (const { prevout } of entry.tx.inputs) pool.spenders.set(outpointKey(prevout), entry.txid);
  for (const parent of entry.parents) entryOf(pool, parent).children.add(entry.txid);
  notePoolChange(pool.journals, { tag: "TxAdded", entry, sequence: pool.sequence++ });
}

/** Takes out one entry alone: its children lose a parent (it was mined) or are taken out as well by the caller. */
export function removeEntry(pool: Mempool, entry: MempoolEntry, why?: "mined"): void {
  pool.entries.delete(entry.txid);
  pool.wtxids.delete(entry.wtxid);
  pool.vsize -= entry.vsize;
  for (const { prevout } of entry.tx.inputs) pool.spenders.delete(outpointKey(prevout));
  for (const parent of entry.parents) pool.entries.get(parent)?.children.delete(entry.txid);
  for (const child of entry.children) pool.entries.get(child)?.parents.delete(entry.txid);
  const sequence = pool.sequence++;
  if (why !== "mined") notePoolChange(pool.journals, { tag: "TxRemoved", entry, sequence });
}

export function removeWithDescendants(pool: Mempool, entry: MempoolEntry): void {
  for (const txid of relatives(pool, [entry.txid], "children")) removeEntry(pool, entryOf(pool, txid));
}

/** The given entries and all that hang on them (`children`) or that they hang on (`parents`). */
export function relatives(pool: Mempool, from: Iterable<Txid>, which: "parents" | "children"): ReadonlySet<Txid> {
  const found = new Set<Txid>(from);
  // A set being iterated over also visits what is added meanwhile.
  for (const txid of found) for (const next of entryOf(pool, txid)[which]) found.add(next);
  return found;
}

export const entryOf = (pool: Mempool, txid: Txid): MempoolEntry =>
  present(pool.entries.get(txid), "relatives in the mempool are in the mempool");
