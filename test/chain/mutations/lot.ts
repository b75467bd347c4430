import type { SeededRandom } from "../../../src/adapters/memory/random.ts";
import type { Block } from "../../../src/bitcoin/block.ts";
import type { Tx, TxIn, TxOut } from "../../../src/bitcoin/tx.ts";

/** Choices by lot that a seed repeats, and changes of values at one place. */

/** A whole number below `limit`. */
export function below(random: SeededRandom, limit: number): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % limit;
}
/** One of them; undefined when there is none. */
export const oneOf = <T>(random: SeededRandom, all: readonly T[]): T | undefined =>
  all.length === 0 ? undefined : all[below(random, all.length)];

export const replaced = <T>(list: readonly T[], at: number, value: T): readonly T[] =>
  list.map((each, index) => (index === at ? value : each));
export const without = <T>(list: readonly T[], at: number): readonly T[] => list.filter((_, index) => index !== at);
export const inserted = <T>(list: readonly T[], at: number, ...values: readonly T[]): readonly T[] => [
  ...list.slice(0, at),
  ...values,
  ...list.slice(at),
];

/** The bytes with one bit changed, somewhere from `from` up to `end`. */
export function flipped(random: SeededRandom, bytes: Uint8Array, from = 0, end = bytes.length): Uint8Array {
  const at = from + below(random, end - from);
  const bit = 1 << below(random, 8);
  return bytes.map((byte, index) => (index === at ? byte ^ bit : byte));
}

export const withTx = (block: Block, at: number, tx: Tx): Block => ({ ...block, txs: replaced(block.txs, at, tx) });
export const withInput = (tx: Tx, at: number, more: Partial<TxIn>): Tx => ({
  ...tx,
  inputs: tx.inputs.map((each, index) => (index === at ? { ...each, ...more } : each)),
});
export const withOutput = (tx: Tx, at: number, more: Partial<TxOut>): Tx => ({
  ...tx,
  outputs: tx.outputs.map((each, index) => (index === at ? { ...each, ...more } : each)),
});
