import { assert } from "../base/result.ts";

/** Something to be done in the world once what it rests on is durable. */
export type Errand = () => void;

/**
 * What waits for the disk. Every errand needs the journal up to some sequence; within one lane (a peer, the API, the
 * chain) errands run in the order they were posted, so a message that needs nothing never overtakes one that waits.
 * A flush at sequence s releases, lane by lane, everything that needs at most s. RELIABILITY's group commit rule.
 */
export interface Outbox {
  /** `needs` is a journal sequence; 0 needs nothing. Runs at once when nothing in its lane waits and `needs` is flushed. */
  post(lane: string, needs: number, errand: Errand): void;
  /** The journal is durable up to and including `sequence`. */
  flushed(sequence: number): void;
  /** Forgets what waits in a lane: its peer is gone, and a reconnection begins anew. */
  drop(lane: string): void;
  /** Errands that wait, over all lanes. */
  readonly waiting: number;
}

interface Waiting {
  readonly needs: number;
  readonly errand: Errand;
}

export function createOutbox(): Outbox {
  const lanes = new Map<string, Waiting[]>();
  let durable = 0;
  let waiting = 0;

  // The lane stays in the map while it is emptied, so that what an errand posts lines up behind what was there.
  const release = (lane: string, queue: Waiting[]): void => {
    for (let next = queue[0]; next !== undefined && next.needs <= durable; next = queue[0]) {
      queue.shift();
      waiting--;
      next.errand();
    }
    if (queue.length === 0 && lanes.get(lane) === queue) lanes.delete(lane);
  };

  return {
    post(lane, needs, errand) {
      const queue = lanes.get(lane);
      if (queue !== undefined) queue.push({ needs, errand });
      else if (needs <= durable) return errand();
      else lanes.set(lane, [{ needs, errand }]);
      waiting++;
    },
    flushed(sequence) {
      assert(sequence >= durable, "the journal becomes durable in order");
      durable = sequence;
      for (const [lane, queue] of [...lanes]) release(lane, queue);
    },
    drop(lane) {
      const queue = lanes.get(lane) ?? [];
      waiting -= queue.length;
      queue.length = 0;
      lanes.delete(lane);
    },
    get waiting() {
      return waiting;
    },
  };
}
