import type { Txid } from "../../base/ids.ts";
import type { ClaimedTx } from "../../bitcoin/tx.ts";
import { entryByWtxid, waitingEntry } from "../mempool.ts";
import { nameOf } from "../verdict.ts";
import { alsoFrom } from "./orphans.ts";
import { disconnect, discourage, noteKnown, type Peer, type Sync, type SyncEffect, send, type TxName } from "./peer.ts";
import { retryOrphans, takeFrom } from "./take-tx.ts";
import { idFor } from "./transactions.ts";

/** Transactions that peers have told of: which one is asked for which, and what follows when it comes. Policy, not protocol. */
const TXS_IN_FLIGHT_MAX = 100;
const ANNOUNCED_TXS_MAX = 5000;
/** What one peer may have us run in vain. */
const SPOILT_MAX = 10;
const TX_TIMEOUT_MS = 60_000;

/** Notes what a peer announced, by the ids that it uses, and asks for it as far as the bounds allow. */
export function onAnnounced(sync: Sync, peer: Peer, ids: readonly Txid[], now: number): readonly SyncEffect[] {
  const kind = peer.byWtxid ? "wtx" : "witness_tx";
  for (const id of ids.slice(0, ANNOUNCED_TXS_MAX)) {
    noteKnown(peer, id);
    if (peer.announced.length < ANNOUNCED_TXS_MAX) peer.announced.push({ kind, id });
  }
  return askTxs(sync, peer, now);
}

/** Asks for announced transactions that are still new, a bounded number at a time. What another peer was asked for waits. */
export function askTxs(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const asked: TxName[] = [];
  const waiting: TxName[] = [];
  let looked = 0;
  for (const name of peer.announced) {
    if (peer.txs.size >= TXS_IN_FLIGHT_MAX) break;
    looked++;
    if (!isWanted(sync, peer, name)) continue;
    if (sync.txsInFlight.has(name.id)) waiting.push(name);
    else {
      peer.txs.set(name.id, now + TX_TIMEOUT_MS);
      sync.txsInFlight.add(name.id);
      asked.push(name);
    }
  }
  if (looked > waiting.length) peer.announced.splice(0, looked, ...waiting);
  return asked.length === 0 ? [] : [send(peer, { name: "getdata", inventory: asked })];
}
/** Of a transaction without witnesses both ids are one; nothing else can have an id of the other kind. */
function isWanted(sync: Sync, peer: Peer, { kind, id }: TxName): boolean {
  const { pool } = sync.brain;
  if (waitingEntry(pool, id) !== undefined || entryByWtxid(pool, id) !== undefined) return false;
  if (sync.refused.has(id) || sync.mined.has(id)) return false;
  if (alsoFrom(sync.orphans, peer, id)) return false;
  // A parent that pays too little is asked for by its txid once more when its child has come.
  return kind === "witness_tx" || !sync.reconsiderable.has(id);
}

/** A request is over: it was answered, or nobody waits for it any more. */
export function closeTxRequest({ txsInFlight }: Sync, peer: Peer, id: Txid): void {
  if (peer.txs.delete(id)) txsInFlight.delete(id);
}
/** Those that were not answered in time, or all of a peer that is gone. Others are asked instead, if they told of it. */
export function closeTxRequests(sync: Sync, peer: Peer, now = Number.POSITIVE_INFINITY): void {
  for (const [id, until] of peer.txs) if (now >= until) closeTxRequest(sync, peer, id);
}

export function onTx(sync: Sync, peer: Peer, tx: ClaimedTx, now: number): readonly SyncEffect[] {
  if (peer.purpose !== "relay") return [disconnect(peer, "sends a transaction where none are wanted")];
  const name = nameOf(tx);
  const isAsked = peer.txs.has(name.txid) || peer.txs.has(name.wtxid);
  for (const id of [name.txid, name.wtxid]) closeTxRequest(sync, peer, id);
  noteKnown(peer, idFor(peer, name));
  const { effects, lacks, spoilt } = takeFrom(sync, peer, tx, now);
  // With another witness each time it is another transaction, whose scripts cost us and nobody else.
  if (spoilt === true && !isAsked && ++peer.spoilt >= SPOILT_MAX) return [discourage(peer, "bad scripts unasked")];
  peer.announced.unshift(...lacks.map((id) => ({ kind: "witness_tx", id }) as const));
  peer.announced.splice(ANNOUNCED_TXS_MAX);
  return [...effects, ...retryOrphans(sync, now), ...askTxs(sync, peer, now)];
}
