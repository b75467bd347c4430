import { OP } from "../opcodes.ts";
import { elementAt } from "../script.ts";
import { annexHash, isCommitted, leafHash, parseControlBlock, splitAnnex, TAPSCRIPT_LEAF_VERSION } from "../taproot.ts";
import { witnessSize } from "../tx.ts";
import type { ScriptError } from "./error.ts";
import { STACK_ELEMENTS_MAX } from "./execute.ts";
import { witnessFault } from "./execute-witness.ts";
import type { SpendContext, Tapscript } from "./machine.ts";
import { schnorrFault } from "./schnorr-ops.ts";

/** What every spend by a tapscript may use for signature checks beside the size of its witness. BIP 342 §Resource limits. */
const FREE_WEIGHT = 50;

/**
 * Why the witness may not spend the output with this key: by the key itself, or by a script that the key commits to. BIP 341
 * §Script validation rules.
 */
export function taprootFault(
  key: Uint8Array,
  witness: readonly Uint8Array[],
  context: SpendContext,
): ScriptError | undefined {
  const { elements, annex } = splitAnnex(witness);
  const annexed = annex && annexHash(annex);
  const last = elements.at(-1);
  if (last === undefined) return "WITNESS_PROGRAM_WITNESS_EMPTY";
  const script = elements.at(-2);
  if (script === undefined) return schnorrFault(context, last, key, { annexHash: annexed });
  const control = parseControlBlock(last);
  if (control === undefined) return "TAPROOT_WRONG_CONTROL_SIZE";
  const leaf = leafHash(control.leafVersion, script);
  if (!isCommitted(key, control, leaf)) return "WITNESS_PROGRAM_MISMATCH";
  if (control.leafVersion !== TAPSCRIPT_LEAF_VERSION) {
    return context.flags.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION ? "DISCOURAGE_UPGRADABLE_TAPROOT_VERSION" : undefined;
  }
  const weightLeft = witnessSize(witness) + FREE_WEIGHT;
  return tapscriptFault(script, elements.slice(0, -2), { leafHash: leaf, annexHash: annexed, weightLeft }, context);
}

/** BIP 342 §Script execution. */
function tapscriptFault(
  script: Uint8Array,
  elements: readonly Uint8Array[],
  tapscript: Tapscript,
  context: SpendContext,
): ScriptError | undefined {
  for (let at = 0; at < script.length; ) {
    const element = elementAt(script, at);
    if (element === undefined) return "BAD_OPCODE";
    // Before any limit and whether it acts or not: what comes behind it need not even be a script.
    if (SUCCESSES.has(element.opcode)) return context.flags.DISCOURAGE_OP_SUCCESS ? "DISCOURAGE_OP_SUCCESS" : undefined;
    at = element.end;
  }
  if (elements.length > STACK_ELEMENTS_MAX) return "STACK_SIZE";
  return witnessFault(script, elements, tapscript, context);
}

/** Opcodes without a meaning yet, which make any tapscript succeed that holds one. BIP 342 §Specification. */
const SUCCESSES: ReadonlySet<number> = new Set([
  OP.RESERVED,
  OP.VER,
  ...between(OP.CAT, OP.RIGHT),
  ...between(OP.INVERT, OP.XOR),
  ...between(OP.RESERVED1, OP.RESERVED2),
  ...between(OP["2MUL"], OP["2DIV"]),
  ...between(OP.MUL, OP.RSHIFT),
  ...between(OP.CHECKSIGADD + 1, 0xfe),
]);
function between(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
