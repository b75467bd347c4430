import { OP, smallNumberOf } from "../opcodes.ts";
import { elementAt, isMinimalPush, type ScriptElement } from "../script.ts";
import { encodeScriptNumber } from "../script-number.ts";
import { NO_CODE_SEPARATOR } from "../taproot-sighash.ts";
import { Conditions } from "./conditions.ts";
import type { ScriptError } from "./error.ts";
import { BRANCH_OPERATIONS, FLOW_OPERATIONS } from "./flow-ops.ts";
import { isTapscript, type Machine, type ScriptVersion, type SpendContext } from "./machine.ts";
import { NUMBER_OPERATIONS } from "./number-ops.ts";
import { SCHNORR_OPERATIONS } from "./schnorr-ops.ts";
import { OPERATIONS_MAX, SIGNATURE_OPERATIONS } from "./signature-ops.ts";
import { type Operation, STACK_OPERATIONS } from "./stack-ops.ts";

const SCRIPT_BYTES_MAX = 10_000;
export const ELEMENT_BYTES_MAX = 520;
/** On both stacks together, after each opcode, and in a tapscript before the first. */
export const STACK_ELEMENTS_MAX = 1000;

/** Fail a script that holds them anywhere, even where it does not act. In a tapscript all of them are OP_SUCCESS. */
const DISABLED: ReadonlySet<number> = new Set([
  OP.CAT,
  OP.SUBSTR,
  OP.LEFT,
  OP.RIGHT,
  OP.INVERT,
  OP.AND,
  OP.OR,
  OP.XOR,
  OP["2MUL"],
  OP["2DIV"],
  OP.MUL,
  OP.DIV,
  OP.MOD,
  OP.LSHIFT,
  OP.RSHIFT,
]);

/** By opcode, undefined for those that no script may execute. */
const OPERATIONS: readonly (Operation | undefined)[] = Array.from({ length: 256 }, (_, opcode) => {
  const small = smallNumberOf(opcode);
  if (opcode > OP.FALSE && small !== undefined) return pushes(encodeScriptNumber(BigInt(small)));
  if (opcode === OP["1NEGATE"]) return pushes(encodeScriptNumber(-1n));
  for (const table of [
    FLOW_OPERATIONS,
    STACK_OPERATIONS,
    NUMBER_OPERATIONS,
    SIGNATURE_OPERATIONS,
    SCHNORR_OPERATIONS,
  ]) {
    const operation = table.get(opcode);
    if (operation !== undefined) return operation;
  }
  return undefined;
});
function pushes(element: Uint8Array): Operation {
  return ({ stack }) => {
    stack.push(element);
    return undefined;
  };
}

/** Runs `script` on `stack`, which is left as the script leaves it. Undefined when it came to its end. */
export function execute(
  script: Uint8Array,
  stack: Uint8Array[],
  version: ScriptVersion,
  context: SpendContext,
): ScriptError | undefined {
  if (!isTapscript(version) && script.length > SCRIPT_BYTES_MAX) return "SCRIPT_SIZE";
  const machine: Machine = {
    context,
    version,
    script,
    stack,
    altStack: [],
    conditions: new Conditions(),
    at: 0,
    position: 0,
    codeStart: 0,
    codeSeparator: NO_CODE_SEPARATOR,
    operations: 0,
  };
  for (; machine.at < script.length; machine.position++) {
    const element = elementAt(script, machine.at);
    if (element === undefined) return "BAD_OPCODE";
    machine.at = element.end;
    const error = limitFault(machine, element) ?? step(machine, element);
    if (error !== undefined) return error;
    if (stack.length + machine.altStack.length > STACK_ELEMENTS_MAX) return "STACK_SIZE";
  }
  return machine.conditions.areNone ? undefined : "UNBALANCED_CONDITIONAL";
}

/** What holds for every element of a script, executed or not. BIP 342 §Resource limits. */
function limitFault(machine: Machine, { opcode, data }: ScriptElement): ScriptError | undefined {
  if (data !== undefined) return data.length > ELEMENT_BYTES_MAX ? "PUSH_SIZE" : undefined;
  if (isTapscript(machine.version)) return undefined;
  if (opcode > OP["16"] && ++machine.operations > OPERATIONS_MAX) return "OP_COUNT";
  if (DISABLED.has(opcode)) return "DISABLED_OPCODE";
  const constant = machine.context.flags.CONST_SCRIPTCODE && machine.version === "legacy";
  return constant && opcode === OP.CODESEPARATOR ? "OP_CODESEPARATOR" : undefined;
}

function step(machine: Machine, element: ScriptElement): ScriptError | undefined {
  const branch = BRANCH_OPERATIONS.get(element.opcode);
  if (branch !== undefined) return branch(machine);
  if (!machine.conditions.areAllTrue) return undefined;
  if (element.data !== undefined) {
    if (machine.context.flags.MINIMALDATA && !isMinimalPush(element)) return "MINIMALDATA";
    machine.stack.push(element.data);
    return undefined;
  }
  const operation = OPERATIONS[element.opcode];
  return operation === undefined ? "BAD_OPCODE" : operation(machine);
}
