import type { Txid } from "../../base/ids.ts";
import { INVENTORY_MAX } from "../../bitcoin/messages.ts";
import { type Tx, txidOf, wtxidOf } from "../../bitcoin/tx.ts";
import { takeTx } from "../brain.ts";
import type { MempoolEntry } from "../mempool.ts";
import type { MempoolFault } from "../mempool-fault.ts";
import {
  ANNOUNCED_TXS_MAX,
  noteKnown,
  type Peer,
  type Sync,
  type SyncEffect,
  send,
  TX_TIMEOUT_MS,
  TXS_IN_FLIGHT_MAX,
} from "./peer.ts";

/** Tells a peer what waits in our mempool, parents first, as far as it wants to hear of it. */
export function offerMempool({ brain }: Sync, peer: Peer): readonly SyncEffect[] {
  const offered = [...brain.pool.entries.values()].filter((entry) => isNewTo(peer, entry)).slice(0, INVENTORY_MAX);
  return offer(peer, offered);
}
const isNewTo = (peer: Peer, entry: MempoolEntry): boolean =>
  !peer.known.has(idFor(peer, entry)) && entry.fee * 1000n >= peer.feeFilter * BigInt(entry.vsize);
/** What the peer calls a transaction. */
const idFor = ({ byWtxid }: Peer, { txid, wtxid }: Pick<MempoolEntry, "txid" | "wtxid">): Txid =>
  byWtxid ? wtxid : txid;
function offer(peer: Peer, entries: readonly MempoolEntry[]): readonly SyncEffect[] {
  if (entries.length === 0) return [];
  const ids = entries.map((entry) => idFor(peer, entry));
  for (const id of ids) noteKnown(peer, id);
  const kind = peer.byWtxid ? "wtx" : "tx";
  return [send(peer, { name: "inv", inventory: ids.map((id) => ({ kind, id })) })];
}

/** Tells all peers of a transaction that came into our mempool. */
export function announceTx({ brain, peers }: Sync, txid: Txid): readonly SyncEffect[] {
  const entry = brain.pool.entries.get(txid);
  if (entry === undefined) return [];
  return [...peers].filter((peer) => peer.ready && isNewTo(peer, entry)).flatMap((peer) => offer(peer, [entry]));
}

/** Notes what a peer announced, by the ids that it uses, and asks for it as far as the bounds allow. */
export function onAnnounced(sync: Sync, peer: Peer, ids: readonly Txid[], now: number): readonly SyncEffect[] {
  for (const id of ids) noteKnown(peer, id);
  peer.announced.push(...ids.slice(0, ANNOUNCED_TXS_MAX - peer.announced.length));
  return askTxs(sync, peer, now);
}
/** Asks for announced transactions that are still new, a bounded number at a time. */
export function askTxs(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const wanted: Txid[] = [];
  let looked = 0;
  for (const id of peer.announced) {
    if (peer.txs.size >= TXS_IN_FLIGHT_MAX) break;
    looked++;
    if (!isWanted(sync, id)) continue;
    peer.txs.set(id, now + TX_TIMEOUT_MS);
    wanted.push(id);
  }
  peer.announced.splice(0, looked);
  if (wanted.length === 0) return [];
  const kind = peer.byWtxid ? "wtx" : "witness_tx";
  return [send(peer, { name: "getdata", inventory: wanted.map((id) => ({ kind, id })) })];
}
/** Of a transaction without witnesses both ids are one; nothing else can have an id of the other kind. */
function isWanted({ brain: { pool, chain }, peers, refused }: Sync, id: Txid): boolean {
  if (pool.entries.has(id) || pool.wtxids.has(id) || refused.has(id)) return false;
  if (chain.storage.place(id) !== undefined) return false;
  for (const { txs } of peers) if (txs.has(id)) return false;
  return true;
}

export function onTx(sync: Sync, peer: Peer, tx: Tx, now: number): readonly SyncEffect[] {
  const txid = txidOf(tx);
  const wtxid = wtxidOf(tx);
  for (const id of [txid, wtxid]) peer.txs.delete(id);
  noteKnown(peer, idFor(peer, { txid, wtxid }));
  const taken = takeTx(sync.brain, tx, Math.floor(now / 1000));
  const more = askTxs(sync, peer, now);
  if (taken.ok) return taken.value.fresh ? [{ tag: "TxTaken" }, ...announceTx(sync, txid), ...more] : more;
  const { refused } = sync;
  if (refused.size >= REFUSED_MAX) refused.clear();
  const { code } = taken.error;
  // Its parents may yet come.
  if (code === "bad-txns-inputs-missingorspent") return more;
  // With its witness stripped it has the txid of the whole one, about which that says nothing.
  if (!OF_THE_WITNESS.has(code)) refused.add(txid);
  if (!OF_THE_WITNESS.has(code) || wtxid !== txid) refused.add(wtxid);
  return more;
}
/** The same txid may yet come with a better witness. */
const OF_THE_WITNESS: ReadonlySet<MempoolFault["code"]> = new Set<MempoolFault["code"]>([
  "mandatory-script-verify-flag-failed",
  "bad-witness-nonstandard",
  "tx-size",
]);
const REFUSED_MAX = 50_000;
