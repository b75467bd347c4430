import { parseHex, toHex } from "../base/bytes.ts";
import { decodeTx, encodeTx } from "../bitcoin/tx.ts";
import { acceptTx } from "./accept-tx.ts";
import type { NodeBrain } from "./brain.ts";
import { BUCKETS, type FeeRecord, HORIZONS } from "./fee-record.ts";

/** What a node would like to know again after a restart, and can do without: what waited, and what fees have done. */

const VERSION = 1;

/** As text for a file. */
export function keepsakeOf({ pool, fees }: NodeBrain): string {
  const txs = [...pool.entries.values()].map(({ tx, time, height }) => ({ hex: toHex(encodeTx(tx)), time, height }));
  const records = fees.records.map(({ mined, paid, within, blocks }) => ({ mined, paid, within, blocks }));
  return JSON.stringify({ version: VERSION, fees: { height: fees.height, records }, txs });
}

/**
 * Takes such a text into an empty mempool. What it says is judged like anything that comes from outside, but for its fee,
 * which was paid before; what is wrong in it is left out.
 */
export function recall(brain: NodeBrain, text: string): void {
  const kept = parsed(text);
  if (kept?.["version"] !== VERSION) return;
  recallFees(brain, kept["fees"]);
  for (const waiting of Array.isArray(kept["txs"]) ? kept["txs"] : []) recallTx(brain, waiting);
}

function recallTx({ pool, chain }: NodeBrain, waiting: unknown): void {
  const { hex, time, height } = fieldsOf(waiting) ?? {};
  const bytes = typeof hex === "string" ? parseHex(hex) : undefined;
  const tx = bytes === undefined ? undefined : decodeTx(bytes);
  if (!tx?.ok || !isCount(time) || !isCount(height)) return;
  acceptTx(pool, chain, tx.value, { now: time, height: Math.min(height, chain.tip.height), resurrected: true });
}

function recallFees({ fees, chain }: NodeBrain, kept: unknown): void {
  const { height, records } = fieldsOf(kept) ?? {};
  if (!isCount(height) || height > chain.tip.height || !Array.isArray(records)) return;
  const read = HORIZONS.map((horizon, at): FeeRecord | undefined => {
    const { mined, paid, within, blocks } = fieldsOf(records[at]) ?? {};
    if (!isCounts(mined) || !isCounts(paid) || !isCount(blocks)) return undefined;
    const isWhole = Array.isArray(within) && within.length === horizon.periods && within.every(isCounts);
    return isWhole ? { horizon, mined, paid, within, blocks } : undefined;
  });
  if (!read.every((record) => record !== undefined)) return;
  fees.records.splice(0, fees.records.length, ...read);
  fees.height = height;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length === BUCKETS && value.every(isCount);
