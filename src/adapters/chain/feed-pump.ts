import type { Outpoint } from "../../base/ids.ts";
import { assert } from "../../base/result.ts";
import type { Block } from "../../bitcoin/block.ts";
import type { Tx } from "../../bitcoin/tx.ts";
import { type NodeBrain, openFeed, setWatches } from "../../chain/brain.ts";
import { readBlock } from "../../chain/chain.ts";
import { type Feed, hasNews, lookForAgain, nextEvents, nextToTell, skipMissed, standsAt } from "../../chain/feed.ts";
import type { HeaderNode } from "../../chain/headers.ts";
import type { BlockRef, Deliver, Watch } from "../../ports/chain-source.ts";
import { Refused } from "../sentences.ts";

/** Brings a listener the events of a chain, in order, one block a turn, and with them what came into the mempool. */
export interface FeedPump {
  /** Throws a readable error when blocks that are to be told were pruned. */
  start(cursor: BlockRef | undefined, deliver: Deliver): void;
  watch(watches: readonly Watch[]): void;
  /** An outpoint that is watched is looked for once more, from its watch's height on. */
  again(outpoint: Outpoint): void;
  /** The chain or the mempool may have changed. */
  poke(): void;
  stop(): void;
}
interface PumpOptions {
  readonly brain: NodeBrain;
  /** How far the listener may see: a block of the best chain. */
  readonly horizon: (feed: Feed) => HeaderNode;
  /** The block of a node; undefined while it is not at hand. All are, where it is not given. */
  readonly read?: (feed: Feed, node: HeaderNode) => Block | undefined;
  /** The listener has come further, or has other watches. */
  readonly moved?: () => void;
  /** What waits and spends an outpoint, where that is not in the mempool. */
  readonly spender?: (outpoint: Outpoint) => Tx | undefined;
  /** Runs a task later, never before the caller has returned. */
  readonly schedule: (task: () => void) => void;
}

export function feedPump({ brain, horizon, schedule, read, moved, spender }: PumpOptions): FeedPump {
  const early: Watch[] = [];
  let feed: Feed | undefined;
  let listener: Deliver | undefined;
  let scheduled = false;

  const turn = (): void => {
    scheduled = false;
    if (feed === undefined || listener === undefined) return;
    const at = feed;
    skipMissed(at, brain.chain.storage.prunedTo());
    const before = standsAt(at);
    const { events, hasMoved } = nextOf(at, horizon(at), (node) =>
      read === undefined ? readBlock(brain.chain, node) : read(at, node),
    );
    // Whoever waits for a block is poked when it comes.
    if (hasMoved) poke();
    if (hasMoved) moved?.();
    if (events.length > 0) noteUnsettled(at, before, listener(events));
  };
  const stop = (): void => {
    if (feed !== undefined) brain.feeds.delete(feed);
    feed = undefined;
    listener = undefined;
  };
  const refuseGaps = (): void => {
    const gap = feed && gapBefore(feed, horizon(feed), brain);
    if (gap === undefined) return;
    stop();
    throw gap;
  };
  const poke = (): void => {
    if (scheduled || feed === undefined || !hasNews(feed, horizon(feed))) return;
    scheduled = true;
    schedule(turn);
  };
  return {
    start: (cursor, deliver) => {
      assert(feed === undefined, "a chain source is started once");
      feed = openFeed(brain, cursor, early, spender);
      refuseGaps();
      listener = deliver;
      moved?.();
      poke();
    },
    watch: (watches) => {
      if (feed === undefined) early.push(...watches);
      else setWatches(brain, feed, watches, spender);
      moved?.();
      poke();
    },
    again: (outpoint) => {
      if (feed !== undefined) lookForAgain(feed, outpoint);
      poke();
    },
    poke,
    stop,
  };
}

/** Better not at all than with gaps: why a feed cannot be told what it is to be told. */
function gapBefore(feed: Feed, tip: HeaderNode, { chain }: NodeBrain): Refused | undefined {
  const next = nextToTell(feed, tip);
  const prunedTo = chain.storage.prunedTo();
  if (next === undefined || next > prunedTo) return undefined;
  return new Refused(
    `This node has to look at block ${next} of the chain, and blocks up to ${prunedTo} were pruned; ` +
      "move the chain's folder away and start without pruning, and the chain will be fetched again.",
  );
}

/** The next events, and whether the feed has come further by them. */
function nextOf(feed: Feed, tip: HeaderNode, read: (node: HeaderNode) => Block | undefined) {
  const { told, lost, missed } = feed;
  const { next } = missed;
  const events = nextEvents(feed, tip, read);
  return { events, hasMoved: events.length > 0 || feed.told !== told || feed.lost !== lost || missed.next !== next };
}

/** Until the listener has it on stable storage it counts as not told. A listener whose disk has failed never gets so far. */
function noteUnsettled({ unsettled }: Feed, at: number, settled: void | Promise<void>): void {
  if (settled === undefined) return;
  const delivery = { at };
  unsettled.add(delivery);
  settled.then(
    () => unsettled.delete(delivery),
    () => undefined,
  );
}
