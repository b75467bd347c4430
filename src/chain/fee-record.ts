/**
 * What became of transactions by what they paid: how many of each price were mined within so many blocks. Numbers here are
 * counts that fade with every block, so that the last ones weigh most.
 */

/** Prices are sorted into buckets, each a tenth dearer than the one before; the first begins at a tenth of a sat per vbyte. */
const FIRST_RATE = 25;
const STEP = 1.1;
export const BUCKETS = 121;
/** Rates in sat per 1,000 weight units. */
export const bucketOf = (rate: number): number =>
  Math.min(Math.max(Math.floor(Math.log(Math.max(rate, 1) / FIRST_RATE) / Math.log(STEP)), 0), BUCKETS - 1);

/** Policy, not protocol: how far a record looks, and how fast it forgets. */
export interface Horizon {
  /** Blocks that are told apart as one. */
  readonly scale: number;
  readonly periods: number;
  /** What a count is worth one block later. */
  readonly decay: number;
  /** Transactions for each block that a price must have had before anything is said of it. */
  readonly enough: number;
}
/** Half of what is known goes in 18 blocks, in a day, in a week. */
export const HORIZONS: readonly Horizon[] = [
  { scale: 1, periods: 12, decay: 0.962, enough: 0.5 },
  { scale: 2, periods: 24, decay: 0.9952, enough: 0.1 },
  { scale: 24, periods: 42, decay: 0.99931, enough: 0.1 },
];
export const spanOf = ({ scale, periods }: Horizon): number => scale * periods;

/** The counts of one horizon. Mutable. */
export interface FeeRecord {
  readonly horizon: Horizon;
  /** By bucket: all that were mined, and the sum of what they paid. */
  readonly mined: number[];
  readonly paid: number[];
  /** By period and bucket: those that were mined within it. */
  readonly within: readonly number[][];
  /** Blocks in which there was anything to count. */
  blocks: number;
}
const zeros = (): number[] => Array.from({ length: BUCKETS }, () => 0);
export const feeRecord = (horizon: Horizon): FeeRecord => ({
  horizon,
  mined: zeros(),
  paid: zeros(),
  within: Array.from({ length: horizon.periods }, zeros),
  blocks: 0,
});

export interface FeeSample {
  /** Sat per 1,000 weight units. */
  readonly rate: number;
  /** Blocks until it was mined, from 1 on. */
  readonly waited: number;
}
/** Adds what a block brought, after everything from before has faded. */
export function recordBlock(record: FeeRecord, samples: readonly FeeSample[]): void {
  const { horizon, mined, paid, within } = record;
  for (const counts of [mined, paid, ...within]) {
    for (let bucket = 0; bucket < BUCKETS; bucket++) counts[bucket] = (counts[bucket] ?? 0) * horizon.decay;
  }
  record.blocks = record.blocks * horizon.decay + (samples.length > 0 ? 1 : 0);
  const count = (counts: number[], bucket: number, by: number): void => {
    counts[bucket] = (counts[bucket] ?? 0) + by;
  };
  for (const { rate, waited } of samples) {
    const bucket = bucketOf(rate);
    count(mined, bucket, 1);
    count(paid, bucket, rate);
    const first = Math.ceil(waited / horizon.scale) - 1;
    for (const counts of within.slice(first)) count(counts, bucket, 1);
  }
}

/** A count of blocks below this is chance, or one miner's wish. */
const BLOCKS_MIN = 2.5;

/**
 * The least that had this share of success: of all at such prices and above that were mined or have been waiting for longer,
 * so many were mined within `blocks`. Undefined when too few are known, or none had it.
 * @param waiting  by bucket: those that have been waiting for `blocks` or longer
 */
export function leastRate(
  record: FeeRecord,
  { blocks, share, waiting }: { readonly blocks: number; readonly share: number; readonly waiting: readonly number[] },
): number | undefined {
  const { horizon, mined, within } = record;
  const counts = within[Math.min(Math.ceil(blocks / horizon.scale), horizon.periods) - 1] ?? [];
  const enough = horizon.enough / (1 - horizon.decay);
  if (record.blocks < BLOCKS_MIN) return undefined;
  let best: { from: number; to: number } | undefined;
  let range = { to: BUCKETS - 1, good: 0, all: 0, lost: 0 };
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
    range.good += counts[bucket] ?? 0;
    range.all += mined[bucket] ?? 0;
    range.lost += waiting[bucket] ?? 0;
    if (range.all < enough || range.good < share * (range.all + range.lost)) continue;
    best = { from: bucket, to: range.to };
    range = { to: bucket - 1, good: 0, all: 0, lost: 0 };
  }
  return best && medianOf(record, best);
}

/** What was paid on average in the bucket that holds the one in the middle. */
function medianOf({ mined, paid }: FeeRecord, { from, to }: { readonly from: number; readonly to: number }): number {
  const counts = mined.slice(from, to + 1);
  let left = counts.reduce((sum, count) => sum + count, 0) / 2;
  const at = counts.findIndex((count) => {
    left -= count;
    return count > 0 && left <= 0;
  });
  const bucket = from + Math.max(at, 0);
  return (paid[bucket] ?? 0) / (mined[bucket] ?? 1);
}
