import { equalBytes } from "../base/bytes.ts";
import { assert, present } from "../base/result.ts";
import { scratch } from "../base/scratch.ts";
import type { Sat } from "../base/units.ts";
import { ByteWriter } from "../codec/io.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256d } from "../crypto/hash.ts";
import { SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_NONE, SIGHASH_SINGLE } from "./hash-types.ts";
import { OP } from "./opcodes.ts";
import { elementAt } from "./script.ts";
import { prevoutsOf, SharedParts, type SignedTx } from "./sighash-parts.ts";
import { type TaprootSigned, taprootDigest } from "./taproot-sighash.ts";
import { type Tx, type TxOut, txOut } from "./tx.ts";
import { outputSize, putAmount, putOutput, putScript, putU32 } from "./tx-bytes.ts";
import { countSize } from "./tx-size.ts";

export { SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_DEFAULT, SIGHASH_NONE, SIGHASH_SINGLE } from "./hash-types.ts";

const OUTPUTS_MASK = 0x1f;

/**
 * The digests that signatures of one transaction sign. It holds the parts that all its inputs share, each hashed once
 * and only when first asked for, so that the cost of n signatures grows with n and not with its square. BIP 143 §Specification.
 */
export interface SighashesOf {
  readonly tx: SignedTx;
  /** What the inputs spend, where taproot signatures can be asked for. */
  readonly spent: readonly TxOut[] | undefined;
  /** For witness version 0. `scriptCode` is without its length. `hashType` is as in the signature. BIP 143 §Specification. */
  segwit(index: number, scriptCode: Uint8Array, amount: Sat, hashType: number): Uint8Array;
  /** For scripts without a witness; `hashType` may be any 32-bit number. The signature is removed already (`findAndDelete`). */
  legacy(index: number, scriptCode: Uint8Array, hashType: number): Uint8Array;
  /**
   * For taproot, which covers what all inputs spend: that has been given to `sighashesOf`. Undefined for a hash type that
   * is not allowed, or for SINGLE without an output of its own. BIP 341 §Common signature message.
   */
  taproot(signed: TaprootSigned): Uint8Array | undefined;
}

/** What SIGHASH_SINGLE signs when it has no output of its own in a legacy script: the number one, as a bug made it. */
const SINGLE_BUG_DIGEST = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));

/**
 * The digests of `tx`. Nothing is computed until it is asked for.
 * @param spent  the outputs that its inputs spend, in their order; only taproot needs them
 */
export const sighashesOf = (tx: Tx, spent?: readonly TxOut[]): SighashesOf => new Sighashes(tx, prevoutsOf(tx), spent);

/**
 * Of one input and script, as long as it goes on asking: each is a hash of nearly the whole transaction, and a script may check
 * two hundred signatures, or one signature against twenty keys (CVE-2013-2292).
 */
interface LegacyDigests {
  readonly index: number;
  readonly scriptCode: Uint8Array;
  readonly byHashType: Map<number, Uint8Array>;
}

/** @see sighashesOf */
export class Sighashes implements SighashesOf {
  readonly tx: SignedTx;
  readonly spent: readonly TxOut[] | undefined;
  readonly #parts: SharedParts;
  #legacy: LegacyDigests | undefined;

  /** @param prevouts  the outpoints of all inputs, one behind the other */
  constructor(tx: SignedTx, prevouts: Uint8Array, spent: readonly TxOut[] | undefined) {
    this.tx = tx;
    this.spent = spent;
    this.#parts = new SharedParts(tx, prevouts, spent);
  }
  segwit(index: number, scriptCode: Uint8Array, amount: Sat, hashType: number): Uint8Array {
    return segwit(this.tx, this.#parts, { index, scriptCode, amount, hashType });
  }
  legacy(index: number, scriptCode: Uint8Array, hashType: number): Uint8Array {
    if (this.#legacy?.index !== index || !equalBytes(this.#legacy.scriptCode, scriptCode))
      this.#legacy = { index, scriptCode, byHashType: new Map() };
    const { byHashType } = this.#legacy;
    const known = byHashType.get(hashType);
    if (known !== undefined) return known;
    const digest = legacy(this.tx, this.#parts, { index, scriptCode, hashType });
    byHashType.set(hashType, digest);
    return digest;
  }
  taproot(signed: TaprootSigned): Uint8Array | undefined {
    return taprootDigest(this.tx, this.#parts, signed);
  }
}

/** One digest of a version 0 witness input; for more than one of the same transaction use `sighashesOf`. */
export const segwitSighash = (
  tx: Tx,
  index: number,
  scriptCode: Uint8Array,
  amount: Sat,
  hashType = SIGHASH_ALL,
): Uint8Array => sighashesOf(tx).segwit(index, scriptCode, amount, hashType);

interface Signed {
  readonly index: number;
  readonly scriptCode: Uint8Array;
  readonly hashType: number;
}

/** Bytes of what is signed but for the script. BIP 143 §Specification. */
const SEGWIT_FIXED_BYTES = 156;
function segwit(tx: SignedTx, parts: SharedParts, { index, scriptCode, amount, hashType }: Signed & { amount: Sat }) {
  const { sequence } = present(tx.inputs[index], "the signed input exists");
  const outputsType = hashType & OUTPUTS_MASK;
  const anyone = (hashType & SIGHASH_ANYONECANPAY) !== 0;
  const all = outputsType !== SIGHASH_SINGLE && outputsType !== SIGHASH_NONE;
  const own = outputsType === SIGHASH_SINGLE ? tx.outputs[index] : undefined;
  const prevouts = anyone ? NOT_SIGNED : parts.hashPrevouts();
  const sequences = anyone || !all ? NOT_SIGNED : parts.hashSequences();
  const outputs = all ? parts.hashOutputs() : own === undefined ? NOT_SIGNED : hashOfOutput(own);
  const out = scratch(SEGWIT_FIXED_BYTES + countSize(scriptCode.length) + scriptCode.length);
  putU32(out, 0, tx.version >>> 0);
  out.set(prevouts, 4);
  out.set(sequences, 36);
  out.set(parts.prevout(index), 68);
  let at = putScript(out, 104, scriptCode);
  at = putU32(out, putAmount(out, at, amount), sequence);
  out.set(outputs, at);
  putU32(out, putU32(out, at + 32, tx.locktime), hashType >>> 0);
  return sha256d(out);
}
const NOT_SIGNED = new Uint8Array(32);
function hashOfOutput(output: TxOut): Uint8Array {
  const out = scratch(outputSize(output));
  putOutput(out, 0, output);
  return sha256d(out);
}

function legacy(tx: SignedTx, parts: SharedParts, { index, scriptCode, hashType }: Signed): Uint8Array {
  assert(index < tx.inputs.length, "the signed input exists");
  const outputsType = hashType & OUTPUTS_MASK;
  if (outputsType === SIGHASH_SINGLE && index >= tx.outputs.length) return SINGLE_BUG_DIGEST;
  const code = withoutCodeSeparators(scriptCode);
  const anyone = (hashType & SIGHASH_ANYONECANPAY) !== 0;
  const othersSequence = outputsType !== SIGHASH_SINGLE && outputsType !== SIGHASH_NONE;
  const writer = new ByteWriter(41 * tx.inputs.length + code.length + parts.outputs().length + 32);
  writer.i32le(tx.version);
  compactSize.write(writer, anyone ? 1 : tx.inputs.length);
  tx.inputs.forEach(({ sequence }, at) => {
    if (anyone && at !== index) return;
    writer.bytes(parts.prevout(at));
    compactSize.write(writer, at === index ? code.length : 0);
    if (at === index) writer.bytes(code);
    writer.u32le(at === index || othersSequence ? sequence : 0);
  });
  writeLegacyOutputs(writer, tx, parts, { index, outputsType });
  writer.u32le(tx.locktime);
  writer.i32le(hashType | 0);
  return sha256d(writer.finish());
}

function writeLegacyOutputs(
  writer: ByteWriter,
  tx: SignedTx,
  parts: SharedParts,
  { index, outputsType }: { readonly index: number; readonly outputsType: number },
): void {
  if (outputsType === SIGHASH_NONE) compactSize.write(writer, 0);
  else if (outputsType === SIGHASH_SINGLE) {
    // Outputs before the signed one are blanked: amount -1, no script.
    compactSize.write(writer, index + 1);
    for (let blank = 0; blank < index; blank++) {
      writer.u64le(0xffff_ffff_ffff_ffffn);
      compactSize.write(writer, 0);
    }
    txOut.write(writer, present(tx.outputs[index], "SINGLE has its output"));
  } else {
    compactSize.write(writer, tx.outputs.length);
    writer.bytes(parts.outputs());
  }
}

/** The script without its OP_CODESEPARATORs. What follows a push that is cut short is kept as it is. */
function withoutCodeSeparators(code: Uint8Array): Uint8Array {
  if (!code.includes(OP.CODESEPARATOR)) return code;
  return keepElements(code, (at) => (code[at] === OP.CODESEPARATOR ? 1 : 0));
}

/**
 * The script without each occurrence of `pattern` that begins where an opcode begins: legacy scripts remove the
 * signature from what it signs. `pattern` is `pushBytes(signature)`.
 */
export function findAndDelete(
  code: Uint8Array,
  pattern: Uint8Array,
): { readonly code: Uint8Array; readonly found: number } {
  let found = 0;
  if (pattern.length === 0) return { code, found };
  const kept = keepElements(code, (at) => {
    for (let i = 0; i < pattern.length; i++) if (code[at + i] !== pattern[i]) return 0;
    found++;
    return pattern.length;
  });
  return { code: found === 0 ? code : kept, found };
}

/** Walks opcode by opcode, dropping as many bytes as `drop` says wherever it says more than none. */
function keepElements(code: Uint8Array, drop: (at: number) => number): Uint8Array {
  const writer = new ByteWriter(code.length);
  let at = 0;
  while (at < code.length) {
    const dropped = drop(at);
    if (dropped > 0) {
      at += dropped;
      continue;
    }
    const element = elementAt(code, at);
    if (element === undefined) break;
    writer.bytes(code.subarray(at, element.end));
    at = element.end;
  }
  writer.bytes(code.subarray(at));
  return writer.finish();
}
