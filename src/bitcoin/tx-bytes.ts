import { type Outpoint, putHash } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { scratch } from "../base/scratch.ts";
import type { ClaimedTx, ClaimedTxOut, TxIn } from "./tx.ts";
import { countSize, strippedSize, witnessPart } from "./tx-size.ts";

/**
 * Transactions and their parts as bytes, written out: each is hashed several times on its way into the chain, and the steps of a
 * codec would cost more than the hashing. Every `put…` writes at `at` and answers where the next one begins.
 */
const SEGWIT_MARKER = 0;
/** BIP 144 §Serialization: marker 0 where the number of inputs would stand, then flag 1. */
export const SEGWIT_FLAG = 1;

/** The whole transaction, with witnesses or as a txid commits to it. */
export function txBytes(tx: ClaimedTx, withWitness: boolean): Uint8Array {
  const out = new Uint8Array(strippedSize(tx) + (withWitness ? witnessPart(tx) : 0));
  const body = putHead(out, tx, withWitness);
  putTail(out, putBody(out, body, tx), tx, withWitness);
  return out;
}
/**
 * What the two ids of a transaction are the hashes of, without witnesses and then with them. Inputs and outputs are written once for
 * both. What it writes to has to be hashed before it is written to again.
 */
export function hashedBytes<T>(tx: ClaimedTx, hash: (bytes: Uint8Array) => T): { stripped: T; whole: T } {
  const witnesses = witnessPart(tx);
  const out = scratch(strippedSize(tx) + witnesses);
  if (witnesses === 0) {
    putTail(out, putBody(out, putHead(out, tx, false), tx), tx, false);
    const both = hash(out);
    return { stripped: both, whole: both };
  }
  // The version stands where marker and flag will, right in front of the inputs.
  const end = putBody(out, putU32(out, SEGWIT_HEAD_BYTES - 4, tx.version >>> 0), tx);
  const stripped = hash(out.subarray(SEGWIT_HEAD_BYTES - 4, putU32(out, end, tx.locktime)));
  putHead(out, tx, true);
  putTail(out, end, tx, true);
  return { stripped, whole: hash(out) };
}
/** Version, marker and flag. */
const SEGWIT_HEAD_BYTES = 6;
function putHead(out: Uint8Array, tx: ClaimedTx, withWitness: boolean): number {
  const at = putU32(out, 0, tx.version >>> 0);
  if (!withWitness) return at;
  out[at] = SEGWIT_MARKER;
  out[at + 1] = SEGWIT_FLAG;
  return SEGWIT_HEAD_BYTES;
}
function putBody(out: Uint8Array, from: number, tx: ClaimedTx): number {
  let at = putCount(out, from, tx.inputs.length);
  for (const input of tx.inputs) at = putInput(out, at, input);
  at = putCount(out, at, tx.outputs.length);
  for (const output of tx.outputs) at = putOutput(out, at, output);
  return at;
}
function putTail(out: Uint8Array, from: number, tx: ClaimedTx, withWitness: boolean): void {
  let at = from;
  if (withWitness) for (const { witness } of tx.inputs) at = putWitness(out, at, witness);
  at = putU32(out, at, tx.locktime);
  assert(at === out.length, "a transaction has the size that was reckoned");
}

function putInput(out: Uint8Array, from: number, { prevout, scriptSig, sequence }: TxIn): number {
  const at = putScript(out, putOutpoint(out, from, prevout), scriptSig);
  return putU32(out, at, sequence);
}
export const putOutpoint = (out: Uint8Array, at: number, { txid, vout }: Outpoint): number =>
  putU32(out, putHash(out, at, txid), vout);
export function putOutput(out: Uint8Array, from: number, { amount, script }: ClaimedTxOut): number {
  return putScript(out, putAmount(out, from, amount), script);
}
export const outputSize = ({ script }: ClaimedTxOut): number => 8 + countSize(script.length) + script.length;

function putWitness(out: Uint8Array, from: number, witness: readonly Uint8Array[]): number {
  let at = putCount(out, from, witness.length);
  for (const element of witness) at = putScript(out, at, element);
  return at;
}
/** A script, or an element of a witness, behind its length. */
export function putScript(out: Uint8Array, from: number, script: Uint8Array): number {
  const at = putCount(out, from, script.length);
  out.set(script, at);
  return at + script.length;
}
/** A CompactSize. */
export function putCount(out: Uint8Array, at: number, count: number): number {
  if (count < 0xfd) {
    out[at] = count;
    return at + 1;
  }
  if (count > 0xffff) {
    out[at] = 0xfe;
    return putU32(out, at + 1, count);
  }
  out[at] = 0xfd;
  out[at + 1] = count;
  out[at + 2] = count >>> 8;
  return at + 3;
}
/**
 * In eight bytes, in two's complement. An amount that can be is below 2^53 and exact as a number; what comes to be refused may be
 * any of 64 bits.
 */
export function putAmount(out: Uint8Array, at: number, amount: bigint): number {
  const value = Number(amount);
  if (value >= 0 && Number.isSafeInteger(value))
    return putU32(out, putU32(out, at, value >>> 0), Math.floor(value / 2 ** 32));
  return putU32(out, putU32(out, at, Number(amount & U32_MAX)), Number((amount >> 32n) & U32_MAX));
}
const U32_MAX = 0xffff_ffffn;
export function putU32(out: Uint8Array, at: number, value: number): number {
  assert(value >>> 0 === value, "32 bits without a sign");
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
  return at + 4;
}
