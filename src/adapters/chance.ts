import { toHex } from "../base/bytes.ts";
import type { Random } from "../ports/world.ts";
import { Refused } from "./sentences.ts";

const DRAWS = 64;
const DRAW_BYTES = 32;
const BITS = DRAWS * DRAW_BYTES * 8;
/** Eight standard deviations of the number of ones among fair bits: by chance alone this refuses one start in 10^15. */
const ONES_OFF_MAX = 4 * Math.sqrt(BITS);

const onesOf = (byte: number): number => byte.toString(2).replaceAll("0", "").length;

/**
 * Refuses a generator that is broken as those were from which coins have been stolen: one that repeats itself, or gives
 * mostly zeros or ones. To be asked before the first secret is drawn. Says nothing about a generator that only looks random.
 */
export function assertChance(random: Random): void {
  const draws = Array.from({ length: DRAWS }, () => random.bytes(DRAW_BYTES));
  const ones = draws.reduce((sum, draw) => draw.reduce((count, byte) => count + onesOf(byte), sum), 0);
  const repeats = new Set(draws.map(toHex)).size < DRAWS;
  if (repeats || Math.abs(ones - BITS / 2) > ONES_OFF_MAX)
    throw new Refused(
      "The random numbers of this machine are not random: no secret would be safe. Nothing was started.",
    );
}
