import { assert } from "../../base/result.ts";
import { type UnixMs, unixMs } from "../../base/units.ts";
import type { Clock } from "../../ports/world.ts";

/** Time that passes only when it is told to. Timers run in the order of their times, those of one time in that of asking. */
export interface VirtualClock extends Clock {
  /** When the next timer is due; undefined when there is none. */
  readonly next: UnixMs | undefined;
  /**
   * Moves on to the next timer and runs it alone, then lets every promise that this settles run to its end. False when
   * there is no timer.
   */
  step(): Promise<boolean>;
  /** Runs all that is due up to and including `time`, what that adds too, and leaves the clock at `time`. */
  runUntil(time: UnixMs): Promise<void>;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}
const isSooner = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

/** Promises settle in microtasks, and those all run before the next round of the real loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function virtualClock(start: UnixMs): VirtualClock {
  const timers = createHeap();
  let now: number = start;
  let asked = 0;
  const step = async (): Promise<boolean> => {
    const timer = timers.take();
    if (timer === undefined) return false;
    now = timer.due;
    timer.task();
    await settled();
    return true;
  };
  return {
    now: () => unixMs(now),
    after: (delayMs, task) => {
      const timer = { due: now + Math.max(0, Math.ceil(delayMs)), order: asked++, task, cancelled: false };
      timers.add(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    get next() {
      const timer = timers.first();
      return timer && unixMs(timer.due);
    },
    step,
    runUntil: async (time) => {
      assert(time >= now, "time does not run backwards");
      await settled();
      for (let first = timers.first(); first !== undefined && first.due <= time; first = timers.first()) await step();
      now = time;
    },
  };
}

interface Heap {
  add(timer: Timer): void;
  /** The soonest that is not cancelled. */
  first(): Timer | undefined;
  take(): Timer | undefined;
}
/** A binary heap: each parent is sooner than its children. */
function createHeap(): Heap {
  const heap: Timer[] = [];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Timer, heap[a] as Timer];
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      let soonest = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && isSooner(heap[child] as Timer, heap[soonest] as Timer)) soonest = child;
      if (soonest === at) return;
      swap(at, soonest);
      at = soonest;
    }
  };
  const pop = (): Timer | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (last !== undefined && last !== top) {
      heap[0] = last;
      sink();
    }
    return top;
  };
  const first = (): Timer | undefined => {
    while (heap[0]?.cancelled) pop();
    return heap[0];
  };
  return {
    add: (timer) => {
      heap.push(timer);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isSooner(heap[at] as Timer, heap[parent] as Timer)) return;
        swap(at, parent);
        at = parent;
      }
    },
    first,
    take: () => (first() === undefined ? undefined : pop()),
  };
}
