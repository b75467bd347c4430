import { putHash } from "../base/ids.ts";
import { assert } from "../base/result.ts";
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
  let at = putU32(out, 0, tx.version >>> 0);
  if (withWitness) {
    out[at++] = SEGWIT_MARKER;
    out[at++] = SEGWIT_FLAG;
  }
  at = putCount(out, at, tx.inputs.length);
  for (const input of tx.inputs) at = putInput(out, at, input);
  at = putCount(out, at, tx.outputs.length);
  for (const output of tx.outputs) at = putOutput(out, at, output);
  if (withWitness) for (const { witness } of tx.inputs) at = putWitness(out, at, witness);
  at = putU32(out, at, tx.locktime);
  assert(at === out.length, "a transaction has the size that was reckoned");
  return out;
}

function putInput(out: Uint8Array, from: number, { prevout, scriptSig, sequence }: TxIn): number {
  let at = putHash(out, from, prevout.txid);
  at = putU32(out, at, prevout.vout);
  at = putScript(out, at, scriptSig);
  return putU32(out, at, sequence);
}
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
