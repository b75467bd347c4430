import type { Txid } from "../../base/ids.ts";
import { INVENTORY_MAX } from "../../bitcoin/messages.ts";
import { type MempoolEntry, waitingEntry } from "../mempool.ts";
import { parentCame } from "./orphans.ts";
import { noteKnown, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";

/** Tells a peer what waits in our mempool, parents first, as far as it wants to hear of it. */
export function offerMempool({ brain }: Sync, peer: Peer): readonly SyncEffect[] {
  const offered = [...brain.pool.entries.values()].filter((entry) => isNewTo(peer, entry)).slice(0, INVENTORY_MAX);
  return offer(peer, offered);
}
const isNewTo = (peer: Peer, entry: MempoolEntry): boolean =>
  peer.wantsTxs && !peer.known.has(idFor(peer, entry)) && entry.fee * 1000n >= peer.feeFilter * BigInt(entry.vsize);
/** What the peer calls a transaction. */
export const idFor = ({ byWtxid }: Peer, { txid, wtxid }: Pick<MempoolEntry, "txid" | "wtxid">): Txid =>
  byWtxid ? wtxid : txid;
function offer(peer: Peer, entries: readonly MempoolEntry[]): readonly SyncEffect[] {
  if (entries.length === 0) return [];
  const ids = entries.map((entry) => idFor(peer, entry));
  for (const id of ids) noteKnown(peer, id);
  const kind = peer.byWtxid ? "wtx" : "tx";
  return [send(peer, { name: "inv", inventory: ids.map((id) => ({ kind, id })) })];
}

/** Tells all peers of a transaction that came into our mempool. Orphans that wait for it will be tried again. */
export function announceTx({ brain, peers, orphans }: Sync, txid: Txid): readonly SyncEffect[] {
  parentCame(orphans, txid);
  const entry = waitingEntry(brain.pool, txid);
  if (entry === undefined) return [];
  return [...peers].filter((peer) => peer.ready && isNewTo(peer, entry)).flatMap((peer) => offer(peer, [entry]));
}
