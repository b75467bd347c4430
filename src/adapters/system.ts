import { randomFillSync } from "node:crypto";
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

/** Drawn at once: 32 bytes take as long to ask for as these. */
const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let drawn = POOL_BYTES;

/** The system's generator: unpredictable, and a new one in every process. What was given is not kept. */
export const systemRandom: Random = {
  bytes: (length) => {
    if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
    if (drawn + length > POOL_BYTES) {
      randomFillSync(pool);
      drawn = 0;
    }
    const bytes = pool.slice(drawn, drawn + length);
    pool.fill(0, drawn, drawn + length);
    drawn += length;
    return bytes;
  },
};
