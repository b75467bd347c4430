import { type Sat, sat } from "../../src/base/units.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { isP2pkh, isP2sh, isUnspendable, witnessProgramOf } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";

/**
 * The least that an output with this script holds: nodes of others do not relay a transaction with one below it. For
 * witness programs that are neither P2WPKH, P2WSH nor P2A the number is that of the longest, so that both sides of a
 * channel come to the same one. In sat. BOLT 3 §Dust Limits.
 */
export function dustLimitOf(script: Uint8Array): Sat {
  if (isUnspendable(script)) return sat(0n);
  if (isP2pkh(script)) return sat(546n);
  if (isP2sh(script)) return sat(540n);
  if (isP2a(script)) return sat(240n);
  const program = witnessProgramOf(script);
  if (program?.version !== 0) return sat(354n);
  return program.program.length === 20 ? sat(294n) : sat(330n);
}
const isP2a = (script: Uint8Array): boolean =>
  script.length === 4 && script[0] === OP.TRUE && script[1] === 2 && script[2] === 0x4e && script[3] === 0x73;

export const isDustOutput = ({ amount, script }: TxOut): boolean => amount < dustLimitOf(script);
/** Whether it holds an output for whose sake nobody relays it. */
export const hasDust = (tx: Tx): boolean => tx.outputs.some(isDustOutput);
