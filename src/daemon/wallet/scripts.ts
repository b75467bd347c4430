import { assert, present } from "../../base/result.ts";
import { type Sat, sat } from "../../base/units.ts";
import { P2TR_INPUT_WEIGHT, P2WPKH_INPUT_WEIGHT } from "../../bitcoin/coins.ts";
import type { AddressType } from "../../bitcoin/key-path.ts";
import { isTaproot, outputKey } from "../../bitcoin/taproot.ts";
import { p2tr, p2wpkhOf, witnessProgramOf } from "../../bitcoin/templates.ts";

/** What an input that spends an address of this type weighs at most. */
export const INPUT_WEIGHT: { readonly [T in AddressType]: number } = {
  p2wpkh: P2WPKH_INPUT_WEIGHT,
  p2tr: P2TR_INPUT_WEIGHT,
};
/**
 * The least that an output to such an address may hold to be relayed, in sat.
 * BOLT 3 §Pay to witness pubkey hash (p2wpkh); by the same rule an output of 43 bytes and the input that spends it make 330.
 */
export const DUST_LIMIT: { readonly [T in AddressType]: Sat } = { p2wpkh: sat(294n), p2tr: sat(330n) };

/** The script that pays to a compressed key; in a taproot output there is no script beside it. BIP 86 §Address derivation. */
export function scriptOfKey(type: AddressType, publicKey: Uint8Array): Uint8Array {
  if (type === "p2wpkh") return p2wpkhOf(publicKey);
  assert(publicKey.length === 33, "a key is compressed");
  return p2tr(present(outputKey(publicKey.subarray(1)), "nobody can find a key that its own tweak makes none").key);
}

/** Which of the types that we use ourselves a script is of. */
export function typeOfScript(script: Uint8Array): AddressType | undefined {
  const program = witnessProgramOf(script);
  if (program === undefined) return undefined;
  if (isTaproot(program)) return "p2tr";
  return program.version === 0 && program.program.length === 20 ? "p2wpkh" : undefined;
}

/** Change that looks like what is paid does not show which of the two is ours; where it cannot, it is a key hash. */
export const changeTypeFor = (script: Uint8Array): AddressType => typeOfScript(script) ?? "p2wpkh";
