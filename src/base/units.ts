import { assert } from "./result.ts";

declare const brand: unique symbol;
/** A value of type `T` that only the makers of `Name` can produce. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Millisatoshis: every off-chain amount. */
export type Msat = Brand<bigint, "Msat">;
/** Satoshis: every on-chain amount. */
export type Sat = Brand<bigint, "Sat">;
/** Satoshis per 1,000 weight units, as in `update_fee`. */
export type SatPerKw = Brand<number, "SatPerKw">;
/** Height of a block; the genesis block has height 0. */
export type BlockHeight = Brand<number, "BlockHeight">;
/** An absolute block height at which an HTLC can be taken back. */
export type CltvExpiry = Brand<number, "CltvExpiry">;
/** Milliseconds since 1970-01-01 UTC. */
export type UnixMs = Brand<number, "UnixMs">;

/** 21 million coins: no amount in Bitcoin or Lightning may be larger. BOLT 1 §Fundamental Types. */
export const SAT_MAX = 21_000_000n * 100_000_000n;
export const MSAT_MAX = SAT_MAX * 1000n;
/** Heights and expiries from here on would be read as times by nLockTime. BOLT 2 §Adding an HTLC. */
export const HEIGHT_LIMIT = 500_000_000;

export const isMsat = (value: bigint): value is Msat => value >= 0n && value <= MSAT_MAX;
export const isSat = (value: bigint): value is Sat => value >= 0n && value <= SAT_MAX;

/** An amount in msat. Throws when it is negative or above 21 million coins: parse outside input with `isMsat`. */
export function msat(value: bigint): Msat {
  assert(isMsat(value), `msat out of range: ${value}`);
  return value;
}
/** An amount in sat. Throws when it is negative or above 21 million coins: parse outside input with `isSat`. */
export function sat(value: bigint): Sat {
  assert(isSat(value), `sat out of range: ${value}`);
  return value;
}
/** For sums that are shown or compared and never paid: the most that there is where they come to more. */
export const atMostAll = (value: bigint): Msat => msat(value < MSAT_MAX ? value : MSAT_MAX);
/** Of what is asked for, which may be more than all coins there are, at most that: there is as little of it. Throws below zero. */
export const lackingSat = (value: bigint): Sat => sat(value > SAT_MAX ? SAT_MAX : value);
export const ZERO_MSAT = msat(0n);
export const ZERO_SAT = sat(0n);

/** Of 32 bits, as in `update_fee`. */
export const FEERATE_MAX = 0xffff_ffff;
export function satPerKw(value: number): SatPerKw {
  assert(Number.isInteger(value) && value >= 0 && value <= FEERATE_MAX, `feerate out of range: ${value}`);
  return value as SatPerKw;
}
export function blockHeight(value: number): BlockHeight {
  assert(Number.isInteger(value) && value >= 0 && value < HEIGHT_LIMIT, `height out of range: ${value}`);
  return value as BlockHeight;
}
export function cltvExpiry(value: number): CltvExpiry {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, `expiry out of range: ${value}`);
  return value as CltvExpiry;
}
export function unixMs(value: number): UnixMs {
  assert(Number.isSafeInteger(value) && value >= 0, `time out of range: ${value}`);
  return value as UnixMs;
}

export const addMsat = (a: Msat, b: Msat): Msat => msat(a + b);
/** Undefined when `b` exceeds `a`, so a caller cannot build a negative balance. */
export const subMsat = (a: Msat, b: Msat): Msat | undefined => (b > a ? undefined : msat(a - b));
export const sumMsat = (amounts: Iterable<Msat>): Msat => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return msat(total);
};
export const minMsat = (a: Msat, b: Msat): Msat => (a < b ? a : b);

export const addSat = (a: Sat, b: Sat): Sat => sat(a + b);
/** Undefined when `b` exceeds `a`. */
export const subSat = (a: Sat, b: Sat): Sat | undefined => (b > a ? undefined : sat(a - b));
export const sumSat = (amounts: Iterable<Sat>): Sat => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return sat(total);
};

/** Whole satoshis of an amount, rounded down. BOLT 3 §Commitment Transaction Outputs. */
export const toSatFloor = (amount: Msat): Sat => sat(amount / 1000n);
/** Exact: every sat is 1,000 msat. */
export const toMsat = (amount: Sat): Msat => msat(amount * 1000n);
/** The fee of `weight` weight units, rounded down. BOLT 3 §Fee Calculation. */
export const feeForWeight = (feerate: SatPerKw, weight: number): Sat => sat((BigInt(feerate) * BigInt(weight)) / 1000n);
/** As `feeForWeight`, rounded up: for transactions whose fee we choose and that must not fall below a relay minimum. */
export const feeForWeightCeil = (feerate: SatPerKw, weight: number): Sat =>
  sat((BigInt(feerate) * BigInt(weight) + 999n) / 1000n);
