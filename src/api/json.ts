import { err, ok, type Result } from "../base/result.ts";

/** No request needs more; a deeper one is an attack on whoever walks it. */
export const JSON_DEPTH_MAX = 32;

/** Strings (with the colon that makes one a key) and brackets of a text that is known to be JSON. */
const TOKENS = /"([^"\\]*(?:\\.[^"\\]*)*)"\s*(:?)|[{}[\]]/g;

/**
 * The value of a JSON text, with what money asks for beyond RFC 8259: an object names no key twice (else two readers
 * may see two amounts), nothing is deeper than `JSON_DEPTH_MAX`, and no key is `__proto__`. The error is a sentence.
 */
export function readJson(text: string): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("The body is not JSON.");
  }
  const open: (Set<string> | undefined)[] = [];
  for (const [token, quoted, colon] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      if (open.push(token === "{" ? new Set() : undefined) > JSON_DEPTH_MAX)
        return err("The body is nested too deeply.");
    } else if (token === "}" || token === "]") open.pop();
    else if (colon === ":") {
      const key = quoted?.includes("\\") ? String(JSON.parse(`"${quoted}"`)) : (quoted ?? "");
      if (key === "__proto__") return err("The body has a key that is not allowed.");
      const keys = open.at(-1);
      if (keys?.has(key)) return err("The body names a key twice.");
      keys?.add(key);
    }
  }
  return ok(value);
}

/** Whether a value that was parsed elsewhere is plain JSON of bounded depth: no binary attachment, no `__proto__`. */
export function isPlainJson(value: unknown, depth = JSON_DEPTH_MAX): boolean {
  if (value === null || typeof value !== "object") return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth - 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.entries(value).every(([key, item]) => key !== "__proto__" && isPlainJson(item, depth - 1));
}
