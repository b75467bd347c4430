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

  const release = (lane: string, queue: Waiting[]): void => {
    let count = 0;
    while (count < queue.length && (queue[count] as Waiting).needs <= durable) count++;
    if (count === 0) return;
    const due = queue.splice(0, count);
    waiting -= count;
    if (queue.length === 0) lanes.delete(lane);
    for (const { errand } of due) errand();
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
      waiting -= lanes.get(lane)?.length ?? 0;
      lanes.delete(lane);
    },
    get waiting() {
      return waiting;
    },
  };
}
