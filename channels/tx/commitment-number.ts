import { concat } from "../../src/base/bytes.ts";
import { assert, present } from "../../src/base/result.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";

/** Commitment numbers have 48 bits. BOLT 3 §Commitment Transaction. */
export const COMMITMENT_NUMBER_MAX = (1n << 48n) - 1n;
const LOW_BITS = 24n;
const LOW_MASK = (1n << LOW_BITS) - 1n;
/** The upper byte of the locktime makes it a time long past, that of the sequence switches relative locks off. */
const LOCKTIME_MARK = 0x20n << 24n;
const SEQUENCE_MARK = 0x80n << 24n;

/**
 * The 48-bit value that hides commitment numbers from everyone but the two nodes: fixed for the life of the channel.
 * Ordered by who opened, so both nodes get the same. BOLT 3 §Commitment Transaction.
 */
export function obscuringFactor(openerPaymentBasepoint: Uint8Array, accepterPaymentBasepoint: Uint8Array): bigint {
  const hash = sha256(concat(openerPaymentBasepoint, accepterPaymentBasepoint));
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(24) & COMMITMENT_NUMBER_MAX;
}

/** Locktime and sequence that carry the number, obscured. BOLT 3 §Commitment Transaction. */
export function obscureNumber(
  number: bigint,
  factor: bigint,
): { readonly locktime: number; readonly sequence: number } {
  assert(number >= 0n && number <= COMMITMENT_NUMBER_MAX, "a commitment number has 48 bits");
  const obscured = number ^ factor;
  return {
    locktime: Number(LOCKTIME_MARK | (obscured & LOW_MASK)),
    sequence: Number(SEQUENCE_MARK | (obscured >> LOW_BITS)),
  };
}

/**
 * The number of a transaction that spends the funding output, or undefined when its locktime and sequence are not those
 * of a commitment transaction (then it is a mutual close, or nothing of ours).
 */
export function commitmentNumberOf(tx: Tx, factor: bigint): bigint | undefined {
  const obscured = obscuredNumberOf(tx);
  return obscured === undefined ? undefined : obscured ^ factor;
}
/** The same as it stands in the transaction: whoever knows the number has the factor as well. */
export function obscuredNumberOf(tx: Tx): bigint | undefined {
  const input = present(tx.inputs[0], "a transaction that spends an output has an input");
  if (tx.locktime >>> 24 !== 0x20 || input.sequence >>> 24 !== 0x80) return undefined;
  return ((BigInt(input.sequence) & LOW_MASK) << LOW_BITS) | (BigInt(tx.locktime) & LOW_MASK);
}
