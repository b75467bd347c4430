import type { Txid } from "../../base/ids.ts";
import { type ClaimedTx, weightOf } from "../../bitcoin/tx.ts";
import { nameOf } from "../verdict.ts";
import type { Peer } from "./peer.ts";

/** A transaction that spends of others which have not come yet. */
export interface Orphan {
  readonly tx: ClaimedTx;
  readonly txid: Txid;
  readonly wtxid: Txid;
  readonly weight: number;
  /** When it came, in milliseconds. */
  readonly since: number;
  /** Peers that have told of it: it is kept as long as one of them has room for it. */
  readonly from: Set<Peer>;
}
/** Orphans, oldest first, each at the expense of the peers that told of it. Mutable. */
export interface Orphans {
  readonly byWtxid: Map<Txid, Orphan>;
  /** Those that spend of a transaction, whether that is missing or not. */
  readonly byParent: Map<Txid, Set<Orphan>>;
  readonly shares: Map<Peer, Share>;
  /** To be tried again, as a parent has come. */
  readonly ready: Set<Orphan>;
  weight: number;
}
interface Share {
  readonly orphans: Set<Orphan>;
  weight: number;
}
/** Policy, not protocol: of one peer, and of all together. */
const PEER_ORPHANS_MAX = 100;
const PEER_WEIGHT_MAX = 800_000;
const ORPHANS_MAX = 1000;
const WEIGHT_MAX = 4_000_000;
const ORPHAN_AGE_MS = 20 * 60 * 1000;

export const noOrphans = (): Orphans => ({
  byWtxid: new Map(),
  byParent: new Map(),
  shares: new Map(),
  ready: new Set(),
  weight: 0,
});

/** Keeps an orphan that a peer has brought. Where room is lacking the oldest one of the greediest peer goes. */
export function addOrphan(orphans: Orphans, peer: Peer, tx: ClaimedTx, now: number): void {
  const name = nameOf(tx);
  if (!alsoFrom(orphans, peer, name.wtxid)) {
    const orphan: Orphan = { tx, ...name, weight: weightOf(tx), since: now, from: new Set() };
    orphans.byWtxid.set(name.wtxid, orphan);
    orphans.weight += orphan.weight;
    for (const { prevout } of tx.inputs) childrenOf(orphans, prevout.txid).add(orphan);
    share(orphans, peer, orphan);
  }
  while (orphans.byWtxid.size > ORPHANS_MAX || orphans.weight > WEIGHT_MAX) dropOldest(orphans, greediest(orphans));
}
/** Notes that a peer has told of an orphan, if it is one. */
export function alsoFrom(orphans: Orphans, peer: Peer, wtxid: Txid): boolean {
  const orphan = orphans.byWtxid.get(wtxid);
  if (orphan === undefined) return false;
  share(orphans, peer, orphan);
  return true;
}
function childrenOf({ byParent }: Orphans, parent: Txid): Set<Orphan> {
  const children = byParent.get(parent) ?? new Set();
  byParent.set(parent, children);
  return children;
}
function share(orphans: Orphans, peer: Peer, orphan: Orphan): void {
  if (orphan.from.has(peer)) return;
  const own = orphans.shares.get(peer) ?? { orphans: new Set(), weight: 0 };
  orphans.shares.set(peer, own);
  orphan.from.add(peer);
  own.orphans.add(orphan);
  own.weight += orphan.weight;
  while (own.orphans.size > PEER_ORPHANS_MAX || own.weight > PEER_WEIGHT_MAX) dropOldest(orphans, peer);
}
function greediest({ shares }: Orphans): Peer | undefined {
  let most: [Peer, Share] | undefined;
  for (const each of shares) if (most === undefined || each[1].weight > most[1].weight) most = each;
  return most?.[0];
}
function dropOldest(orphans: Orphans, peer: Peer | undefined): void {
  const [oldest] = (peer && orphans.shares.get(peer)?.orphans) ?? [];
  if (peer !== undefined && oldest !== undefined) unshare(orphans, peer, oldest);
}
function unshare(orphans: Orphans, peer: Peer, orphan: Orphan): void {
  const own = orphans.shares.get(peer);
  if (own?.orphans.delete(orphan)) own.weight -= orphan.weight;
  if (own?.orphans.size === 0) orphans.shares.delete(peer);
  orphan.from.delete(peer);
  if (orphan.from.size === 0) remove(orphans, orphan);
}
function remove(orphans: Orphans, orphan: Orphan): void {
  if (!orphans.byWtxid.delete(orphan.wtxid)) return;
  orphans.weight -= orphan.weight;
  orphans.ready.delete(orphan);
  for (const { prevout } of orphan.tx.inputs) {
    const children = orphans.byParent.get(prevout.txid);
    children?.delete(orphan);
    if (children?.size === 0) orphans.byParent.delete(prevout.txid);
  }
}

/** It is no orphan any more, or never will be anything else. */
export function dropOrphan(orphans: Orphans, orphan: Orphan): void {
  for (const peer of [...orphan.from]) unshare(orphans, peer, orphan);
}
/** A peer is gone, and what it alone told of. */
export function dropOrphansOf(orphans: Orphans, peer: Peer): void {
  for (const orphan of [...(orphans.shares.get(peer)?.orphans ?? [])]) unshare(orphans, peer, orphan);
}
export function dropOldOrphans(orphans: Orphans, now: number): void {
  for (const orphan of orphans.byWtxid.values()) {
    if (now - orphan.since < ORPHAN_AGE_MS) return;
    dropOrphan(orphans, orphan);
  }
}

/** A transaction has come into the mempool or the chain: what spends of it is worth another try. */
export function parentCame({ byParent, ready }: Orphans, txid: Txid): void {
  for (const orphan of byParent.get(txid) ?? []) ready.add(orphan);
}
/** The next one to try again; it stays an orphan until it is dropped. */
export function nextReady({ ready }: Orphans): Orphan | undefined {
  const [orphan] = ready;
  if (orphan !== undefined) ready.delete(orphan);
  return orphan;
}
/** Orphans that spend of a transaction, those of this peer first and the newest of each first. */
export const orphansOn = ({ byParent }: Orphans, parent: Txid, peer: Peer): readonly Orphan[] =>
  [...(byParent.get(parent) ?? [])].reverse().sort((a, b) => Number(b.from.has(peer)) - Number(a.from.has(peer)));
