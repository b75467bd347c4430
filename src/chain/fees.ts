import { type SatPerKw, satPerKw } from "../base/units.ts";
import type { MempoolEntry } from "./mempool.ts";

/** What mined transactions paid and how long they waited. Mutable; forgets old blocks. */
export interface FeeMemory {
  /** One list for each of the last blocks, newest last. */
  readonly blocks: (readonly FeeSample[])[];
}
interface FeeSample {
  /** Sat per 1,000 weight units. */
  readonly rate: number;
  readonly waited: number;
}
/** Policy, not protocol. */
const BLOCKS_KEPT = 144;
/** With fewer samples nothing is said: a handful of transactions would let anyone set our feerate. */
const SAMPLES_MIN = 20;
const BLOCKS_MIN = 3;
/** No estimate is below what relay asks for or above what a fee should ever be. BOLT 3 §Fee Calculation. */
const RATE_MIN = 253;
const RATE_MAX = 100_000;

export const feeMemory = (): FeeMemory => ({ blocks: [] });

/** The entries that a block at `height` took out of the mempool. */
export function rememberFees(memory: FeeMemory, mined: readonly MempoolEntry[], height: number): void {
  ESTIMATES.delete(memory);
  memory.blocks.push(
    mined.map(({ fee, weight, height: came }) => ({
      rate: Math.floor((Number(fee) * 1000) / weight),
      waited: Math.max(height - came, 1),
    })),
  );
  if (memory.blocks.length > BLOCKS_KEPT) memory.blocks.shift();
}

/** Estimates hold until the next block: they are asked for at every step of every channel. */
const ESTIMATES = new WeakMap<FeeMemory, Map<number, SatPerKw | undefined>>();

/** The median of what was mined within `blocks`; undefined while too little is known. */
export function estimateFeerate(memory: FeeMemory, blocks: number): SatPerKw | undefined {
  const known = ESTIMATES.get(memory) ?? new Map<number, SatPerKw | undefined>();
  ESTIMATES.set(memory, known);
  if (!known.has(blocks)) known.set(blocks, medianFeerate(memory, blocks));
  return known.get(blocks);
}
function medianFeerate(memory: FeeMemory, blocks: number): SatPerKw | undefined {
  const quick = memory.blocks.map((samples) => samples.filter(({ waited }) => waited <= blocks));
  const rates = quick.flat().map(({ rate }) => rate);
  if (rates.length < SAMPLES_MIN || quick.filter(({ length }) => length > 0).length < BLOCKS_MIN) return undefined;
  const median = rates.sort((a, b) => a - b)[rates.length >> 1] ?? RATE_MIN;
  return satPerKw(Math.min(Math.max(median, RATE_MIN), RATE_MAX));
}
