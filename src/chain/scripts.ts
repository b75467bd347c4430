import type { Txid } from "../base/ids.ts";
import { ok, type Result } from "../base/result.ts";
import type { ScriptError } from "../bitcoin/interpreter/error.ts";
import { type ScriptFlags, STANDARD_FLAGS } from "../bitcoin/interpreter/flags.ts";
import { type InputFault, inputFault, verifyInputs } from "../bitcoin/interpreter/verify.ts";
import { type SighashesOf, sighashesOf } from "../bitcoin/sighash.ts";
import { type Tx, type TxOut, wtxidOf } from "../bitcoin/tx.ts";
import { type Coin, outputsOf } from "./coins.ts";
import { type BlockFault, scriptRefusal } from "./faults.ts";

/**
 * The wtxids of transactions whose scripts were found good under the policy's flags, which hold every rule that a block
 * of any height must keep. What a transaction spends is fixed by its wtxid, so the answer never changes.
 */
export type VerifiedScripts = Set<Txid>;
/** Beyond this the oldest are forgotten and would be verified again. */
const VERIFIED_MAX = 50_000;

/** Whether every input may spend its coin under the policy's flags. */
export function checkScripts(tx: Tx, coins: readonly Coin[], verified: VerifiedScripts): Result<void, InputFault> {
  const wtxid = wtxidOf(tx);
  if (verified.has(wtxid)) return ok(undefined);
  const checked = verifyInputs(tx, outputsOf(coins), STANDARD_FLAGS);
  if (!checked.ok) return checked;
  remember(verified, wtxid);
  return ok(undefined);
}
function remember(verified: VerifiedScripts, wtxid: Txid): void {
  const [oldest] = verified;
  if (verified.size >= VERIFIED_MAX && oldest !== undefined) verified.delete(oldest);
  verified.add(wtxid);
}

/** Scripts of one transaction of a block that are still to be verified. */
export interface ScriptCheck {
  /** Of the transaction in its block. */
  readonly index: number;
  readonly tx: Tx;
  /** What all its inputs spend, in their order. */
  readonly spent: readonly TxOut[];
}
/** All that is left of a block when everything else about it is right. The answer depends on nothing but these values. */
export interface BlockScripts {
  readonly flags: ScriptFlags;
  readonly checks: readonly ScriptCheck[];
  /** Of all these transactions together. */
  readonly inputs: number;
}

/** The same transaction with what its signatures sign. */
export interface SignedCheck {
  /** Of the transaction in its block. */
  readonly index: number;
  readonly sighashes: SighashesOf;
}
/** Inputs of one transaction: `from` on and before `end`. */
export interface InputRange extends SignedCheck {
  readonly from: number;
  readonly end: number;
}
/** The first of these inputs that may not spend its output. */
export function faultOfInputs(
  { index, sighashes, from, end }: InputRange,
  flags: ScriptFlags,
): ScriptFault | undefined {
  for (let input = from; input < end; input++) {
    const error = inputFault(sighashes, input, flags);
    if (error !== undefined) return { index, input, error };
  }
  return undefined;
}
/** An input that may not spend its output. */
export interface ScriptFault {
  /** Of the transaction in its block. */
  readonly index: number;
  readonly input: number;
  readonly error: ScriptError;
}
export const blockFaultOf = ({ index, input, error }: ScriptFault): BlockFault => ({
  code: "block-script-verify-flag-failed",
  ...scriptRefusal(input, error),
  index,
});

/** Verifies one after the other: what of a block's scripts is wrong first. */
export function verifyScripts({ checks, flags }: BlockScripts): BlockFault | undefined {
  for (const { index, tx, spent } of checks) {
    const range = { index, sighashes: sighashesOf(tx, spent), from: 0, end: tx.inputs.length };
    const fault = faultOfInputs(range, flags);
    if (fault !== undefined) return blockFaultOf(fault);
  }
  return undefined;
}
