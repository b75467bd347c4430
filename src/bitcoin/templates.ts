import { compareBytes } from "../base/bytes.ts";
import { assert } from "../base/result.ts";
import { hash160, sha256 } from "../crypto/hash.ts";
import { OP, smallNumberOf } from "./opcodes.ts";
import { script } from "./script.ts";

/** Pays to the key whose HASH160 is `keyHash` (20 bytes). BIP 141 §P2WPKH. */
export function p2wpkh(keyHash: Uint8Array): Uint8Array {
  assert(keyHash.length === 20, "a key hash has 20 bytes");
  return script(0n, keyHash);
}
/** Pays to a compressed public key, behind its hash. BIP 141 §P2WPKH. */
export const p2wpkhOf = (publicKey: Uint8Array): Uint8Array => p2wpkh(hash160(publicKey));

/** Pays to the script whose SHA-256 is `scriptHash` (32 bytes). BIP 141 §P2WSH. */
export function p2wsh(scriptHash: Uint8Array): Uint8Array {
  assert(scriptHash.length === 32, "a witness script hash has 32 bytes");
  return script(0n, scriptHash);
}
/** Pays to a witness script, behind its hash. BIP 141 §P2WSH. */
export const p2wshOf = (witnessScript: Uint8Array): Uint8Array => p2wsh(sha256(witnessScript));

/** Pays to the x-only key of a taproot output, which is the internal key with its tweak. BIP 341 §Script validation rules. */
export function p2tr(outputKey: Uint8Array): Uint8Array {
  assert(outputKey.length === 32, "an x-only key has 32 bytes");
  return script(1n, outputKey);
}

export function p2pkh(keyHash: Uint8Array): Uint8Array {
  assert(keyHash.length === 20, "a key hash has 20 bytes");
  // Written out: every input that spends a key hash of segwit runs one.
  const bytes = new Uint8Array(25);
  bytes.set([OP.DUP, OP.HASH160, 20]);
  bytes.set(keyHash, 3);
  bytes[23] = OP.EQUALVERIFY;
  bytes[24] = OP.CHECKSIG;
  return bytes;
}
export const p2pkhOf = (publicKey: Uint8Array): Uint8Array => p2pkh(hash160(publicKey));

/** Pays to the script whose HASH160 is `scriptHash` (20 bytes). BIP 16 §Specification. */
export function p2sh(scriptHash: Uint8Array): Uint8Array {
  assert(scriptHash.length === 20, "a script hash has 20 bytes");
  return script(OP.HASH160, scriptHash, OP.EQUAL);
}
export const p2shOf = (redeemScript: Uint8Array): Uint8Array => p2sh(hash160(redeemScript));

/** Both keys must sign, the lesser key (memcmp) first. BOLT 3 §Funding Transaction Output. */
export function multisig2of2(a: Uint8Array, b: Uint8Array): Uint8Array {
  assert(a.length === 33 && b.length === 33, "public keys are compressed");
  const [first, second] = compareBytes(a, b) <= 0 ? [a, b] : [b, a];
  return script(2n, first, second, 2n, OP.CHECKMULTISIG);
}

/** A witness version (0 to 16) and its program of 2 to 40 bytes. BIP 141 §Witness program. */
export interface WitnessProgram {
  readonly version: number;
  readonly program: Uint8Array;
}

/** What a scriptPubKey (or P2SH redeem script) of that form says, else undefined. BIP 141 §Witness program. */
export function witnessProgramOf(bytes: Uint8Array): WitnessProgram | undefined {
  if (bytes.length < 4 || bytes.length > 42) return undefined;
  const version = smallNumberOf(bytes[0] as number);
  if (version === undefined || bytes[1] !== bytes.length - 2) return undefined;
  return { version, program: bytes.subarray(2) };
}

/** A scriptPubKey of a witness version and program. BIP 141 §Witness program. */
export function witnessScriptPubKey({ version, program }: WitnessProgram): Uint8Array {
  assert(Number.isInteger(version) && version >= 0 && version <= 16, "a witness version is 0 to 16");
  assert(program.length >= 2 && program.length <= 40, "a witness program has 2 to 40 bytes");
  const bytes = new Uint8Array(program.length + 2);
  bytes[0] = version === 0 ? OP.FALSE : OP.TRUE + version - 1;
  bytes[1] = program.length;
  bytes.set(program, 2);
  return bytes;
}

/** BIP 16 §Specification: exactly HASH160, a push of 20 bytes, EQUAL. */
export const isP2sh = (bytes: Uint8Array): boolean =>
  bytes.length === 23 && bytes[0] === OP.HASH160 && bytes[1] === 20 && bytes[22] === OP.EQUAL;

export const isP2pkh = (bytes: Uint8Array): boolean =>
  bytes.length === 25 &&
  bytes[0] === OP.DUP &&
  bytes[1] === OP.HASH160 &&
  bytes[2] === 20 &&
  bytes[23] === OP.EQUALVERIFY &&
  bytes[24] === OP.CHECKSIG;

/** Can never be spent, so the UTXO set need not hold it: begins with OP_RETURN or is longer than any script may be. */
export const isUnspendable = (bytes: Uint8Array): boolean => bytes[0] === OP.RETURN || bytes.length > 10_000;
