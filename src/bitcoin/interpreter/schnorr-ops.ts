import { schnorr } from "../../crypto/schnorr.ts";
import { SIGHASH_DEFAULT } from "../hash-types.ts";
import { OP } from "../opcodes.ts";
import type { TaprootSigned } from "../taproot-sighash.ts";
import type { ScriptError } from "./error.ts";
import { isTapscript, type Machine, numberIn, peek, pushNumber, type SpendContext, type Tapscript } from "./machine.ts";
import type { Operation } from "./stack-ops.ts";

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** What a signature check takes of the weight that its witness brings. BIP 342 §Resource limits. */
const SIGNATURE_WEIGHT = 50;

/**
 * Why the key did not make this signature; undefined when it did. A 65th byte is its hash type, and none may say what its
 * absence says. BIP 341 §Taproot key path spending signature validation.
 */
export function schnorrFault(
  { sighashes, index }: SpendContext,
  signature: Uint8Array,
  key: Uint8Array,
  signed: Pick<TaprootSigned, "annexHash" | "leaf">,
): ScriptError | undefined {
  if (signature.length !== SIGNATURE_BYTES && signature.length !== SIGNATURE_BYTES + 1) return "SCHNORR_SIG_SIZE";
  const hashType = signature[SIGNATURE_BYTES];
  if (hashType === SIGHASH_DEFAULT) return "SCHNORR_SIG_HASHTYPE";
  const digest = sighashes.taproot({ ...signed, index, hashType: hashType ?? SIGHASH_DEFAULT });
  if (digest === undefined) return "SCHNORR_SIG_HASHTYPE";
  return schnorr.verify(signature.subarray(0, SIGNATURE_BYTES), digest, key) ? undefined : "SCHNORR_SIG";
}

/**
 * Whether the signature is one: an empty one is none, and any other must be right, or the script fails. A key of a length
 * that has no meaning yet takes every signature. BIP 342 §Rules for signature opcodes.
 */
export function tapscriptSigned(
  { context, codeSeparator }: Machine,
  tapscript: Tapscript,
  signature: Uint8Array,
  key: Uint8Array,
): boolean | ScriptError {
  const given = signature.length > 0;
  if (given) {
    tapscript.weightLeft -= SIGNATURE_WEIGHT;
    if (tapscript.weightLeft < 0) return "TAPSCRIPT_VALIDATION_WEIGHT";
  }
  if (key.length === 0) return "TAPSCRIPT_EMPTY_PUBKEY";
  if (key.length !== KEY_BYTES) {
    return context.flags.DISCOURAGE_UPGRADABLE_PUBKEYTYPE ? "DISCOURAGE_UPGRADABLE_PUBKEYTYPE" : given;
  }
  if (!given) return false;
  const leaf = { hash: tapscript.leafHash, codeSeparator };
  return schnorrFault(context, signature, key, { annexHash: tapscript.annexHash, leaf }) ?? true;
}

/** Takes a signature, a number and a key, and counts the signature in: n keys make a multisig. BIP 342 §Script execution. */
const checkSigAdd: Operation = (machine) => {
  const { stack, version } = machine;
  if (!isTapscript(version)) return "BAD_OPCODE";
  if (stack.length < 3) return "INVALID_STACK_OPERATION";
  const count = numberIn(machine, peek(machine, 2));
  if (count === undefined) return "SCRIPTNUM";
  const signed = tapscriptSigned(machine, version, peek(machine, 3), peek(machine, 1));
  if (typeof signed === "string") return signed;
  stack.length -= 3;
  pushNumber(machine, signed ? count + 1n : count);
  return undefined;
};

export const SCHNORR_OPERATIONS: ReadonlyMap<number, Operation> = new Map([[OP.CHECKSIGADD, checkSigAdd]]);
