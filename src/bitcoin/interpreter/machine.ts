import type { Sat } from "../../base/units.ts";
import { decodeScriptNumber, encodeScriptNumber, isMinimalNumber, SCRIPT_NUMBER_BYTES_MAX } from "../script-number.ts";
import type { SighashesOf } from "../sighash.ts";
import type { ScriptFlags } from "./flags.ts";

/** How scripts hash what is signed, and which of their rules hold. */
export type ScriptVersion = "legacy" | "witness_v0";

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
  /** One truth for each open OP_IF; the script acts only while all are true. */
  readonly conditions: boolean[];
  /** Where the next opcode begins. */
  at: number;
  /** Behind the last OP_CODESEPARATOR: signatures cover the script from here. */
  codeStart: number;
  /** Opcodes that are no push, executed or not, and keys of OP_CHECKMULTISIG. */
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
