import { present } from "../../base/result.ts";
import { HEIGHT_LIMIT } from "../../base/units.ts";
import { SEQUENCE_DISABLE, SEQUENCE_IN_TIME, SEQUENCE_MASK } from "../locks.ts";
import { OP } from "../opcodes.ts";
import { SEQUENCE_FINAL } from "../tx.ts";
import { isTrue, type Machine, numberIn, peek } from "./machine.ts";
import type { Operation } from "./stack-ops.ts";

/** Lock operands may have one byte more than other numbers, to reach all 32 bits. BIP 65 §Detailed Specification. */
const LOCK_BYTES_MAX = 5;

/** Whether opcodes act: not within a branch that was not taken. */
export const isActing = (machine: Machine): boolean => !machine.conditions.includes(false);

const opensBranch =
  (wanted: boolean): Operation =>
  (machine) => {
    if (!isActing(machine)) {
      machine.conditions.push(false);
      return undefined;
    }
    const condition = machine.stack.at(-1);
    if (condition === undefined) return "INVALID_STACK_OPERATION";
    const minimal = condition.length === 0 || (condition.length === 1 && condition[0] === 1);
    if (machine.context.flags.MINIMALIF && machine.version === "witness_v0" && !minimal) return "MINIMALIF";
    machine.stack.pop();
    machine.conditions.push(isTrue(condition) === wanted);
    return undefined;
  };

/** These act, or at least are judged, in branches that are not taken. */
export const BRANCH_OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [OP.IF, opensBranch(true)],
  [OP.NOTIF, opensBranch(false)],
  [
    OP.ELSE,
    ({ conditions }) => {
      const current = conditions.pop();
      if (current === undefined) return "UNBALANCED_CONDITIONAL";
      conditions.push(!current);
      return undefined;
    },
  ],
  [OP.ENDIF, ({ conditions }) => (conditions.pop() === undefined ? "UNBALANCED_CONDITIONAL" : undefined)],
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
