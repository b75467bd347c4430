import { SCRIPT_FLAGS, type ScriptFlags, scriptFlags } from "../../../bitcoin/interpreter/flags.ts";
import { type Tx, type TxOut, tx, txOut } from "../../../bitcoin/tx.ts";
import type { BlockScripts, ScriptFault } from "../../../chain/scripts.ts";
import { type Codec, decode, encode, listOf, struct } from "../../../codec/codec.ts";
import { u32le } from "../../../codec/primitives.ts";
import { compactSize } from "../../../codec/varint.ts";

/** Inputs of one transaction that one thread verifies: `from` on and before `end`. */
export interface InputRange {
  /** Of the transaction in its block. */
  readonly index: number;
  readonly tx: Tx;
  readonly spent: readonly TxOut[];
  readonly from: number;
  readonly end: number;
}
/** What one message asks of a thread. Bytes: what two threads hold is never the same memory. */
export interface BatchRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
}
export interface BatchAnswer {
  readonly id: number;
  readonly fault: ScriptFault | undefined;
}

const range: Codec<InputRange> = struct({
  index: u32le,
  tx,
  spent: listOf(compactSize, txOut),
  from: u32le,
  end: u32le,
});
const batch = struct({ flags: u32le, ranges: listOf(compactSize, range) });

/** Enough that a message costs little beside it, and few enough that no thread works long while others have nothing. */
const BATCH_INPUTS = 64;

/** All inputs of a block's scripts in order, so many at a time. */
export function* batchesOf({ flags, checks }: BlockScripts): Generator<Uint8Array, void> {
  const bits = bitsOf(flags);
  let ranges: InputRange[] = [];
  let room = BATCH_INPUTS;
  for (const { index, tx, spent } of checks) {
    for (let from = 0; from < tx.inputs.length; ) {
      const end = Math.min(from + room, tx.inputs.length);
      ranges.push({ index, tx, spent, from, end });
      room -= end - from;
      from = end;
      if (room > 0) continue;
      yield encode(batch, { flags: bits, ranges });
      ranges = [];
      room = BATCH_INPUTS;
    }
  }
  if (ranges.length > 0) yield encode(batch, { flags: bits, ranges });
}
/** @throws  when they are no batch of ours: that is a bug here, not a fault of the block */
export function readBatch(bytes: Uint8Array): {
  readonly flags: ScriptFlags;
  readonly ranges: readonly InputRange[];
} {
  const read = decode(batch, bytes);
  if (!read.ok) throw read.error;
  const { flags, ranges } = read.value;
  return { flags: flagsOf(flags), ranges };
}

const bitsOf = (flags: ScriptFlags): number =>
  SCRIPT_FLAGS.reduce((bits, flag, at) => bits + (flags[flag] ? 2 ** at : 0), 0);
const flagsOf = (bits: number): ScriptFlags => scriptFlags(...SCRIPT_FLAGS.filter((_, at) => (bits >>> at) % 2 === 1));

/** Of two faults the one that stands first in the block. */
export function earlier(a: ScriptFault | undefined, b: ScriptFault | undefined): ScriptFault | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.index < a.index || (b.index === a.index && b.input < a.input) ? b : a;
}
