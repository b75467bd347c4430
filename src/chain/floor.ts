import type { Mempool } from "./mempool.ts";

/**
 * What it costs to come into the mempool: what relay costs at any time, and more for a while after it was full. Rates are
 * in sat per 1,000 virtual bytes, times in seconds since 1970-01-01 UTC. Policy, not protocol.
 */

/** By which a transaction that takes another's place, or comes in after an eviction, pays more: a tenth of a sat per vbyte. */
export const INCREMENTAL_RELAY_FEE = 100n;
/** The risen price halves in this time, in half of it while the mempool is half empty, in a quarter below a quarter. */
export const HALF_LIFE_S = 12 * 60 * 60;

/** The price that the last evictions left. Mutable. */
export interface RisenFloor {
  /** What it was at `since`; 0 when nothing is left of it. */
  rate: bigint;
  since: number;
  /** It stands until a block has come: only then can there be room again. */
  falls: boolean;
}
export const noFloor = (): RisenFloor => ({ rate: 0n, since: 0, falls: false });

/** What one virtual kilobyte has to pay now. */
export function floorAt(pool: Mempool, now: number): bigint {
  const { minRelayFee } = pool.policy;
  const risen = risenAt(pool, now);
  return risen > minRelayFee ? risen : minRelayFee;
}

/** What was evicted paid `rate`: whoever comes after it has to pay more. */
export function raiseFloor(pool: Mempool, rate: bigint, now: number): void {
  const { risen } = pool;
  if (rate + INCREMENTAL_RELAY_FEE <= risenAt(pool, now)) return;
  risen.rate = rate + INCREMENTAL_RELAY_FEE;
  risen.since = now;
  risen.falls = false;
}

/** A block has come. */
export function letFloorFall(pool: Mempool, now: number): void {
  const { risen } = pool;
  risen.rate = risenAt(pool, now);
  risen.since = now;
  risen.falls = true;
}

function risenAt({ risen, vsize, policy }: Mempool, now: number): bigint {
  if (!risen.falls) return risen.rate;
  const emptiness = vsize < policy.vsizeMax / 4 ? 4 : vsize < policy.vsizeMax / 2 ? 2 : 1;
  const left = halved(risen.rate, Math.max(now - risen.since, 0) * emptiness);
  return left < INCREMENTAL_RELAY_FEE / 2n ? 0n : left;
}

const FRACTION_BITS = 32;
/** What is left after a half, a quarter, an eighth … of a half-life, in units of 2⁻³². */
const PARTS = Array.from({ length: 12 }, (_, at) => BigInt(Math.round(2 ** (FRACTION_BITS - 2 ** -(at + 1)))));
/** What is left of a rate after some seconds: exactly half after each half-life. Rounded up, so that steps do not add up. */
function halved(rate: bigint, seconds: number): bigint {
  const lives = Math.floor(seconds / HALF_LIFE_S);
  if (lives >= 64) return 0n;
  let left = (rate << BigInt(FRACTION_BITS)) >> BigInt(lives);
  let rest = seconds / HALF_LIFE_S - lives;
  for (const part of PARTS) {
    rest *= 2;
    if (rest < 1) continue;
    rest -= 1;
    left = (left * part) >> BigInt(FRACTION_BITS);
  }
  return (left + (1n << BigInt(FRACTION_BITS)) - 1n) >> BigInt(FRACTION_BITS);
}
