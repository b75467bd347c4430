import { SCRIPT_FLAGS, type ScriptFlags, scriptFlags } from "../../../bitcoin/interpreter/flags.ts";
import { Sighashes } from "../../../bitcoin/sighash.ts";
import { OUTPOINT_BYTES, type SignedTx } from "../../../bitcoin/sighash-parts.ts";
import type { TxOut } from "../../../bitcoin/tx.ts";
import { outputSize, putCount, putOutpoint, putOutput, putScript, putU32 } from "../../../bitcoin/tx-bytes.ts";
import { countSize, witnessSize } from "../../../bitcoin/tx-size.ts";
import type { BlockScripts, InputRange, ScriptCheck, ScriptFault, SignedCheck } from "../../../chain/scripts.ts";
import { PackedReader } from "./packed-reader.ts";

/**
 * The scripts of a block in memory that threads share: written once, before any of them begins, and only read from then on but
 * for one number, by which they take parts of it in turn. A thread copies what it takes.
 */
export interface PackedScripts {
  readonly flags: number;
  /** Each transaction once, however many threads verify its inputs. */
  readonly bytes: Uint8Array;
  /** Of each part: where its transaction begins in `bytes`, how long it is, and its inputs from the one on and before the other. */
  readonly parts: Int32Array;
  /** Of each turn its first part; behind the last one, the number of parts. */
  readonly turns: Int32Array;
  /** One number: the next turn that nobody has taken. */
  readonly next: Int32Array;
}
/** What one message asks of a thread: to take turns until none is left. */
export interface BatchRequest {
  readonly id: number;
  readonly scripts: PackedScripts;
}
/** Once for each request. */
export interface BatchAnswer {
  readonly id: number;
  readonly fault: ScriptFault | undefined;
}

/** Numbers of a part. */
const PART = 4;
/** Few enough that no thread works long while others have nothing. */
const TURN_INPUTS = 16;

export function packScripts({ flags, checks }: BlockScripts): PackedScripts {
  const bytes = new Uint8Array(new SharedArrayBuffer(checks.reduce((sum, check) => sum + packedSize(check), 0)));
  const parts: number[] = [];
  const turns = [0];
  let room = TURN_INPUTS;
  let at = 0;
  for (const check of checks) {
    const begin = at;
    at = putCheck(bytes, at, check);
    const { length } = check.tx.inputs;
    for (let from = 0; from < length; ) {
      const end = Math.min(from + room, length);
      parts.push(begin, at - begin, from, end);
      room -= end - from;
      from = end;
      if (room > 0) continue;
      turns.push(parts.length / PART);
      room = TURN_INPUTS;
    }
  }
  if (room < TURN_INPUTS) turns.push(parts.length / PART);
  return { flags: bitsOf(flags), bytes, parts: shared(parts), turns: shared(turns), next: shared([0]) };
}
function shared(numbers: readonly number[]): Int32Array {
  const array = new Int32Array(new SharedArrayBuffer(4 * numbers.length));
  array.set(numbers);
  return array;
}

const sizeOfOutputs = (outputs: readonly TxOut[]): number =>
  outputs.reduce((sum, output) => sum + outputSize(output), countSize(outputs.length));
function packedSize({ tx, spent }: ScriptCheck): number {
  let size = 12 + countSize(tx.inputs.length) + sizeOfOutputs(tx.outputs) + sizeOfOutputs(spent);
  for (const { scriptSig, witness } of tx.inputs)
    size += OUTPOINT_BYTES + 4 + countSize(scriptSig.length) + scriptSig.length + witnessSize(witness);
  return size;
}
function putCheck(out: Uint8Array, from: number, { index, tx, spent }: ScriptCheck): number {
  let at = putU32(out, putU32(out, putU32(out, from, index), tx.version >>> 0), tx.locktime);
  at = putCount(out, at, tx.inputs.length);
  for (const { prevout } of tx.inputs) at = putOutpoint(out, at, prevout);
  for (const { scriptSig, sequence, witness } of tx.inputs) {
    at = putScript(out, putU32(out, at, sequence), scriptSig);
    at = putCount(out, at, witness.length);
    for (const element of witness) at = putScript(out, at, element);
  }
  return putOutputs(out, putOutputs(out, at, tx.outputs), spent);
}
function putOutputs(out: Uint8Array, from: number, outputs: readonly TxOut[]): number {
  let at = putCount(out, from, outputs.length);
  for (const output of outputs) at = putOutput(out, at, output);
  return at;
}

const NOTHING = new Uint8Array(0);
/** What a thread takes of packed scripts, turn by turn. */
export class ScriptTurns {
  readonly #scripts: PackedScripts;
  /** The last transaction, and where it begins: inputs of a large one come turn after turn. */
  #last: { readonly begin: number; readonly check: SignedCheck } | undefined;
  constructor(scripts: PackedScripts) {
    this.#scripts = scripts;
  }
  /** The next turn, in the order of the block; nothing once all are taken. */
  take(): readonly InputRange[] | undefined {
    const { bytes, parts, turns, next } = this.#scripts;
    const turn = Atomics.add(next, 0, 1);
    if (turn >= turns.length - 1) return undefined;
    const from = PART * (turns[turn] as number);
    const end = PART * (turns[turn + 1] as number);
    // One piece of memory for all: each costs more than what is copied into it.
    const first = parts[from] === this.#last?.begin ? from + PART : from;
    const offset = parts[first] as number;
    const copy =
      first < end ? bytes.slice(offset, (parts[end - PART] as number) + (parts[end - PART + 1] as number)) : NOTHING;
    const ranges: InputRange[] = [];
    for (let at = from; at < end; at += PART) {
      const begin = parts[at] as number;
      if (begin !== this.#last?.begin)
        this.#last = {
          begin,
          check: readCheck(copy.subarray(begin - offset, begin - offset + (parts[at + 1] as number))),
        };
      const { index, sighashes } = this.#last.check;
      ranges.push({ index, sighashes, from: parts[at + 2] as number, end: parts[at + 3] as number });
    }
    return ranges;
  }
}
/** Lets nobody take another turn. */
export const takeNoMore = ({ turns, next }: PackedScripts): void => {
  Atomics.store(next, 0, turns.length);
};

function readCheck(bytes: Uint8Array): SignedCheck {
  const reader = new PackedReader(bytes);
  const index = reader.u32();
  const version = reader.u32() | 0;
  const locktime = reader.u32();
  const count = reader.count();
  const prevouts = reader.bytes(OUTPOINT_BYTES * count);
  const inputs = new Array<SignedTx["inputs"][0]>(count);
  for (let at = 0; at < count; at++)
    inputs[at] = { sequence: reader.u32(), scriptSig: reader.script(), witness: reader.witness() };
  const tx = { version, inputs, outputs: reader.outputs(), locktime };
  return { index, sighashes: new Sighashes(tx, prevouts, reader.outputs()) };
}

const bitsOf = (flags: ScriptFlags): number =>
  SCRIPT_FLAGS.reduce((bits, flag, at) => bits + (flags[flag] ? 2 ** at : 0), 0);
export const flagsOf = (bits: number): ScriptFlags =>
  scriptFlags(...SCRIPT_FLAGS.filter((_, at) => (bits >>> at) % 2 === 1));

/** Of two faults the one that stands first in the block. */
export function earlier(a: ScriptFault | undefined, b: ScriptFault | undefined): ScriptFault | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.index < a.index || (b.index === a.index && b.input < a.input) ? b : a;
}
