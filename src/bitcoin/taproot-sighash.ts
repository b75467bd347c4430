import { present } from "../base/result.ts";
import { scratch } from "../base/scratch.ts";
import { ByteWriter } from "../codec/io.ts";
import { sha256, taggedHash } from "../crypto/hash.ts";
import { SIGHASH_ANYONECANPAY, SIGHASH_NONE, SIGHASH_SINGLE } from "./hash-types.ts";
import type { SharedParts, SignedTx } from "./sighash-parts.ts";
import { type TxOut, txOut } from "./tx.ts";
import { outputSize, putOutput } from "./tx-bytes.ts";

/** What a taproot signature is made for. */
export interface TaprootSigned {
  readonly index: number;
  /** Zero for a signature of 64 bytes, else its 65th byte. */
  readonly hashType: number;
  /** `annexHash` of the annex, when there is one. */
  readonly annexHash?: Uint8Array | undefined;
  /** For a signature in a tapscript; undefined for the key path. */
  readonly leaf?: SignedLeaf | undefined;
}
/** BIP 342 §Common Signature Message Extension. */
export interface SignedLeaf {
  readonly hash: Uint8Array;
  /** The position, in opcodes, of the last OP_CODESEPARATOR that acted, or `NO_CODE_SEPARATOR`. */
  readonly codeSeparator: number;
}
export const NO_CODE_SEPARATOR = 0xffff_ffff;

/** In front of every message of this version of the rules. BIP 341 §Common signature message. */
const EPOCH = 0;
/** Of the keys in a tapscript: the only one there is. BIP 342 §Common Signature Message Extension. */
const KEY_VERSION = 0;
const MESSAGE_BYTES = 256;
const sighash = taggedHash("TapSighash");

/** Whether taproot knows the hash type: 0 to 3, and 1 to 3 with the top bit. BIP 341 §Common signature message. */
const isHashType = (type: number): boolean =>
  (type & ~SIGHASH_ANYONECANPAY) <= SIGHASH_SINGLE && type !== SIGHASH_ANYONECANPAY;

/** What is signed, its hash type and epoch in front; undefined when no such signature can be. */
export function taprootMessage(tx: SignedTx, parts: SharedParts, signed: TaprootSigned): Uint8Array | undefined {
  const { index, hashType, annexHash, leaf } = signed;
  if (!isHashType(hashType)) return undefined;
  const outputs = hashType & ~SIGHASH_ANYONECANPAY;
  const own = tx.outputs[index];
  if (outputs === SIGHASH_SINGLE && own === undefined) return undefined;
  const anyone = (hashType & SIGHASH_ANYONECANPAY) !== 0;
  const writer = new ByteWriter(MESSAGE_BYTES);
  writer.u8(EPOCH);
  writer.u8(hashType);
  writer.i32le(tx.version);
  writer.u32le(tx.locktime);
  if (!anyone) {
    writer.bytes(parts.shaPrevouts());
    writer.bytes(parts.shaAmounts());
    writer.bytes(parts.shaScripts());
    writer.bytes(parts.shaSequences());
  }
  if (outputs !== SIGHASH_NONE && outputs !== SIGHASH_SINGLE) writer.bytes(parts.shaOutputs());
  writer.u8((leaf === undefined ? 0 : 2) + (annexHash === undefined ? 0 : 1));
  if (anyone) writeInput(writer, tx, parts, index);
  else writer.u32le(index);
  if (annexHash !== undefined) writer.bytes(annexHash);
  if (outputs === SIGHASH_SINGLE) writer.bytes(hashOfOutput(present(own, "SINGLE has its output")));
  if (leaf !== undefined) {
    writer.bytes(leaf.hash);
    writer.u8(KEY_VERSION);
    writer.u32le(leaf.codeSeparator);
  }
  return writer.finish();
}

/** The one input that a signature with ANYONECANPAY covers, with what it spends. */
function writeInput(writer: ByteWriter, tx: SignedTx, parts: SharedParts, index: number): void {
  writer.bytes(parts.prevout(index));
  txOut.write(writer, present(parts.spent()[index], "the signed input spends an output"));
  writer.u32le(present(tx.inputs[index], "the signed input exists").sequence);
}
function hashOfOutput(output: TxOut): Uint8Array {
  const out = scratch(outputSize(output));
  putOutput(out, 0, output);
  return sha256(out);
}

/** The digest that a taproot signature signs. BIP 341 §Common signature message. */
export function taprootDigest(tx: SignedTx, parts: SharedParts, signed: TaprootSigned): Uint8Array | undefined {
  const message = taprootMessage(tx, parts, signed);
  return message && sighash(message);
}
