import { present } from "../../base/result.ts";
import { HEIGHT_LIMIT } from "../../base/units.ts";
import { SEQUENCE_DISABLE, SEQUENCE_IN_TIME, SEQUENCE_MASK } from "../locks.ts";
import { OP } from "../opcodes.ts";
import { SEQUENCE_FINAL } from "../tx.ts";
import type { Conditions } from "./conditions.ts";
import type { ScriptError } from "./error.ts";
import { isTrue, type Machine, numberIn, peek } from "./machine.ts";
import type { Operation } from "./stack-ops.ts";

/** Lock operands may have one byte more than other numbers, to reach all 32 bits. BIP 65 §Detailed Specification. */
const LOCK_BYTES_MAX = 5;

/** What OP_IF may read where its input must be minimal: nothing, or a byte of one. BIP 342 §Script execution. */
const isMinimalCondition = (condition: Uint8Array): boolean =>
  condition.length === 0 || (condition.length === 1 && condition[0] === 1);

function conditionFault({ context, version }: Machine, condition: Uint8Array): ScriptError | undefined {
  if (version === "legacy" || isMinimalCondition(condition)) return undefined;
  if (version !== "witness_v0") return "TAPSCRIPT_MINIMALIF";
  return context.flags.MINIMALIF ? "MINIMALIF" : undefined;
}

const opensBranch =
  (wanted: boolean): Operation =>
  (machine) => {
    if (!machine.conditions.areAllTrue) {
      machine.conditions.open(false);
      return undefined;
    }
    const condition = machine.stack.at(-1);
    if (condition === undefined) return "INVALID_STACK_OPERATION";
    const fault = conditionFault(machine, condition);
    if (fault !== undefined) return fault;
    machine.stack.pop();
    machine.conditions.open(isTrue(condition) === wanted);
    return undefined;
  };

/** Acts on the innermost open OP_IF. */
const withinBranch =
  (act: (conditions: Conditions) => void): Operation =>
  ({ conditions }) => {
    if (conditions.areNone) return "UNBALANCED_CONDITIONAL";
    act(conditions);
    return undefined;
  };

/** These act, or at least are judged, in branches that are not taken. */
export const BRANCH_OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [OP.IF, opensBranch(true)],
  [OP.NOTIF, opensBranch(false)],
  [OP.ELSE, withinBranch((conditions) => conditions.turn())],
  [OP.ENDIF, withinBranch((conditions) => conditions.close())],
  [OP.VERIF, () => "BAD_OPCODE"],
  [OP.VERNOTIF, () => "BAD_OPCODE"],
]);

const inputOf = ({ context: { sighashes, index } }: Machine) =>
  present(sighashes.tx.inputs[index], "the input being spent exists");

/** BIP 65 §Detailed Specification. */
const checkLockTime: Operation = (machine) => {
  const { flags, sighashes } = machine.context;
  if (!flags.CHECKLOCKTIMEVERIFY) return undefined;
  if (machine.stack.length < 1) return "INVALID_STACK_OPERATION";
  const wanted = numberIn(machine, peek(machine, 1), LOCK_BYTES_MAX);
  if (wanted === undefined) return "SCRIPTNUM";
  if (wanted < 0n) return "NEGATIVE_LOCKTIME";
  const { locktime } = sighashes.tx;
  const sameKind = locktime < HEIGHT_LIMIT === wanted < BigInt(HEIGHT_LIMIT);
  const satisfied = sameKind && wanted <= BigInt(locktime) && inputOf(machine).sequence !== SEQUENCE_FINAL;
  return satisfied ? undefined : "UNSATISFIED_LOCKTIME";
};

/** BIP 112 §Specification. */
const checkSequence: Operation = (machine) => {
  const { flags, sighashes } = machine.context;
  if (!flags.CHECKSEQUENCEVERIFY) return undefined;
  if (machine.stack.length < 1) return "INVALID_STACK_OPERATION";
  const operand = numberIn(machine, peek(machine, 1), LOCK_BYTES_MAX);
  if (operand === undefined) return "SCRIPTNUM";
  if (operand < 0n) return "NEGATIVE_LOCKTIME";
  const wanted = Number(operand & 0xffff_ffffn);
  if ((wanted & SEQUENCE_DISABLE) !== 0) return undefined;
  const { version } = sighashes.tx;
  const { sequence } = inputOf(machine);
  if (version === 0 || version === 1 || (sequence & SEQUENCE_DISABLE) !== 0) return "UNSATISFIED_LOCKTIME";
  const sameKind = (wanted & SEQUENCE_IN_TIME) === (sequence & SEQUENCE_IN_TIME);
  return sameKind && (wanted & SEQUENCE_MASK) <= (sequence & SEQUENCE_MASK) ? undefined : "UNSATISFIED_LOCKTIME";
};

const upgradable: Operation = ({ context }) =>
  context.flags.DISCOURAGE_UPGRADABLE_NOPS ? "DISCOURAGE_UPGRADABLE_NOPS" : undefined;

export const FLOW_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.NOP, () => undefined],
  [OP.RETURN, () => "OP_RETURN"],
  [OP.CHECKLOCKTIMEVERIFY, checkLockTime],
  [OP.CHECKSEQUENCEVERIFY, checkSequence],
  ...[OP.NOP1, OP.NOP4, OP.NOP5, OP.NOP6, OP.NOP7, OP.NOP8, OP.NOP9, OP.NOP10].map((opcode): [number, Operation] => [
    opcode,
    upgradable,
  ]),
]);
