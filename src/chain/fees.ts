import { type SatPerKw, satPerKw } from "../base/units.ts";
import {
  BUCKETS,
  bucketOf,
  type FeeRecord,
  type FeeSample,
  feeRecord,
  HORIZONS,
  leastRate,
  recordBlock,
  spanOf,
} from "./fee-record.ts";
import { floorAt } from "./floor.ts";
import type { Mempool, MempoolEntry } from "./mempool.ts";

/** What mined transactions paid and how long they waited. Mutable; old blocks fade. */
export interface FeeMemory {
  /** The nearest first. */
  readonly records: FeeRecord[];
  /** The last block that was counted. */
  height: number;
  /** What was said last for each target, and when: the next answer is not far from it. */
  readonly said: Map<string, { readonly height: number; readonly rate: number }>;
  /** At which height too little was known for an answer. */
  readonly unanswered: Map<string, number>;
}
/** Economical follows what was enough lately; conservative also looks at days and weeks. */
export type FeeCare = "economical" | "conservative";

/** Policy, not protocol. */
const TARGET_MAX = 1008;
/** No estimate is below what relay asks for or above what a fee should ever be. BOLT 3 §Fee Calculation. */
const RATE_MIN = 253;
const RATE_MAX = 100_000;
/** From one block to the next an answer at most doubles, or halves: nobody moves our feerate far with one block. */
const CHANGE_MAX = 2;

export const feeMemory = (): FeeMemory => ({
  records: HORIZONS.map(feeRecord),
  height: 0,
  said: new Map(),
  unanswered: new Map(),
});

/**
 * Counts the entries that a block at `height` took out of the mempool. Only what stood alone is counted: what pays for
 * another, or is paid for, has a price of its own that says little. What a miner puts into his block without showing it
 * before was never in the mempool, and what he leaves out counts against its price as long as it waits.
 */
export function rememberFees(memory: FeeMemory, mined: readonly MempoolEntry[], height: number): void {
  const samples = mined.map(
    ({ fee, weight, height: came }): FeeSample => ({
      rate: Math.floor((Number(fee) * 1000) / weight),
      waited: Math.max(height - came, 1),
    }),
  );
  for (const record of memory.records) recordBlock(record, samples);
  memory.height = height;
}

/**
 * What to pay to be mined within `blocks` (1 to 1008); undefined while too little is known. Never below what the mempool
 * asks for now.
 * @param now  seconds since 1970-01-01 UTC
 */
export function estimateFeerate(
  memory: FeeMemory,
  pool: Mempool,
  { blocks, care, now }: { readonly blocks: number; readonly care: FeeCare; readonly now: number },
): SatPerKw | undefined {
  const target = Math.min(Math.max(Math.ceil(blocks), 1), TARGET_MAX);
  const rate = steady(memory, `${target} ${care}`, () => estimate(memory, pool, target, care));
  if (rate === undefined) return undefined;
  // Four weight units are one virtual byte.
  const floor = Number((floorAt(pool, now) + 3n) / 4n);
  return satPerKw(Math.min(Math.max(rate, RATE_MIN, floor), RATE_MAX));
}

/** One answer for each block: they are asked for at every step of every channel. */
function steady(memory: FeeMemory, question: string, answer: () => number | undefined): number | undefined {
  const { height, said, unanswered } = memory;
  const last = said.get(question);
  if (last?.height === height) return last.rate;
  if (unanswered.get(question) === height) return undefined;
  const fresh = answer();
  if (fresh === undefined) {
    unanswered.set(question, height);
    return undefined;
  }
  const rate = last === undefined ? fresh : within(fresh, last.rate, CHANGE_MAX ** Math.max(height - last.height, 1));
  said.set(question, { height, rate });
  return rate;
}
const within = (rate: number, before: number, factor: number): number =>
  Math.round(Math.min(Math.max(rate, before / factor), before * factor));

/** The dearest of three questions: most of the time soon, nearly always in time, and surely in twice the time. */
function estimate(memory: FeeMemory, pool: Mempool, target: number, care: FeeCare): number | undefined {
  const ask = (blocks: number, share: number): number | undefined => leastAt(memory, pool, { blocks, share });
  const answers = [ask(Math.ceil(target / 2), 0.6), ask(target, 0.85), ask(target * 2, 0.95)];
  if (care === "conservative") {
    for (const record of memory.records) {
      const blocks = Math.min(target * 2, spanOf(record.horizon));
      answers.push(leastRate(record, { blocks, share: 0.95, waiting: waitingLonger(memory, pool, blocks) }));
    }
  }
  const known = answers.filter((rate) => rate !== undefined);
  return known.length === 0 ? undefined : Math.round(Math.max(...known));
}

/** From the nearest record that looks far enough and knows enough; else of one that is nearer still, which asks for more. */
function leastAt(
  { records, height }: FeeMemory,
  pool: Mempool,
  { blocks, share }: { readonly blocks: number; readonly share: number },
): number | undefined {
  const far = records.findIndex(({ horizon }) => spanOf(horizon) >= blocks);
  const usable = records.slice(0, (far < 0 ? records.length - 1 : far) + 1);
  for (const record of usable.toReversed()) {
    const near = Math.min(blocks, spanOf(record.horizon));
    const rate = leastRate(record, { blocks: near, share, waiting: waitingLonger({ height }, pool, near) });
    if (rate !== undefined) return rate;
  }
  return undefined;
}

function waitingLonger({ height }: Pick<FeeMemory, "height">, pool: Mempool, blocks: number): readonly number[] {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const { fee, weight, height: came, parents, children } of pool.entries.values()) {
    if (height - came < blocks || parents.size + children.size > 0) continue;
    const bucket = bucketOf((Number(fee) * 1000) / weight);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}
