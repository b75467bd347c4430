import type { ClaimedTx } from "./tx.ts";

export function hasWitness({ inputs }: ClaimedTx): boolean {
  for (const { witness } of inputs) if (witness.length > 0) return true;
  return false;
}

/** Bytes of a CompactSize in its shortest form. */
export const countSize = (count: number): number => (count < 0xfd ? 1 : count <= 0xffff ? 3 : 5);
const prefixedSize = (length: number): number => countSize(length) + length;

/** Bytes of one input's witness as it stands in its transaction. */
export function witnessSize(elements: readonly Uint8Array[]): number {
  let size = countSize(elements.length);
  for (const { length } of elements) size += prefixedSize(length);
  return size;
}
/** Bytes without witnesses, added up: encoding only to count would cost more than all else that is asked of a size. */
export function strippedSize({ inputs, outputs }: ClaimedTx): number {
  let size = 8 + countSize(inputs.length) + countSize(outputs.length);
  for (const { scriptSig } of inputs) size += 40 + prefixedSize(scriptSig.length);
  for (const { script } of outputs) size += 8 + prefixedSize(script.length);
  return size;
}
/** Bytes of marker, flag and all witnesses; none where no input has one. */
export function witnessPart(tx: ClaimedTx): number {
  if (!hasWitness(tx)) return 0;
  let size = 2;
  for (const { witness } of tx.inputs) size += witnessSize(witness);
  return size;
}
/** Weight units: stripped bytes count four times, witness bytes once. BIP 141 §Transaction size calculations. */
export const weightOf = (tx: ClaimedTx): number => strippedSize(tx) * 4 + witnessPart(tx);
/** Virtual bytes, rounded up: the unit in which relay fees are quoted. */
export const vsizeOf = (tx: ClaimedTx): number => Math.ceil(weightOf(tx) / 4);
