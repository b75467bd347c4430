import type { NodeCommands } from "../daemon/commands.ts";
import type { NodeEvent } from "../daemon/views.ts";

/**
 * The event log as readers follow it: always read from the log, up to the newest event that was told as durable. So a
 * reader can miss nothing and see nothing twice, however slow it is and whenever it begins. What is in no log is handed on
 * as it comes.
 */
export interface EventFeed {
  /** Sequence of the newest event; 0 when there is none. */
  newest(): number;
  /** At most `limit` events after `seq`, none newer than `newest()`. */
  after(seq: number, limit: number): readonly NodeEvent[];
  /** Calls when there is something newer in the log, or something that is in none. The answer unsubscribes. */
  listen(listener: FeedListener): () => void;
  close(): void;
}
export interface FeedListener {
  readonly wake: () => void;
  readonly pass: (event: NodeEvent) => void;
}

export function createEventFeed(commands: NodeCommands): EventFeed {
  const listeners = new Set<FeedListener>();
  let newest = newestOf(commands);
  const close = commands.onEvent((event) => {
    if (event.passing !== true) newest = Math.max(newest, event.seq);
    for (const { wake, pass } of listeners) {
      if (event.passing === true) pass(event);
      else wake();
    }
  });
  return {
    newest: () => newest,
    after: (seq, limit) => commands.events(seq, limit).filter((event) => event.seq <= newest),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
}

/** The log can be asked what comes after a number, not where it ends: found in some 100 questions at most. */
function newestOf(commands: NodeCommands): number {
  const isPast = (seq: number): boolean => commands.events(seq, 1).length === 0;
  let beyond = 1;
  while (!isPast(beyond)) beyond *= 2;
  let within = -1;
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (isPast(middle)) beyond = middle;
    else within = middle;
  }
  return beyond;
}
