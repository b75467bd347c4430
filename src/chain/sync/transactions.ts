import type { Txid } from "../../base/ids.ts";
import { INVENTORY_MAX } from "../../bitcoin/messages.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { MempoolFault } from "../accept-tx.ts";
import { takeTx } from "../brain.ts";
import type { MempoolEntry } from "../mempool.ts";
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
const isNewTo = (peer: Peer, { txid, fee, vsize }: MempoolEntry): boolean =>
  !peer.known.has(txid) && fee * 1000n >= peer.feeFilter * BigInt(vsize);
function offer(peer: Peer, entries: readonly MempoolEntry[]): readonly SyncEffect[] {
  if (entries.length === 0) return [];
  for (const { txid } of entries) noteKnown(peer, txid);
  return [send(peer, { name: "inv", inventory: entries.map(({ txid }) => ({ kind: "tx", id: txid })) })];
}

/** Tells all peers of a transaction that came into our mempool. */
export function announceTx({ brain, peers }: Sync, txid: Txid): readonly SyncEffect[] {
  const entry = brain.pool.entries.get(txid);
  if (entry === undefined) return [];
  return [...peers].filter((peer) => peer.ready && isNewTo(peer, entry)).flatMap((peer) => offer(peer, [entry]));
}

/** Notes what a peer announced, and asks for it as far as the bounds allow. */
export function onAnnounced(sync: Sync, peer: Peer, txids: readonly Txid[], now: number): readonly SyncEffect[] {
  for (const txid of txids) noteKnown(peer, txid);
  peer.announced.push(...txids.slice(0, ANNOUNCED_TXS_MAX - peer.announced.length));
  return askTxs(sync, peer, now);
}
/** Asks for announced transactions that are still new, a bounded number at a time. */
export function askTxs(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const wanted: Txid[] = [];
  let looked = 0;
  for (const txid of peer.announced) {
    if (peer.txs.size >= TXS_IN_FLIGHT_MAX) break;
    looked++;
    if (!isWanted(sync, txid)) continue;
    peer.txs.set(txid, now + TX_TIMEOUT_MS);
    wanted.push(txid);
  }
  peer.announced.splice(0, looked);
  if (wanted.length === 0) return [];
  return [send(peer, { name: "getdata", inventory: wanted.map((id) => ({ kind: "witness_tx", id })) })];
}
function isWanted({ brain, peers, refused }: Sync, txid: Txid): boolean {
  if (brain.pool.entries.has(txid) || refused.has(txid) || brain.chain.storage.place(txid) !== undefined) return false;
  for (const { txs } of peers) if (txs.has(txid)) return false;
  return true;
}

export function onTx(sync: Sync, peer: Peer, tx: Tx, now: number): readonly SyncEffect[] {
  const txid = txidOf(tx);
  peer.txs.delete(txid);
  noteKnown(peer, txid);
  const taken = takeTx(sync.brain, tx, Math.floor(now / 1000));
  const more = askTxs(sync, peer, now);
  if (taken.ok) return taken.value.fresh ? [{ tag: "TxTaken" }, ...announceTx(sync, txid), ...more] : more;
  const { refused } = sync;
  if (refused.size >= REFUSED_MAX) refused.clear();
  if (!RETRIABLE.has(taken.error.code)) refused.add(txid);
  return more;
}
/** The same txid may yet come with its parents, or with a better witness. */
const RETRIABLE: ReadonlySet<MempoolFault["code"]> = new Set<MempoolFault["code"]>([
  "bad-txns-inputs-missingorspent",
  "mandatory-script-verify-flag-failed",
  "bad-witness-nonstandard",
  "tx-size",
]);
const REFUSED_MAX = 50_000;
