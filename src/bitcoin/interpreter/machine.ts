import type { Sat } from "../../base/units.ts";
import { decodeScriptNumber, encodeScriptNumber, isMinimalNumber, SCRIPT_NUMBER_BYTES_MAX } from "../script-number.ts";
import type { SighashesOf } from "../sighash.ts";
import type { Conditions } from "./conditions.ts";
import type { ScriptFlags } from "./flags.ts";

/** How scripts hash what is signed, and which of their rules hold. A tapscript comes with what it knows of its spend. */
export type ScriptVersion = "legacy" | "witness_v0" | Tapscript;

export interface Tapscript {
  readonly leafHash: Uint8Array;
  readonly annexHash: Uint8Array | undefined;
  /** What is left for signature checks: each takes its part, and the witness brought it. BIP 342 §Resource limits. */
  weightLeft: number;
}

export const isTapscript = (version: ScriptVersion): version is Tapscript => typeof version === "object";

/** What a script is run for: one input of one transaction, under some rules. */
export interface SpendContext {
  readonly sighashes: SighashesOf;
  readonly index: number;
  /** Of the spent output. */
  readonly amount: Sat;
  readonly flags: ScriptFlags;
}

/** One script as it runs. Only the opcodes of this folder change it. */
export interface Machine {
  readonly context: SpendContext;
  readonly version: ScriptVersion;
  readonly script: Uint8Array;
  /** Never changed in place: an opcode replaces whole elements. */
  readonly stack: Uint8Array[];
  readonly altStack: Uint8Array[];
  readonly conditions: Conditions;
  /** Where the next opcode begins. */
  at: number;
  /** How many opcodes stand before the one that runs. */
  position: number;
  /** Behind the last OP_CODESEPARATOR: signatures cover the script from here. */
  codeStart: number;
  /** Its `position`, for tapscripts. */
  codeSeparator: number;
  /** Opcodes that are no push, executed or not, and keys of OP_CHECKMULTISIG. Not counted in tapscripts. */
  operations: number;
}

export const TRUE = Uint8Array.of(1);
export const FALSE = new Uint8Array(0);
export const boolean = (value: boolean): Uint8Array => (value ? TRUE : FALSE);

/** Anything but zeros; a sign bit alone is zero too. */
export function isTrue(element: Uint8Array): boolean {
  const last = element.length - 1;
  for (let i = 0; i <= last; i++) if (element[i] !== 0) return i < last || element[i] !== 0x80;
  return false;
}

/** The element `depth` below the top, which is 1. The caller has checked that it is there. */
export const peek = (machine: Machine, depth: number): Uint8Array =>
  machine.stack[machine.stack.length - depth] ?? FALSE;

/** The number that an element holds; undefined when it is longer than `limit` bytes, or not minimal where it must be. */
export function numberIn(machine: Machine, element: Uint8Array, limit = SCRIPT_NUMBER_BYTES_MAX): bigint | undefined {
  if (element.length > limit) return undefined;
  if (machine.context.flags.MINIMALDATA && !isMinimalNumber(element)) return undefined;
  return decodeScriptNumber(element);
}
export const pushNumber = (machine: Machine, value: bigint): void => {
  machine.stack.push(encodeScriptNumber(value));
};
