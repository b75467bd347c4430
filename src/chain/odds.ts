import { assert } from "../base/result.ts";

/**
 * How likely an attacker is ever to overtake the chain from so many blocks behind, as section 11 of Bitcoin's white paper
 * counts it: while the others find `depth` blocks, he finds as many as a Poisson distribution gives, and has to catch up
 * with the rest.
 * @param attacker  his part of all hashing, 0 to 1
 * @param depth     blocks on top of and with the one that holds the payment
 */
export function catchUpOdds(attacker: number, depth: number): number {
  assert(attacker >= 0 && attacker <= 1, "a part of the whole");
  assert(Number.isInteger(depth) && depth >= 0, "a number of blocks");
  const ratio = attacker / (1 - attacker);
  // Half of all hashing is enough for certain.
  if (ratio >= 1) return 1;
  const expected = depth * ratio;
  let poisson = Math.exp(-expected);
  let odds = 1;
  for (let found = 0; found <= depth; found++) {
    odds -= poisson * (1 - ratio ** (depth - found));
    poisson *= expected / (found + 1);
  }
  return Math.max(0, odds);
}
