import type { BlockHash } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { NODE_NETWORK } from "../../bitcoin/messages.ts";
import type { Chain } from "../chain.ts";
import { ancestorAt, forkOf, type HeaderNode } from "../headers.ts";
import { KEPT_BLOCKS } from "../pruned.ts";
import { type Peer, type Sync, type SyncEffect, send } from "./peer.ts";

/** Which peer is asked for which block, and how long each may take. All numbers here are policy, not protocol. */

/** Blocks ahead of what is linked that are asked for at once. */
const WINDOW_BLOCKS = 1024;
const BLOCKS_IN_FLIGHT_MAX = 16;
/** Time for one block, however its bytes trickle in. */
const BLOCK_TIMEOUT_MS = 30_000;
/** Time for the block that holds up the whole window, while others could go on. */
const STALL_TIMEOUT_MS = 2000;
/** Peers parted with double the time for the others, as it may be our own line that is slow. */
const PATIENCE_MAX = 32;
const PATIENCE_WITH_EACH_BLOCK = 0.85;
/** Peers that are asked for one block at once: whoever does not answer then holds nobody up. */
const PARALLEL_MAX = 3;
/** So far below its chain's end a block is one of the newest, and another peer is asked when one is slow. */
const NEAR_TIP_BLOCKS = 8;
const RETRY_MS = 2000;
/** A request this old takes nobody else's place any more. */
const FRESH_MS = 6000;

/** Asks each peer for blocks of its best chain that nobody was asked for yet, oldest first. */
export function assignBlocks(sync: Sync, now: number): readonly SyncEffect[] {
  const inFlight = new Set<BlockHash>();
  for (const peer of sync.peers) for (const hash of peer.blocks.keys()) inFlight.add(hash);
  const effects: SyncEffect[] = [];
  for (const peer of sync.peers) {
    const hashes = wantedFrom(sync, peer, inFlight, now);
    if (hashes.length === 0) continue;
    for (const hash of hashes) inFlight.add(hash);
    effects.push(request(sync, peer, hashes, now));
  }
  return effects;
}
function request({ brain: { chain } }: Sync, peer: Peer, hashes: readonly BlockHash[], now: number): SyncEffect {
  const kind = isForCompact(chain, peer, hashes) ? "compact_block" : "witness_block";
  for (const hash of hashes) noteRequest(peer, hash, now);
  return send(peer, { name: "getdata", inventory: hashes.map((id) => ({ kind, id }) as const) });
}

/** The mempool knows the next block's transactions at most: one block at a time, and only on top of our tip. */
function isForCompact({ index, tip }: Chain, peer: Peer, [hash, ...more]: readonly BlockHash[]): boolean {
  if (peer.compact === "none" || hash === undefined || more.length > 0) return false;
  return index.tree.nodes.get(hash)?.previous === tip;
}

/** The last block up to which everything of the peer's best chain is held; undefined when that chain is not for us. */
function heldUpTo({ index, tip }: Chain, peer: Peer): { best: HeaderNode; common: HeaderNode } | undefined {
  const { best } = peer;
  if (best === undefined || best.work <= tip.work || index.invalid.has(best)) return undefined;
  let common = forkOf(peer.common ?? tip, best);
  for (let next = ancestorAt(best, common.height + 1); next !== undefined && index.held.has(next); ) {
    common = next;
    next = ancestorAt(best, common.height + 1);
  }
  peer.common = common;
  return { best, common };
}

function wantedFrom(sync: Sync, peer: Peer, inFlight: ReadonlySet<BlockHash>, now: number): readonly BlockHash[] {
  const { chain } = sync.brain;
  const way = peer.blocks.size < BLOCKS_IN_FLIGHT_MAX ? heldUpTo(chain, peer) : undefined;
  if (way === undefined) return [];
  const { best, common } = way;
  const wanted: BlockHash[] = [];
  if (common.height + 1 <= best.height - KEPT_BLOCKS && keepsLastBlocks(peer)) return [];
  const end = Math.min(best.height, common.height + WINDOW_BLOCKS);
  for (let height = common.height + 1; height <= end; height++) {
    if (wanted.length + peer.blocks.size >= BLOCKS_IN_FLIGHT_MAX) break;
    const node = present(ancestorAt(best, height), "heights up to the peer's best");
    if (!chain.index.held.has(node) && !inFlight.has(node.hash)) wanted.push(node.hash);
  }
  if (wanted.length === 0 && end < best.height)
    noteStalling(sync, present(ancestorAt(best, common.height + 1), "below the end"), now);
  return wanted;
}

/** A pruned peer has the last blocks of its chain alone. */
const keepsLastBlocks = ({ version }: Peer): boolean => ((version?.services ?? NODE_NETWORK) & NODE_NETWORK) === 0n;

/** The window is full, and a peer would have room for more: whoever was asked for its first block has to hurry. */
function noteStalling({ peers }: Sync, { hash }: HeaderNode, now: number): void {
  for (const peer of peers) if (peer.blocks.has(hash)) peer.stalling ??= now;
}

/** Asked once more, a request keeps its first time. */
export function noteRequest(peer: Peer, hash: BlockHash, now: number): void {
  if (peer.blocks.size === 0) peer.blockAwaited = now;
  if (!peer.blocks.has(hash)) peer.blocks.set(hash, now);
}
/** The peer need not answer any more. */
export function dropRequest(peer: Peer, hash: BlockHash, now: number): void {
  const [first] = peer.blocks.keys();
  if (!peer.blocks.delete(hash) || first !== hash) return;
  peer.blockAwaited = now;
  peer.stalling = undefined;
}
export function noteBlockAnswered(sync: Sync, peer: Peer, hash: BlockHash, now: number): void {
  if (peer.blocks.has(hash)) sync.patience = Math.max(1, sync.patience * PATIENCE_WITH_EACH_BLOCK);
  dropRequest(peer, hash, now);
}

/** Whether a peer has kept us waiting for a block for too long. */
export function isLateWithBlocks({ patience }: Sync, peer: Peer, now: number): boolean {
  if (peer.blocks.size === 0) return false;
  if (peer.stalling !== undefined && now - peer.stalling >= STALL_TIMEOUT_MS * patience) return true;
  return now - peer.blockAwaited >= BLOCK_TIMEOUT_MS * patience;
}
/** While we did not look, nobody could answer: what is waited for is waited for anew. */
export function forgive(sync: Sync, now: number): void {
  sync.late = { ...sync.late, since: now };
  for (const peer of sync.peers) {
    peer.handshakeAwaited = now;
    if (peer.headersAsked !== undefined) peer.headersAsked = now;
    if (peer.ping !== undefined) peer.ping = { ...peer.ping, at: now };
    peer.blockAwaited = now;
    peer.stalling = undefined;
  }
}
/** After one that was late: were it our own line, we would part with one peer after the other. */
export function loseHeart(sync: Sync): void {
  sync.patience = Math.min(PATIENCE_MAX, sync.patience * 2);
}

/** Few at once, and the last place is for a peer that we dialled ourselves: those who dial us may all be one. */
export function mayFetch({ peers }: Sync, peer: Peer, hash: BlockHash, now: number): boolean {
  const others = [...peers].filter((other) => other !== peer && isFresh(other.blocks.get(hash), now));
  const isLast = others.length === PARALLEL_MAX - 1;
  return others.length < PARALLEL_MAX && (!isLast || [peer, ...others].some(({ inbound }) => !inbound));
}
const isFresh = (asked: number | undefined, now: number): boolean => asked !== undefined && now - asked < FRESH_MS;

/**
 * Asks another peer for one of the newest blocks when nobody who was asked for it has brought it in a while. So a single
 * honest peer among eight is asked for it within half a minute, whatever the others do.
 */
export function retryNearTip(sync: Sync, now: number): readonly SyncEffect[] {
  const effects: SyncEffect[] = [];
  const dialledFirst = [...sync.peers].sort((a, b) => Number(a.inbound) - Number(b.inbound));
  for (const peer of dialledFirst) {
    const way = heldUpTo(sync.brain.chain, peer);
    const front = way && ancestorAt(way.best, way.common.height + 1);
    if (front === undefined || front.height + NEAR_TIP_BLOCKS <= (way?.best.height ?? 0)) continue;
    const { hash } = front;
    const asked = dialledFirst.flatMap(({ blocks }) => blocks.get(hash) ?? []);
    if (peer.blocks.has(hash) || asked.some((at) => now - at < RETRY_MS) || !mayFetch(sync, peer, hash, now)) continue;
    effects.push(request(sync, peer, [hash], now));
  }
  return effects;
}
