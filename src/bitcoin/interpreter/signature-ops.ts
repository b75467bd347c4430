import { equalBytes } from "../../base/bytes.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import { isStrictDer, parseDerLax } from "../der.ts";
import { OP } from "../opcodes.ts";
import { pushBytes } from "../script.ts";
import { findAndDelete, SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_SINGLE } from "../sighash.ts";
import type { ScriptError } from "./error.ts";
import { boolean, isTapscript, type Machine, numberIn, peek } from "./machine.ts";
import { tapscriptSigned } from "./schnorr-ops.ts";
import { needs, type Operation, verifying } from "./stack-ops.ts";

const PUBLIC_KEYS_MAX = 20;
/** Opcodes of one script that are no push, and keys of OP_CHECKMULTISIG. */
export const OPERATIONS_MAX = 201;

/** What a signature check needs to know of the script that asks for it. */
type Asking = Pick<Machine, "context" | "version" | "script" | "codeStart">;

/** Whether a signature has a form that the rules in force allow. An empty one always has. BIP 66 §Specification. */
function signatureFault({ context: { flags } }: Asking, signature: Uint8Array): ScriptError | undefined {
  if (signature.length === 0) return undefined;
  if ((flags.DERSIG || flags.LOW_S || flags.STRICTENC) && !isStrictDer(signature)) return "SIG_DER";
  if (flags.LOW_S && isHighS(signature)) return "SIG_HIGH_S";
  if (flags.STRICTENC) {
    const base = (signature.at(-1) as number) & ~SIGHASH_ANYONECANPAY;
    if (base < SIGHASH_ALL || base > SIGHASH_SINGLE) return "SIG_HASHTYPE";
  }
  return undefined;
}
function isHighS(signature: Uint8Array): boolean {
  const compact = parseDerLax(signature.subarray(0, -1));
  const low = compact && lowS(compact);
  return compact !== undefined && low !== undefined && !equalBytes(low, compact);
}
/** Half of the order begins with 0x7f: an S that begins lower is low, and needs no arithmetic to be made so. */
const lowS = (compact: Uint8Array): Uint8Array | undefined =>
  (compact[32] as number) < 0x7f ? compact : secp256k1.normalize(compact);

const isCompressed = (key: Uint8Array): boolean => key.length === 33 && (key[0] === 2 || key[0] === 3);
function keyFault({ context: { flags }, version }: Asking, key: Uint8Array): ScriptError | undefined {
  const uncompressed = key.length === 65 && key[0] === 4;
  if (flags.STRICTENC && !isCompressed(key) && !uncompressed) return "PUBKEYTYPE";
  if (flags.WITNESS_PUBKEYTYPE && version === "witness_v0" && !isCompressed(key)) return "WITNESS_PUBKEYTYPE";
  return undefined;
}

/**
 * What signatures cover of the script: from the last OP_CODESEPARATOR on; in a legacy script without the signatures
 * themselves. BIP 143 §Specification.
 */
function scriptCode(machine: Asking, signatures: readonly Uint8Array[]): Uint8Array | ScriptError {
  let code = machine.script.subarray(machine.codeStart);
  if (machine.version !== "legacy") return code;
  for (const signature of signatures) {
    const left = findAndDelete(code, pushBytes(signature));
    if (left.found > 0 && machine.context.flags.CONST_SCRIPTCODE) return "SIG_FINDANDDELETE";
    code = left.code;
  }
  return code;
}

/** Whether the key made the signature over this input. Forms are as loose here as the chain once allowed. */
function isSignedBy({ context, version }: Asking, signature: Uint8Array, key: Uint8Array, code: Uint8Array): boolean {
  const hashType = signature.at(-1);
  if (hashType === undefined) return false;
  const point = isCompressed(key) ? key : secp256k1.compress(key);
  const compact = parseDerLax(signature.subarray(0, -1));
  const low = compact && lowS(compact);
  if (point === undefined || low === undefined) return false;
  const { sighashes, index, amount } = context;
  const digest =
    version === "legacy" ? sighashes.legacy(index, code, hashType) : sighashes.segwit(index, code, amount, hashType);
  return secp256k1.verify(low, digest, point);
}

const checkSig: Operation = needs(2, (machine) => {
  const { stack, version } = machine;
  const [signature, key] = [peek(machine, 2), peek(machine, 1)];
  const signed = isTapscript(version)
    ? tapscriptSigned(machine, version, signature, key)
    : signedAlone(machine, signature, key);
  if (typeof signed === "string") return signed;
  stack.length -= 2;
  stack.push(boolean(signed));
  return undefined;
});

/** Whether the key made the signature, where forms and failures are judged by the flags. */
export function signedAlone(machine: Asking, signature: Uint8Array, key: Uint8Array): boolean | ScriptError {
  const code = scriptCode(machine, [signature]);
  if (typeof code === "string") return code;
  const fault = signatureFault(machine, signature) ?? keyFault(machine, key);
  if (fault !== undefined) return fault;
  const signed = isSignedBy(machine, signature, key, code);
  return !signed && machine.context.flags.NULLFAIL && signature.length > 0 ? "NULLFAIL" : signed;
}

interface MultisigArguments {
  /** As they stand on the stack, the last one first. */
  readonly keys: readonly Uint8Array[];
  readonly signatures: readonly Uint8Array[];
}
/** Reads `dummy signatures… m keys… n` from the stack. The dummy is not counted here. */
function multisigArguments(machine: Machine): MultisigArguments | ScriptError {
  const { stack } = machine;
  const below = (depth: number, count: number): readonly Uint8Array[] =>
    Array.from({ length: count }, (_, i) => peek(machine, depth + i));
  if (stack.length < 1) return "INVALID_STACK_OPERATION";
  const keyCount = numberIn(machine, peek(machine, 1));
  if (keyCount === undefined) return "SCRIPTNUM";
  if (keyCount < 0n || keyCount > BigInt(PUBLIC_KEYS_MAX)) return "PUBKEY_COUNT";
  const keys = Number(keyCount);
  machine.operations += keys;
  if (machine.operations > OPERATIONS_MAX) return "OP_COUNT";
  if (stack.length < keys + 2) return "INVALID_STACK_OPERATION";
  const signatureCount = numberIn(machine, peek(machine, keys + 2));
  if (signatureCount === undefined) return "SCRIPTNUM";
  if (signatureCount < 0n || signatureCount > keyCount) return "SIG_COUNT";
  const signatures = Number(signatureCount);
  if (stack.length < keys + signatures + 2) return "INVALID_STACK_OPERATION";
  return { keys: below(2, keys), signatures: below(keys + 3, signatures) };
}

/**
 * Each signature must be by one of the keys, in the order of the keys. Forms are checked only of what is tried: scripts
 * can tell the order. Answers whether all were found.
 */
function matchSignatures(machine: Machine, { keys, signatures }: MultisigArguments): boolean | ScriptError {
  const code = scriptCode(machine, signatures);
  if (typeof code === "string") return code;
  let found = 0;
  for (let tried = 0; found < signatures.length; tried++) {
    if (signatures.length - found > keys.length - tried) return false;
    const [signature, key] = [signatures[found] as Uint8Array, keys[tried] as Uint8Array];
    const fault = signatureFault(machine, signature) ?? keyFault(machine, key);
    if (fault !== undefined) return fault;
    if (isSignedBy(machine, signature, key, code)) found++;
  }
  return true;
}

const checkMultisig: Operation = (machine) => {
  const { stack, context } = machine;
  // BIP 342 §Script execution: OP_CHECKSIGADD stands in its place.
  if (isTapscript(machine.version)) return "TAPSCRIPT_CHECKMULTISIG";
  const given = multisigArguments(machine);
  if (typeof given === "string") return given;
  const signed = matchSignatures(machine, given);
  if (typeof signed === "string") return signed;
  if (!signed && context.flags.NULLFAIL && given.signatures.some(({ length }) => length > 0)) return "NULLFAIL";
  stack.length -= given.keys.length + given.signatures.length + 2;
  // One element more is taken than is used: a bug that has become a rule.
  const dummy = stack.pop();
  if (dummy === undefined) return "INVALID_STACK_OPERATION";
  if (context.flags.NULLDUMMY && dummy.length > 0) return "SIG_NULLDUMMY";
  stack.push(boolean(signed));
  return undefined;
};

export const SIGNATURE_OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [
    OP.CODESEPARATOR,
    (machine) => {
      machine.codeStart = machine.at;
      machine.codeSeparator = machine.position;
      return undefined;
    },
  ],
  [OP.CHECKSIG, checkSig],
  [OP.CHECKSIGVERIFY, verifying(checkSig, "CHECKSIGVERIFY")],
  [OP.CHECKMULTISIG, checkMultisig],
  [OP.CHECKMULTISIGVERIFY, verifying(checkMultisig, "CHECKMULTISIGVERIFY")],
]);
