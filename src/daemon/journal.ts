import type { Store, StoreRecord } from "../ports/store.ts";

/** A record's value, or how to make it once it is known to be the last: a state that changes often is encoded once a group. */
export type Written = Uint8Array | (() => Uint8Array) | undefined;

/**
 * What turns have changed, on its way to the disk. One group is written at a time; what is noted meanwhile gathers into
 * the next one, in which the last value of a key counts. All of a turn is in one group, and groups are durable in order.
 */
export interface Journal {
  /** Takes the records of one turn into the group that gathers. */
  note(records: ReadonlyMap<string, Written>): void;
  /** Of the group that holds everything noted so far. 0: nothing was noted yet. */
  readonly sequence: number;
  /**
   * Resolves when everything noted so far is durable, or the disk has refused it. What is noted meanwhile is not waited for: while
   * the chain is gone through there is always more.
   */
  settled(): Promise<void>;
  /** What has not been given to the disk never will be. */
  stop(): void;
}
export interface JournalPorts {
  readonly store: Store;
  /** Runs a task on a later turn of the loop: what arrives together is written together. */
  readonly later: (task: () => void) => void;
  /** Everything up to and including the group of that sequence is durable. */
  readonly flushed: (sequence: number) => void;
  /** The disk has refused a group, or one could not be encoded. Told once; nothing is written afterwards. */
  readonly failed: (error: Error) => void;
}

export function createJournal({ store, later, flushed, failed }: JournalPorts): Journal {
  let gathering = new Map<string, Written>();
  let given = 0;
  let durable = 0;
  let writing: Promise<void> | undefined;
  let waiting = false;
  let stopped = false;
  const fail = (error: unknown): void => {
    // At the end of a node its disk and its signer are closed under what nobody waits for.
    if (stopped) return;
    stopped = true;
    writing = undefined;
    failed(error instanceof Error ? error : new Error(String(error)));
  };
  const write = (): void => {
    if (stopped || writing !== undefined || gathering.size === 0) return;
    const group = gathering;
    gathering = new Map();
    const sequence = ++given;
    try {
      writing = store.append(encoded(group)).then(() => {
        writing = undefined;
        if (stopped) return;
        durable = sequence;
        flushed(sequence);
        writeSoon();
      }, fail);
    } catch (error) {
      fail(error);
    }
  };
  const newest = (): number => (gathering.size > 0 ? given + 1 : given);
  const writeSoon = (): void => {
    if (waiting || writing !== undefined || gathering.size === 0) return;
    waiting = true;
    later(() => {
      waiting = false;
      write();
    });
  };
  return {
    note(records) {
      for (const [key, value] of records) gathering.set(key, value);
      writeSoon();
    },
    get sequence() {
      return newest();
    },
    async settled() {
      const all = newest();
      while (!stopped && durable < all) {
        write();
        await writing;
      }
    },
    stop() {
      stopped = true;
    },
  };
}

const encoded = (group: ReadonlyMap<string, Written>): readonly StoreRecord[] =>
  [...group].map(([key, value]) => ({ key, value: typeof value === "function" ? value() : value }));
