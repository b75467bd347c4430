import { randomBytes } from "node:crypto";
import { unixMs } from "../base/units.ts";
import type { Clock, Random } from "../ports/world.ts";

/** Longer waits would run at once: Node counts them in 31 bits. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The machine's own clock. A waiting timer does not keep the process alive; open sockets do. */
export const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  after: (delayMs, task) => {
    // A delay of nothing means "on a later turn of the loop", and timers would wait a whole millisecond.
    if (delayMs <= 0) {
      const soon = setImmediate(task);
      return () => clearImmediate(soon);
    }
    const timer = setTimeout(task, Math.min(delayMs, DELAY_MS_MAX)).unref();
    return () => clearTimeout(timer);
  },
};

/** The system's generator: unpredictable, and a new one in every process. */
export const systemRandom: Random = {
  bytes: (length) => {
    const drawn = randomBytes(length);
    return new Uint8Array(drawn.buffer, drawn.byteOffset, length).slice();
  },
};
