import { isTaproot } from "../../src/bitcoin/taproot.ts";
import { witnessProgramOf } from "../../src/bitcoin/templates.ts";
import type { TxInput, TxOutput } from "./terms.ts";

/** Version, locktime and both counts four times, marker and flag once: the initiator pays for them. BOLT 3 §Expected Weight of the Funding Transaction (v2 Channel Establishment). */
export const COMMON_WEIGHT = 4 * (4 + 1 + 1 + 4) + 2;
const INPUT_WEIGHT = 4 * 41;
/** A low-R signature and a key, which is the least that a witness is charged for. BOLT 3 §Funding Transaction Construction. */
const WITNESS_WEIGHT_MIN = 107;
/** One element of 64 bytes: less than that no spend by key weighs. BIP 341 §Script validation rules. */
const TAPROOT_WITNESS_WEIGHT_MIN = 66;
/** Two low-R signatures, the empty element before them and the script of two keys. BOLT 3 §Funding Transaction Output. */
const SHARED_WITNESS_WEIGHT_MIN = 1 + 1 + 2 * (1 + 71) + 1 + 71;

/** The least that an input weighs once it is signed, in weight units. */
export function inputWeight({ shared, spends }: Pick<TxInput, "shared" | "spends">): number {
  if (shared) return INPUT_WEIGHT + SHARED_WITNESS_WEIGHT_MIN;
  const program = witnessProgramOf(spends.script);
  const byKey = program !== undefined && isTaproot(program);
  return INPUT_WEIGHT + (byKey ? TAPROOT_WITNESS_WEIGHT_MIN : WITNESS_WEIGHT_MIN);
}
/** What an output weighs, in weight units. */
export function outputWeight({ output }: Pick<TxOutput, "output">): number {
  const { length } = output.script;
  return 4 * (8 + (length < 0xfd ? 1 : 3) + length);
}

/** Weight units for which a side pays: what it added, and the common fields if it is the initiator. */
export function sideWeight(
  inputs: readonly TxInput[],
  outputs: readonly TxOutput[],
  { initiator }: { readonly initiator: boolean },
): number {
  const added = inputs.reduce((sum, input) => sum + inputWeight(input), 0);
  return outputs.reduce((sum, output) => sum + outputWeight(output), initiator ? added + COMMON_WEIGHT : added);
}
