import type { NodeId } from "../base/ids.ts";
import type { UnixMs } from "../base/units.ts";
import type { Store } from "../ports/store.ts";
import type { Clock } from "../ports/world.ts";
import { createJournal, type Written } from "./journal.ts";
import { createOutbox, type Errand, type Outbox } from "./outbox.ts";

/**
 * One input and everything it sets off, in all the machines it concerns: stepped purely, to the end, before anything
 * is written. Then every record goes into one group, and only after that group is durable come the outside effects.
 */
export interface Turn {
  readonly now: UnixMs;
  /** A record of this turn's group; undefined removes it. The last write of a key wins, and only that one is encoded. */
  put(key: string, value: Written): void;
  /** Steps another machine in the same turn, after those already asked for. */
  next(task: (turn: Turn) => void): void;
  /** Runs once this turn's group, and all before it, are durable, in order within its lane. */
  afterwards(lane: string, errand: Errand): void;
  /** Runs in order within its lane without waiting for this turn's group: proposals, which rest on nothing new. */
  meanwhile(lane: string, errand: Errand): void;
}
export const peerLane = (peer: NodeId): string => `peer/${peer}`;

export interface Turns {
  /** Steps `task` and all it sets off, then writes, then performs. Does nothing once halted. */
  run(task: (turn: Turn) => void): void;
  /** As `run`, on a later turn of the loop: lets what arrives together be answered together. */
  soon(task: (turn: Turn) => void): void;
  readonly outbox: Outbox;
  /** Resolves when everything appended so far is durable. */
  settled(): Promise<void>;
  /** Set once the disk has refused a group, or a step or an errand has thrown: nothing is stepped, written or sent any more. */
  readonly halted: Error | undefined;
  stop(): void;
}

export interface TurnPorts {
  readonly clock: Clock;
  readonly store: Store;
  /** Told once, with the disk's own error. */
  readonly onHalt: (error: Error) => void;
}

export function createTurns(ports: TurnPorts): Turns {
  const outbox = createOutbox();
  let halted: Error | undefined;
  let stopped = false;

  const halt = (error: Error): void => {
    if (halted !== undefined) return;
    halted = error;
    journal.stop();
    ports.onHalt(error);
  };
  /** Half of a turn, or of what it led to, is worse than none: only a restart from disk is safe. */
  const orHalt = (task: () => void): void => {
    try {
      task();
    } catch (error) {
      halt(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const loop = createLoop(ports.clock);
  const journal = createJournal({
    store: ports.store,
    later: loop.last,
    flushed: (sequence) => orHalt(() => outbox.flushed(sequence)),
    failed: halt,
  });
  /** Durable first, effects second. */
  const perform = (records: ReadonlyMap<string, Written>, errands: readonly Posted[]): void => {
    if (records.size > 0) journal.note(records);
    for (const { lane, durable, errand } of errands) {
      if (halted !== undefined) return;
      outbox.post(lane, durable ? journal.sequence : 0, errand);
    }
  };
  const run = (task: (turn: Turn) => void): void => {
    if (halted !== undefined || stopped) return;
    orHalt(() => {
      const { records, errands } = stepped(ports.clock.now(), task);
      perform(records, errands);
    });
  };
  return {
    run,
    soon: (task) => loop.first(() => run(task)),
    outbox,
    settled: () => journal.settled(),
    get halted() {
      return halted;
    },
    stop: () => {
      stopped = true;
      journal.stop();
    },
  };
}

/** Steps a task and all that it asks for, to the end; nothing is written or done yet. */
function stepped(now: UnixMs, first: (turn: Turn) => void) {
  const records = new Map<string, Written>();
  const errands: Posted[] = [];
  const tasks = [first];
  const turn: Turn = {
    now,
    put: (key, value) => records.set(key, value),
    next: (following) => tasks.push(following),
    afterwards: (lane, errand) => errands.push({ lane, durable: true, errand }),
    meanwhile: (lane, errand) => errands.push({ lane, durable: false, errand }),
  };
  for (let at = 0; at < tasks.length; at++) tasks[at]?.(turn);
  return { records, errands };
}

/** The next turn of the loop: what is to be stepped there comes before the write, so that it is in it. */
function createLoop(clock: Clock): { first(task: () => void): void; last(task: () => void): void } {
  let steps: (() => void)[] = [];
  let writes: (() => void)[] = [];
  const turnOver = (): void => {
    const tasks = [...steps, ...writes];
    steps = [];
    writes = [];
    for (const task of tasks) task();
  };
  const wake = (): void => {
    if (steps.length + writes.length === 1) clock.after(0, turnOver);
  };
  return {
    first: (task) => {
      steps.push(task);
      wake();
    },
    last: (task) => {
      writes.push(task);
      wake();
    },
  };
}
interface Posted {
  readonly lane: string;
  readonly durable: boolean;
  readonly errand: Errand;
}
