import { equalBytes } from "../../base/bytes.ts";
import { assert, err, ok, present, type Result } from "../../base/result.ts";
import { hash160, sha256 } from "../../crypto/hash.ts";
import { isPushOnly, pushOnly } from "../script.ts";
import { type SighashesOf, sighashesOf } from "../sighash.ts";
import { isPayToAnchor, isTaproot } from "../taproot.ts";
import { isP2sh, p2pkh, type WitnessProgram, witnessProgramOf } from "../templates.ts";
import type { Tx, TxOut } from "../tx.ts";
import type { ScriptError } from "./error.ts";
import { ELEMENT_BYTES_MAX, execute } from "./execute.ts";
import { falseFault, witnessFault } from "./execute-witness.ts";
import type { ScriptFlags } from "./flags.ts";
import { isTrue, type SpendContext } from "./machine.ts";
import { signedAlone } from "./signature-ops.ts";
import { taprootFault } from "./taproot-spend.ts";

/**
 * Whether input `index` may spend its output under the rules in `flags`.
 *
 * @param prevouts  the outputs that the inputs of `tx` spend, in the order of the inputs
 * @param sighashes of the same transaction: give one object for all its inputs, so that shared parts are hashed once
 */
export function verifyInput(
  tx: Tx,
  index: number,
  prevouts: readonly TxOut[],
  flags: ScriptFlags,
  sighashes: SighashesOf = sighashesOf(tx, prevouts),
): Result<void, ScriptError> {
  assert(sighashes.tx === tx && sighashes.spent === prevouts, "digests are of the transaction that is verified");
  const error = inputFault(sighashes, index, flags);
  return error === undefined ? ok(undefined) : err(error);
}
/** Why input `index` may not spend its output. @param sighashes  made with what all inputs spend */
export function inputFault(sighashes: SighashesOf, index: number, flags: ScriptFlags): ScriptError | undefined {
  const { amount, script } = present(sighashes.spent?.[index], "the input has a prevout");
  return spendFault(script, { sighashes, index, amount, flags });
}

export interface InputFault {
  readonly index: number;
  readonly error: ScriptError;
}
/** Whether all inputs may spend their outputs; names the first that may not. */
export function verifyInputs(tx: Tx, prevouts: readonly TxOut[], flags: ScriptFlags): Result<void, InputFault> {
  const sighashes = sighashesOf(tx, prevouts);
  for (let index = 0; index < tx.inputs.length; index++) {
    const verified = verifyInput(tx, index, prevouts, flags, sighashes);
    if (!verified.ok) return err({ index, error: verified.error });
  }
  return ok(undefined);
}

/** What one input shows for its output. */
interface Spend extends SpendContext {
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

function spendFault(scriptPubKey: Uint8Array, context: SpendContext): ScriptError | undefined {
  const { scriptSig, witness } = present(context.sighashes.tx.inputs[context.index], "the input being spent exists");
  const { sighashes, index, amount } = context;
  const spend: Spend = { sighashes, index, amount, flags: context.flags, scriptSig, witness };
  const { flags } = context;
  const program = flags.WITNESS ? witnessProgramOf(scriptPubKey) : undefined;
  // Two pushes and nothing else: run, they would leave the program on the stack, which is true unless it is zero.
  if (program !== undefined && scriptSig.length === 0 && isTrue(program.program)) return nativeFault(program, spend);
  if (flags.SIGPUSHONLY && !isPushOnly(scriptSig)) return "SIG_PUSHONLY";
  const stack: Uint8Array[] = [];
  const signing = execute(scriptSig, stack, "legacy", context);
  if (signing !== undefined) return signing;
  const pushed = stack.slice();
  const locking = execute(scriptPubKey, stack, "legacy", context) ?? falseFault(stack);
  if (locking !== undefined) return locking;

  // BIP 141 §Witness program: nothing but the witness may speak for a native program.
  if (program !== undefined) return "WITNESS_MALLEATED";
  if (flags.P2SH && isP2sh(scriptPubKey)) return redeemFault(pushed, spend);
  return leftoverFault(stack, spend);
}

/** BIP 16 §Specification: the last element pushed is the script that the hash stands for. */
function redeemFault(stack: Uint8Array[], spend: Spend): ScriptError | undefined {
  if (!isPushOnly(spend.scriptSig)) return "SIG_PUSHONLY";
  const redeemScript = present(stack.pop(), "the hash matched an element that was pushed");
  const redeeming = execute(redeemScript, stack, "legacy", spend) ?? falseFault(stack);
  if (redeeming !== undefined) return redeeming;
  const program = spend.flags.WITNESS ? witnessProgramOf(redeemScript) : undefined;
  if (program === undefined) return leftoverFault(stack, spend);
  // BIP 141 §Witness program: the scriptSig is exactly the push of the program.
  if (!equalBytes(spend.scriptSig, pushOnly(redeemScript))) return "WITNESS_MALLEATED_P2SH";
  return programFault(program, spend);
}

/** The end of a spend that used no witness. */
function leftoverFault(stack: readonly Uint8Array[], { flags, witness }: Spend): ScriptError | undefined {
  if (flags.CLEANSTACK && stack.length !== 1) return "CLEANSTACK";
  return flags.WITNESS && witness.length > 0 ? "WITNESS_UNEXPECTED" : undefined;
}

/** What only a scriptPubKey itself can be, and no redeem script. BIP 341 §Script validation rules. */
function nativeFault(program: WitnessProgram, spend: Spend): ScriptError | undefined {
  if (isTaproot(program)) return spend.flags.TAPROOT ? taprootFault(program.program, spend.witness, spend) : undefined;
  return isPayToAnchor(program) ? undefined : programFault(program, spend);
}

/** BIP 141 §New script semantics. Versions that this node does not know allow everything, as they did before they meant something. */
function programFault({ version, program }: WitnessProgram, spend: Spend): ScriptError | undefined {
  const { witness, flags } = spend;
  if (version !== 0) {
    return flags.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM ? "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM" : undefined;
  }
  if (program.length === 20) {
    const [signature, key] = witness;
    return witness.length === 2 && signature !== undefined && key !== undefined
      ? keyHashFault(program, signature, key, spend)
      : "WITNESS_PROGRAM_MISMATCH";
  }
  if (program.length !== 32) return "WITNESS_PROGRAM_WRONG_LENGTH";
  const witnessScript = witness.at(-1);
  if (witnessScript === undefined) return "WITNESS_PROGRAM_WITNESS_EMPTY";
  if (!equalBytes(sha256(witnessScript), program)) return "WITNESS_PROGRAM_MISMATCH";
  return witnessFault(witnessScript, witness.slice(0, -1), "witness_v0", spend);
}

/**
 * What comes of running `p2pkh(keyHash)` on a signature and a key, without a machine: most inputs of today's blocks are of this
 * kind. BIP 141 §P2WPKH.
 */
function keyHashFault(
  keyHash: Uint8Array,
  signature: Uint8Array,
  key: Uint8Array,
  context: SpendContext,
): ScriptError | undefined {
  if (signature.length > ELEMENT_BYTES_MAX || key.length > ELEMENT_BYTES_MAX) return "PUSH_SIZE";
  if (!equalBytes(hash160(key), keyHash)) return "EQUALVERIFY";
  const signed = signedAlone({ context, version: "witness_v0", script: p2pkh(keyHash), codeStart: 0 }, signature, key);
  return signed === true ? undefined : signed === false ? "EVAL_FALSE" : signed;
}
