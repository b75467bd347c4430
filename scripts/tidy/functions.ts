import { lineAt, type Source } from "./scan.ts";

/** A function with a body of its own: where its head begins and how many lines it takes. */
export interface FunctionSize {
  readonly line: number;
  readonly lines: number;
  /** The call it is an argument of, as `describe`; empty when it is none. */
  readonly within: string;
  /** Holds groups of tests. */
  readonly groups: boolean;
}

const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "return", "await"]);
const CLOSING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Every function of the file: declarations, methods and arrows whose body is a block. */
export function functionsOf({ code }: Source): FunctionSize[] {
  const partner = partners(code);
  const found: FunctionSize[] = [];
  for (const [open, close] of partner) {
    if (code[open] !== "{" || close < open) continue;
    const head = headOf(code, open, partner);
    if (head === undefined) continue;
    const line = lineAt(code, head);
    const groups = /\bdescribe\w*[<(]/.test(code.slice(open, close));
    found.push({ line, lines: lineAt(code, close) - line + 1, within: callAround(code, head, partner), groups });
  }
  return found.sort((a, b) => a.line - b.line);
}

/** Where each bracket's other half stands, both ways. */
function partners(code: string): Map<number, number> {
  const found = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < code.length; at++) {
    const character = code[at] as string;
    if (character === "(" || character === "[" || character === "{") open.push(at);
    const opening = CLOSING[character];
    if (opening === undefined) continue;
    const from = open.pop();
    if (from === undefined || code[from] !== opening) continue;
    found.set(from, at);
    found.set(at, from);
  }
  return found;
}

/** Where the function whose body opens here begins; undefined when this brace opens something else. */
function headOf(code: string, brace: number, partner: ReadonlyMap<number, number>): number | undefined {
  const before = back(code, brace - 1);
  if (code[before] === ")") return headAt(code, before, partner);
  if (code[before] === ">" && code[before - 1] === "=") return arrowHead(code, back(code, before - 2), partner);
  return returnTypeHead(code, before, partner);
}
/** The last position up to `at` that is not blank. */
function back(code: string, at: number): number {
  let position = at;
  while (position >= 0 && /\s/.test(code[position] as string)) position--;
  return position;
}
function arrowHead(code: string, at: number, partner: ReadonlyMap<number, number>): number | undefined {
  if (code[at] === ")") return partner.get(at);
  return returnTypeHead(code, at, partner) ?? at;
}
/** The parameters close at `at`: the function begins at its name, unless that is a word like `if`. */
function headAt(code: string, at: number, partner: ReadonlyMap<number, number>): number | undefined {
  const open = partner.get(at);
  if (open === undefined) return undefined;
  const name = /([\w$#]+)\s*(?:<[^;{}]*>)?\s*$/.exec(code.slice(Math.max(0, open - 200), open));
  if (name !== null && CONTROL.has(name[1] as string)) return undefined;
  return open - (name?.[0].length ?? 0) + (/^\s*/.exec(name?.[0] ?? "")?.[0].length ?? 0);
}
/** Goes back over a return type, from its last character, to the `):` in front of it. */
function returnTypeHead(code: string, from: number, partner: ReadonlyMap<number, number>): number | undefined {
  // Straight after one of these a type begins, and no type ends.
  if (/[:<|&,]/.test(code[from] ?? "")) return undefined;
  if (/\b(?:class|interface)\s[^{};()]*$/.test(code.slice(Math.max(0, from - 300), from + 1))) return undefined;
  for (let at = from; at >= 0; at = back(code, at - 1)) {
    const character = code[at] as string;
    if (character === ":") {
      const close = back(code, at - 1);
      return code[close] === ")" ? headAt(code, close, partner) : undefined;
    }
    if (character === "}" || character === "]" || character === ")") at = partner.get(at) ?? at;
    else if (!/[\w$.<>,|&"'`\s]/.test(character)) return undefined;
  }
  return undefined;
}
/** The name of the call in whose arguments a position stands directly. */
function callAround(code: string, position: number, partner: ReadonlyMap<number, number>): string {
  for (let at = position - 1; at >= 0; at--) {
    const character = code[at] as string;
    if (character === "}" || character === "]" || character === ")") at = partner.get(at) ?? at;
    else if (character === "{" || character === "[" || character === ";") return "";
    else if (character === "(") return /([\w$]+)(?:<[^;()]*>)?$/.exec(code.slice(Math.max(0, at - 200), at))?.[1] ?? "";
  }
  return "";
}
