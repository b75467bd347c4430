import { WITNESS_SCALE_FACTOR } from "./block.ts";
import type { ScriptFlags } from "./interpreter/flags.ts";
import { OP, smallNumberOf } from "./opcodes.ts";
import { elementEnd, isPushOnly, parseScript } from "./script.ts";
import { isP2sh, type WitnessProgram, witnessProgramOf } from "./templates.ts";
import { type ClaimedTx, isCoinbase, type Tx, type TxIn, type TxOut } from "./tx.ts";

/** What OP_CHECKMULTISIG counts where the number of its keys is not looked at. */
const MULTISIG_SIGOPS = 20;

/** Signature checks that a script holds, by the rough count of the first rules: every multisig is the largest. */
export const roughSigops = (script: Uint8Array): number => countSigops(script, () => MULTISIG_SIGOPS);
/** The same with multisigs counted by the number of keys in front of them. BIP 16 §Specification. */
export const exactSigops = (script: Uint8Array): number =>
  countSigops(script, (previous) => smallNumberOf(previous) || MULTISIG_SIGOPS);

function countSigops(script: Uint8Array, multisig: (previous: number) => number): number {
  let count = 0;
  let previous: number = OP.RESERVED;
  for (let at = 0; at < script.length; ) {
    const end = elementEnd(script, at);
    if (end === undefined) break;
    const opcode = script[at] as number;
    if (opcode === OP.CHECKSIG || opcode === OP.CHECKSIGVERIFY) count++;
    else if (opcode === OP.CHECKMULTISIG || opcode === OP.CHECKMULTISIGVERIFY) count += multisig(previous);
    previous = opcode;
    at = end;
  }
  return count;
}

/** In all scripts that the transaction itself holds, executed or not. */
export function legacySigops(tx: ClaimedTx): number {
  const inInputs = tx.inputs.reduce((sum, { scriptSig }) => sum + roughSigops(scriptSig), 0);
  return tx.outputs.reduce((sum, { script }) => sum + roughSigops(script), inInputs);
}

/** The script that a P2SH input brings: what its scriptSig pushes last. Undefined when that does more than push. */
export function redeemScriptOf(scriptSig: Uint8Array): Uint8Array | undefined {
  return isPushOnly(scriptSig) ? (parseScript(scriptSig)?.at(-1)?.data ?? new Uint8Array(0)) : undefined;
}

function witnessSigops({ version, program }: WitnessProgram, witness: readonly Uint8Array[]): number {
  if (version !== 0) return 0;
  if (program.length === 20) return 1;
  const witnessScript = witness.at(-1);
  return program.length === 32 && witnessScript !== undefined ? exactSigops(witnessScript) : 0;
}

function inputCost({ scriptSig, witness }: TxIn, { script }: TxOut, flags: ScriptFlags): number {
  const redeemScript = isP2sh(script) ? redeemScriptOf(scriptSig) : undefined;
  const program = witnessProgramOf(script) ?? (redeemScript && witnessProgramOf(redeemScript));
  const redeeming = flags.P2SH && redeemScript !== undefined ? exactSigops(redeemScript) * WITNESS_SCALE_FACTOR : 0;
  return redeeming + (flags.WITNESS && program !== undefined ? witnessSigops(program, witness) : 0);
}

/**
 * What the transaction takes of the block's budget for signature checks. `prevouts` are in the order of the inputs; a
 * coinbase has none. BIP 141 §Sigops.
 */
export function sigopsCost(tx: Tx, prevouts: readonly TxOut[], flags: ScriptFlags): number {
  const own = legacySigops(tx) * WITNESS_SCALE_FACTOR;
  if (isCoinbase(tx)) return own;
  return tx.inputs.reduce((sum, input, index) => {
    const prevout = prevouts[index];
    return prevout === undefined ? sum : sum + inputCost(input, prevout, flags);
  }, own);
}
