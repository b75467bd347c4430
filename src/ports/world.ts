import type { UnixMs } from "../base/units.ts";

/** The only source of time. In the simulator it is virtual. */
export interface Clock {
  now(): UnixMs;
  /** Calls `task` once, not before `delayMs` have passed. The answer cancels it; cancelling twice is harmless. */
  after(delayMs: number, task: () => void): () => void;
}

/** The only source of chance: unpredictable bytes in production, seeded ones in the simulator. */
export interface Random {
  bytes(length: number): Uint8Array;
}
