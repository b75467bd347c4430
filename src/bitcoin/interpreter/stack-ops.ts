import { equalBytes } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { hash160, ripemd160, sha1, sha256, sha256d } from "../../crypto/hash.ts";
import { OP } from "../opcodes.ts";
import type { ScriptError } from "./error.ts";
import { boolean, isTrue, type Machine, numberIn, peek, pushNumber } from "./machine.ts";

/** An opcode: undefined when the script may go on. */
export type Operation = (machine: Machine) => ScriptError | undefined;

/** Runs only when the stack holds at least `depth` elements. */
export const needs =
  (depth: number, run: Operation): Operation =>
  (machine) =>
    machine.stack.length < depth ? "INVALID_STACK_OPERATION" : run(machine);

/** An opcode that replaces its top `depth` elements by others made of them, lowest first. */
const rearranges = (
  depth: number,
  result: (...elements: readonly Uint8Array[]) => readonly (Uint8Array | undefined)[],
): Operation =>
  needs(depth, ({ stack }) => {
    const taken = stack.splice(stack.length - depth, depth);
    for (const element of result(...taken)) stack.push(present(element, "an opcode moves elements that are there"));
    return undefined;
  });

const hashes = (hash: (element: Uint8Array) => Uint8Array): Operation =>
  needs(1, ({ stack }) => {
    stack.push(hash(stack.pop() as Uint8Array));
    return undefined;
  });

/** OP_PICK copies the element that the top number names, OP_ROLL moves it. */
const picks = (moves: boolean): Operation =>
  needs(2, (machine) => {
    const { stack } = machine;
    const depth = numberIn(machine, peek(machine, 1));
    if (depth === undefined) return "SCRIPTNUM";
    stack.pop();
    if (depth < 0n || depth >= BigInt(stack.length)) return "INVALID_STACK_OPERATION";
    const at = stack.length - 1 - Number(depth);
    const element = present(stack[at], "a depth below the stack's height");
    if (moves) stack.splice(at, 1);
    stack.push(element);
    return undefined;
  });

const equal: Operation = needs(2, ({ stack }) => {
  stack.push(boolean(equalBytes(stack.pop() as Uint8Array, stack.pop() as Uint8Array)));
  return undefined;
});

/** `run`, then its result must be true and is taken off. */
export const verifying =
  (run: Operation, error: ScriptError): Operation =>
  (machine) => {
    const failed = run(machine);
    if (failed !== undefined) return failed;
    if (!isTrue(peek(machine, 1))) return error;
    machine.stack.pop();
    return undefined;
  };

/** Everything that moves, copies, compares or hashes elements without reading them as numbers. */
export const STACK_OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [
    OP.VERIFY,
    needs(
      1,
      verifying(() => undefined, "VERIFY"),
    ),
  ],
  [
    OP.TOALTSTACK,
    needs(1, ({ stack, altStack }) => {
      altStack.push(stack.pop() as Uint8Array);
      return undefined;
    }),
  ],
  [
    OP.FROMALTSTACK,
    ({ stack, altStack }) => {
      const element = altStack.pop();
      if (element === undefined) return "INVALID_ALTSTACK_OPERATION";
      stack.push(element);
      return undefined;
    },
  ],
  [OP.DROP, rearranges(1, () => [])],
  [OP["2DROP"], rearranges(2, () => [])],
  [OP.DUP, rearranges(1, (a) => [a, a])],
  [OP["2DUP"], rearranges(2, (a, b) => [a, b, a, b])],
  [OP["3DUP"], rearranges(3, (a, b, c) => [a, b, c, a, b, c])],
  [OP["2OVER"], rearranges(4, (a, b, c, d) => [a, b, c, d, a, b])],
  [OP["2ROT"], rearranges(6, (a, b, c, d, e, f) => [c, d, e, f, a, b])],
  [OP["2SWAP"], rearranges(4, (a, b, c, d) => [c, d, a, b])],
  [OP.IFDUP, rearranges(1, (a) => (a !== undefined && isTrue(a) ? [a, a] : [a]))],
  [OP.NIP, rearranges(2, (_, b) => [b])],
  [OP.OVER, rearranges(2, (a, b) => [a, b, a])],
  [OP.ROT, rearranges(3, (a, b, c) => [b, c, a])],
  [OP.SWAP, rearranges(2, (a, b) => [b, a])],
  [OP.TUCK, rearranges(2, (a, b) => [b, a, b])],
  [OP.PICK, picks(false)],
  [OP.ROLL, picks(true)],
  [
    OP.DEPTH,
    (machine) => {
      pushNumber(machine, BigInt(machine.stack.length));
      return undefined;
    },
  ],
  [
    OP.SIZE,
    needs(1, (machine) => {
      pushNumber(machine, BigInt(peek(machine, 1).length));
      return undefined;
    }),
  ],
  [OP.EQUAL, equal],
  [OP.EQUALVERIFY, verifying(equal, "EQUALVERIFY")],
  [OP.RIPEMD160, hashes(ripemd160)],
  [OP.SHA1, hashes(sha1)],
  [OP.SHA256, hashes(sha256)],
  [OP.HASH160, hashes(hash160)],
  [OP.HASH256, hashes(sha256d)],
]);
