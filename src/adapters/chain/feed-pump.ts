import { assert } from "../../base/result.ts";
import { type NodeBrain, openFeed, setWatches } from "../../chain/brain.ts";
import { readBlock } from "../../chain/chain.ts";
import { type Feed, hasNews, nextEvents, nextToRead } from "../../chain/feed.ts";
import type { HeaderNode } from "../../chain/headers.ts";
import type { BlockRef, ChainEvent, Watch } from "../../ports/chain-source.ts";
import { Refused } from "../sentences.ts";

/** Brings a listener the events of a chain, in order, one block a turn, and with them what came into the mempool. */
export interface FeedPump {
  start(cursor: BlockRef | undefined, deliver: (events: readonly ChainEvent[]) => void): void;
  watch(watches: readonly Watch[]): void;
  /** The chain or the mempool may have changed. */
  poke(): void;
  stop(): void;
}
interface PumpOptions {
  readonly brain: NodeBrain;
  /** How far the listener may see: a block of the best chain. */
  readonly horizon: () => HeaderNode;
  /** Runs a task later, never before the caller has returned. */
  readonly schedule: (task: () => void) => void;
}

export function feedPump({ brain, horizon, schedule }: PumpOptions): FeedPump {
  const early: Watch[] = [];
  let feed: Feed | undefined;
  let listener: ((events: readonly ChainEvent[]) => void) | undefined;
  let scheduled = false;

  const turn = (): void => {
    scheduled = false;
    if (feed === undefined || listener === undefined) return;
    const events = nextEvents(feed, horizon(), (node) => readBlock(brain.chain, node));
    poke();
    if (events.length > 0) listener(events);
  };
  const stop = (): void => {
    if (feed !== undefined) brain.feeds.delete(feed);
    feed = undefined;
    listener = undefined;
  };
  /** Better not at all than with gaps. */
  const refuseGaps = (): void => {
    const next = feed && nextToRead(feed, horizon());
    const prunedTo = brain.chain.storage.prunedTo();
    if (next === undefined || next > prunedTo) return;
    stop();
    throw new Refused(
      `This node has to look at block ${next} of the chain, and blocks up to ${prunedTo} were pruned; ` +
        "move the chain's folder away and start without pruning, and the chain will be fetched again.",
    );
  };
  const poke = (): void => {
    if (scheduled || feed === undefined || !hasNews(feed, horizon())) return;
    scheduled = true;
    schedule(turn);
  };
  return {
    start: (cursor, deliver) => {
      assert(feed === undefined, "a chain source is started once");
      feed = openFeed(brain, cursor, early);
      refuseGaps();
      listener = deliver;
      poke();
    },
    watch: (watches) => {
      if (feed === undefined) early.push(...watches);
      else {
        setWatches(brain, feed, watches);
        refuseGaps();
      }
      poke();
    },
    poke,
    stop,
  };
}
