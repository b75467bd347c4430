import type { BlockHash } from "../../base/ids.ts";
import { type BlockHeader, blockHashOf, type ClaimedBlock } from "../../bitcoin/block.ts";
import { type BitcoinMessageOf, HEADERS_MAX, PROTOCOL_VERSION } from "../../bitcoin/messages.ts";
import { workOf } from "../../bitcoin/pow.ts";
import { takeBlock, takeVerdict } from "../brain.ts";
import { acceptHeaders, type Chain, type ChainUpdate, type WaitingBlock } from "../chain.ts";
import type { BlockFault } from "../faults.ts";
import { hashBlock } from "../hashed-block.ts";
import { type HeaderNode, isAncestor, locatorOf } from "../headers.ts";
import { announceTip, chainHeaders, chooseAnnouncer } from "./announce.ts";
import { assignBlocks, dropRequest, noteBlockAnswered } from "./fetch.ts";
import { better, discourage, type Peer, type Sync, type SyncEffect, send, ZEROS } from "./peer.ts";
import { isPoor, screenHeaders } from "./presync.ts";
import { rememberBlocks } from "./take-tx.ts";

/** Headers that fit nowhere, in a row, before we stop talking. */
const UNCONNECTED_MAX = 10;

/** Asks for what the peer has beyond a header, our best one if no other is named; once, until it answers. */
export function askHeaders({ brain }: Sync, peer: Peer, now: number, beyond?: HeaderNode): readonly SyncEffect[] {
  if (peer.headersAsked !== undefined) return [];
  peer.headersAsked = now;
  const locator = locatorOf(beyond ?? brain.chain.index.bestHeader);
  return [send(peer, { name: "getheaders", version: PROTOCOL_VERSION, locator, stop: ZEROS })];
}
/**
 * The first question to a peer begins a block before those that we hold. We may know the headers of those that we lack from
 * somebody who is gone: beyond our best header this peer would show nothing, and would never be asked for their blocks.
 */
export function askFirstHeaders(sync: Sync, peer: Peer, now: number): readonly SyncEffect[] {
  const { tip, index } = sync.brain.chain;
  // Of a chain of which we know all headers and hold few blocks, they are not all told once more.
  const from = index.bestHeader.height - tip.height < HEADERS_MAX ? tip : index.bestHeader;
  return askHeaders(sync, peer, now, from.previous ?? from);
}

/** @param taken  what follows when headers were taken in: their blocks are asked for, where blocks are kept */
export function onHeaders(
  sync: Sync,
  peer: Peer,
  { headers }: BitcoinMessageOf<"headers">,
  now: number,
  taken = () => assignBlocks(sync, now),
): readonly SyncEffect[] {
  peer.headersAsked = undefined;
  if (headers.length === 0) {
    peer.presync = undefined;
    return [];
  }
  // What is found out of the first or the last of them is then true of all.
  if (!areInLine(headers)) return [discourage(peer, "headers that are no chain")];
  const instead = screenHeaders(sync, peer, headers, now);
  if (instead !== undefined) return instead;
  const { last, fault } = acceptHeaders(sync.brain.chain, headers, Math.floor(now / 1000));
  if (last !== undefined) peer.best = better(peer.best, last);
  if (fault?.code === "prev-blk-not-found" && last === undefined) {
    peer.unconnected++;
    return peer.unconnected > UNCONNECTED_MAX ? [discourage(peer, fault.code)] : askHeaders(sync, peer, now);
  }
  // A clock that runs ahead is no crime: its blocks are welcome later.
  if (fault !== undefined) return fault.code === "time-too-new" ? [] : [discourage(peer, fault.code)];
  peer.unconnected = 0;
  return [...(headers.length === HEADERS_MAX ? askHeaders(sync, peer, now, last) : []), ...taken()];
}

const areInLine = (headers: readonly BlockHeader[]): boolean =>
  headers.every(({ previous }, at) => at === 0 || previous === blockHashOf(headers[at - 1] as BlockHeader));

/** Asks for the headers up to blocks that a peer announces by their hashes, or for the blocks when we know those. */
export function onBlocksAnnounced(
  sync: Sync,
  peer: Peer,
  hashes: readonly BlockHash[],
  now: number,
): readonly SyncEffect[] {
  const nodes = hashes.map((hash) => sync.brain.chain.index.tree.nodes.get(hash));
  for (const node of nodes) if (node !== undefined) peer.best = better(peer.best, node);
  // However many unknown blocks are announced, one question finds them all.
  const questions = nodes.includes(undefined) ? askHeaders(sync, peer, now) : [];
  return [...questions, ...(hashes.length > 0 ? assignBlocks(sync, now) : [])];
}

export function onBlock(sync: Sync, peer: Peer, block: ClaimedBlock, now: number): readonly SyncEffect[] {
  const hashed = hashBlock(block);
  const { chain } = sync.brain;
  if (!peer.blocks.has(hashed.hash) && isBehind(chain, block)) return [];
  const known = chain.index.tree.nodes.get(hashed.hash);
  if (known === undefined || !chain.index.held.has(known)) sync.bringers.set(hashed.hash, peer);
  const taken = takeBlock(sync.brain, hashed, Math.floor(now / 1000));
  if (!taken.ok) {
    const { code } = taken.error;
    sync.bringers.delete(hashed.hash);
    if (code === "prev-blk-not-found" && !peer.blocks.has(hashed.hash)) return askHeaders(sync, peer, now);
    return code === "time-too-new" ? [] : [discourage(peer, code)];
  }
  return blockTaken(sync, peer, hashed.hash, taken.value, now);
}

/** What follows from the verdict on the scripts of a block that waited for it. */
export function onVerdict(
  sync: Sync,
  waiting: WaitingBlock,
  fault: BlockFault | undefined,
  now: number,
): readonly SyncEffect[] {
  const bringer = sync.bringers.get(waiting.node.hash);
  const update = takeVerdict(sync.brain, waiting, fault, Math.floor(now / 1000));
  return [...followed(sync, update, waiting.node, bringer), ...assignBlocks(sync, now)];
}

/** What follows when a peer has brought a block, whole or compactly, that was not refused at once. */
export function blockTaken(
  sync: Sync,
  peer: Peer,
  hash: BlockHash,
  update: ChainUpdate,
  now: number,
): readonly SyncEffect[] {
  noteBlockAnswered(sync, peer, hash, now);
  // Nobody needs to answer for single transactions of it any more.
  for (const other of sync.peers) if (other.partials.delete(hash)) dropRequest(other, hash, now);
  const node = sync.brain.chain.index.tree.nodes.get(hash);
  if (node !== undefined) peer.best = better(peer.best, node);
  return [...followed(sync, update, node, peer), ...assignBlocks(sync, now)];
}

/** What a change of the chain means for the peers, one of which brought the newest block. */
function followed(
  sync: Sync,
  update: ChainUpdate,
  newest: HeaderNode | undefined,
  bringer: Peer | undefined,
): readonly SyncEffect[] {
  const { index, tip, waiting } = sync.brain.chain;
  const { connected, disconnected, rejected } = update;
  const effects: SyncEffect[] = [];
  for (const { hash, fault } of rejected) {
    const guilty = sync.bringers.get(hash);
    if (guilty !== undefined) effects.push(discourage(guilty, fault.code));
    sync.bringers.delete(hash);
  }
  for (const { hash } of connected) sync.bringers.delete(hash);
  rememberBlocks(sync, update);
  if (connected.length > 0 || disconnected.length > 0) {
    effects.push({ tag: "TipChanged" }, ...announceTip(sync));
  }
  if (bringer !== undefined && connected.length > 0 && newest === tip && tip === index.bestHeader)
    effects.push(...chooseAnnouncer(sync, bringer));
  if (waiting !== undefined) effects.push({ tag: "VerifyScripts", waiting });
  return effects;
}

/** A block that nobody asked for on a chain with less work than ours, or than is worth while: it would only fill the disk. */
function isBehind(chain: Chain, { header }: Pick<ClaimedBlock, "header">): boolean {
  const parent = chain.index.tree.nodes.get(header.previous);
  return parent !== undefined && (parent.work + workOf(header.bits) < chain.tip.work || isPoor(chain, header));
}

/** The headers of our best chain after the newest hash of the locator that is in it. */
export function answerLocator(
  { tip, index }: Chain,
  { locator, stop }: Pick<BitcoinMessageOf<"getheaders">, "locator" | "stop">,
  limit: number,
): readonly HeaderNode["header"][] {
  const isOurs = (node: HeaderNode | undefined): node is HeaderNode => node !== undefined && isAncestor(node, tip);
  const from = locator.map((hash) => index.tree.nodes.get(hash)).find(isOurs)?.height ?? 0;
  const end = index.tree.nodes.get(stop);
  return chainHeaders(tip, from + 1, Math.min(isOurs(end) ? end.height : tip.height, from + limit));
}
