import { OP } from "../opcodes.ts";
import { type Machine, numberIn, peek, pushNumber } from "./machine.ts";
import { needs, type Operation, verifying } from "./stack-ops.ts";

/** The top `count` elements as numbers, lowest first; undefined when one of them is none. */
function topNumbers(machine: Machine, count: number): readonly bigint[] | undefined {
  const numbers: bigint[] = [];
  for (let depth = count; depth > 0; depth--) {
    const number = numberIn(machine, peek(machine, depth));
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

const counts = (depth: number, result: (numbers: readonly bigint[]) => bigint | boolean): Operation =>
  needs(depth, (machine) => {
    const numbers = topNumbers(machine, depth);
    if (numbers === undefined) return "SCRIPTNUM";
    machine.stack.length -= depth;
    const value = result(numbers);
    pushNumber(machine, typeof value === "bigint" ? value : value ? 1n : 0n);
    return undefined;
  });
const one = (result: (a: bigint) => bigint | boolean): Operation => counts(1, ([a = 0n]) => result(a));
const two = (result: (a: bigint, b: bigint) => bigint | boolean): Operation =>
  counts(2, ([a = 0n, b = 0n]) => result(a, b));

const numEqual = two((a, b) => a === b);

/** Everything that reads its elements as numbers of at most four bytes. */
export const NUMBER_OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [OP["1ADD"], one((a) => a + 1n)],
  [OP["1SUB"], one((a) => a - 1n)],
  [OP.NEGATE, one((a) => -a)],
  [OP.ABS, one((a) => (a < 0n ? -a : a))],
  [OP.NOT, one((a) => a === 0n)],
  [OP["0NOTEQUAL"], one((a) => a !== 0n)],
  [OP.ADD, two((a, b) => a + b)],
  [OP.SUB, two((a, b) => a - b)],
  [OP.BOOLAND, two((a, b) => a !== 0n && b !== 0n)],
  [OP.BOOLOR, two((a, b) => a !== 0n || b !== 0n)],
  [OP.NUMEQUAL, numEqual],
  [OP.NUMEQUALVERIFY, verifying(numEqual, "NUMEQUALVERIFY")],
  [OP.NUMNOTEQUAL, two((a, b) => a !== b)],
  [OP.LESSTHAN, two((a, b) => a < b)],
  [OP.GREATERTHAN, two((a, b) => a > b)],
  [OP.LESSTHANOREQUAL, two((a, b) => a <= b)],
  [OP.GREATERTHANOREQUAL, two((a, b) => a >= b)],
  [OP.MIN, two((a, b) => [a, b][Number(b < a)] as bigint)],
  [OP.MAX, two((a, b) => [a, b][Number(b > a)] as bigint)],
  [OP.WITHIN, counts(3, ([a = 0n, low = 0n, high = 0n]) => low <= a && a < high)],
]);
