import type { ScriptError } from "./error.ts";
import { ELEMENT_BYTES_MAX, execute } from "./execute.ts";
import { isTrue, type ScriptVersion, type SpendContext } from "./machine.ts";

export const falseFault = (stack: readonly Uint8Array[]): ScriptError | undefined => {
  const top = stack.at(-1);
  return top !== undefined && isTrue(top) ? undefined : "EVAL_FALSE";
};

/** Why a script that a witness brought does not allow its elements: it must leave one true value and nothing else. */
export function witnessFault(
  script: Uint8Array,
  elements: readonly Uint8Array[],
  version: ScriptVersion,
  context: SpendContext,
): ScriptError | undefined {
  if (elements.some(({ length }) => length > ELEMENT_BYTES_MAX)) return "PUSH_SIZE";
  const stack = elements.slice();
  const executing = execute(script, stack, version, context);
  if (executing !== undefined) return executing;
  return stack.length === 1 ? falseFault(stack) : "CLEANSTACK";
}
