import { assert } from "../base/result.ts";
import type { Random } from "../ports/world.ts";

/** What a world decides by lot, all from one stream of bytes: the same seed, the same lots. */
export interface Chance {
  /** A whole number from 0 up to and not including `below`. */
  number(below: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** Whether something happens that happens `share` times of 100. */
  percent(share: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function chanceOf(random: Random): Chance {
  const number = (below: number): number => {
    assert(Number.isSafeInteger(below) && below > 0, "a lot is drawn from at least one");
    const bytes = random.bytes(6);
    return bytes.reduce((sum, byte) => sum * 256 + byte, 0) % below;
  };
  return {
    number,
    between: (low, high) => low + number(high - low + 1),
    percent: (share) => number(100) < share,
    pick: (from) => {
      assert(from.length > 0, "something is picked from something");
      return from[number(from.length)] as never;
    },
  };
}
