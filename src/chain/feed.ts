import { type Outpoint, outpointKey } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import type { Block } from "../bitcoin/block.ts";
import type { Tx } from "../bitcoin/tx.ts";
import type { BlockRef, ChainEvent, SpendSeen, Watch } from "./events.ts";
import { ancestorAt, forkOf, type HeaderNode, type HeaderTree, isAncestor } from "./headers.ts";
import { addWatch, isWatched, matchBlock, matchWaiting, type WatchList, watchList } from "./watch.ts";

/**
 * One listener's way along the best chain. It holds the block up to which everything was told; whatever the chain has
 * become since, the next event follows from that block and the tip alone. So nothing is lost by restarts, delays or
 * reorganisations in between. Only what waits in the mempool is told as it comes. Mutable.
 */
export interface Feed {
  readonly watches: WatchList;
  /** Everything up to this block was told. */
  told: HeaderNode;
  /** Watches added for blocks that were told already, and the next height to look at for them. */
  readonly missed: { list: WatchList; next: number };
  /** A cursor that no header is known for: the listener hears that it is gone, then everything from genesis on. */
  lost: BlockRef | undefined;
  /** What came into the mempool and was not told yet. */
  readonly seen: SpendSeen[];
  /** Told, and not on stable storage with the listener: each with where the feed stood before it. */
  readonly unsettled: Set<{ readonly at: number }>;
}
/** Blocks read for missed watches in one step. */
const RESCAN_BLOCKS_MAX = 200;
const NOTHING_MISSED = Number.POSITIVE_INFINITY;

/** A feed that goes on after `cursor`, which may be a block of any branch. */
export function feedAfter(tree: HeaderTree, cursor: BlockRef | undefined): Feed {
  const told = cursor === undefined ? tree.genesis : tree.nodes.get(cursor.hash);
  return {
    watches: watchList(),
    told: told ?? tree.genesis,
    missed: { list: watchList(), next: NOTHING_MISSED },
    lost: told === undefined ? cursor : undefined,
    seen: [],
    unsettled: new Set(),
  };
}

/**
 * Sets watches; one that is set already, from as low, changes nothing.
 * @param spenderOf  what waits in the mempool and spends an outpoint
 * @param isUnspent  whether it stands in the chain that was told, unspent: then no block needs to be looked at for it
 */
export function watchFrom(
  feed: Feed,
  watches: readonly Watch[],
  spenderOf: (outpoint: Outpoint) => Tx | undefined,
  isUnspent: (outpoint: Outpoint) => boolean,
): void {
  for (const watch of watches) {
    if (watch.tag === "Outpoint" && !isWatched(feed.watches, watch.outpoint)) {
      const tx = spenderOf(watch.outpoint);
      if (tx !== undefined) feed.seen.push({ tag: "SpendSeen", outpoint: watch.outpoint, tx });
    }
    if (!addWatch(feed.watches, watch) || watch.from > feed.told.height) continue;
    if (watch.tag === "Outpoint" && isUnspent(watch.outpoint)) continue;
    addWatch(feed.missed.list, watch);
    feed.missed.next = Math.min(feed.missed.next, watch.from);
  }
}

/** The lowest block that is to be told; undefined while none is. */
export const nextToTell = ({ told }: Feed, tip: HeaderNode): number | undefined =>
  told === tip ? undefined : forkOf(told, tip).height + 1;

/** The listener, wherever it is cut off, never asks for a block up to this one again, unless a reorganisation makes it. */
export function lowestNeeded(feed: Feed): number {
  let lowest = standsAt(feed);
  for (const { at } of feed.unsettled) lowest = Math.min(lowest, at);
  return lowest;
}
/** The height up to which blocks have been told, and looked at for every watch. */
export const standsAt = ({ told, missed }: Feed): number => Math.min(told.height, missed.next - 1);
/** Blocks up to this height are gone, and are not looked at for watches that were set late. */
export function skipMissed({ missed }: Feed, prunedTo: number): void {
  if (missed.next <= prunedTo) missed.next = prunedTo + 1;
}

/** A transaction has come into the mempool. */
export function noteWaiting(feed: Feed, tx: Tx): void {
  feed.seen.push(...matchWaiting(feed.watches, tx));
}

export const hasNews = (feed: Feed, tip: HeaderNode): boolean =>
  feed.seen.length > 0 || feed.lost !== undefined || feed.missed.next !== NOTHING_MISSED || feed.told !== tip;

/**
 * The next events on the way to `tip`, and the feed moved past them. Empty answers are possible while `hasNews`.
 * @param read  the block of a node; called for ancestors of `told` and of `tip` only. Undefined when it is not at hand
 *              yet: the feed waits there
 */
export function nextEvents(feed: Feed, tip: HeaderNode, read: Read): readonly ChainEvent[] {
  // Both in one answer: whoever keeps the mempool busy cannot hold up the blocks.
  return [...feed.seen.splice(0), ...nextOfChain(feed, tip, read)];
}
type Read = (node: HeaderNode) => Block | undefined;
function nextOfChain(feed: Feed, tip: HeaderNode, read: Read): readonly ChainEvent[] {
  if (feed.lost !== undefined) {
    const block = feed.lost;
    feed.lost = undefined;
    return [{ tag: "BlockDisconnected", block }];
  }
  if (feed.missed.next !== NOTHING_MISSED) return rescan(feed, read);
  if (feed.told === tip) return [];
  return isAncestor(feed.told, tip) ? connectNext(feed, tip, read) : disconnectTold(feed);
}

function rescan(feed: Feed, read: Read): readonly ChainEvent[] {
  const { missed, told } = feed;
  const events: ChainEvent[] = [];
  const end = Math.min(missed.next + RESCAN_BLOCKS_MAX, told.height + 1);
  for (; missed.next < end; missed.next++) {
    if (missed.next === 0) continue;
    const node = present(ancestorAt(told, missed.next), "told blocks have every height up to theirs");
    const block = read(node);
    if (block === undefined) break;
    events.push(...matchBlock(missed.list, { block }, refOf(node)));
  }
  if (missed.next > told.height) {
    missed.list = watchList();
    missed.next = NOTHING_MISSED;
  }
  return events;
}

function connectNext(feed: Feed, tip: HeaderNode, read: Read): readonly ChainEvent[] {
  const node = present(ancestorAt(tip, feed.told.height + 1), "the tip is above what was told");
  const block = read(node);
  if (block === undefined) return [];
  const ref = refOf(node);
  const events = matchBlock(feed.watches, { block }, ref);
  events.push({ tag: "BlockConnected", block: ref, previous: feed.told.hash, time: node.header.time });
  feed.told = node;
  return events;
}

/** The heights whose blocks the feed reads next, all of them of the chain up to `tip` or what was told. */
export function nextWanted(
  { missed, told, lost }: Feed,
  tip: HeaderNode,
): { readonly from: number; readonly to: number } | undefined {
  if (lost === undefined && missed.next !== NOTHING_MISSED) return { from: Math.max(missed.next, 1), to: told.height };
  const fork = forkOf(told, tip);
  return fork === tip ? undefined : { from: fork.height + 1, to: tip.height };
}
/** Looks for everything that is watched once more, in the blocks that were told from a height on. */
export function lookAgain({ watches, missed, told }: Feed, from: number): void {
  if (from > told.height) return;
  for (const kind of ["outpoints", "scripts"] as const)
    for (const [key, since] of watches[kind])
      missed.list[kind].set(key, Math.min(Math.max(since, from), missed.list[kind].get(key) ?? NOTHING_MISSED));
  missed.next = Math.min(missed.next, from);
}

/** Looks for one outpoint that is watched once more, from its watch's height on. */
export function lookForAgain({ watches, missed, told }: Feed, outpoint: Outpoint): void {
  const key = outpointKey(outpoint);
  const from = watches.outpoints.get(key);
  if (from === undefined || from > told.height) return;
  missed.list.outpoints.set(key, from);
  missed.next = Math.min(missed.next, from);
}

function disconnectTold(feed: Feed): readonly ChainEvent[] {
  const gone = feed.told;
  assert(gone.previous !== undefined, "genesis is in every chain");
  feed.told = gone.previous;
  return [{ tag: "BlockDisconnected", block: refOf(gone) }];
}

export const refOf = ({ height, hash }: HeaderNode): BlockRef => ({ height, hash });
