/**
 * A source file taken apart far enough to check its style: what is code, what is comment, what is text. It is no parser:
 * it knows strings, templates, regular expressions and brackets, which is all that the rules need.
 */
export interface Source {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** As long as `text`; comments and the insides of strings, templates and regular expressions are blanks. */
  readonly code: string;
  /** Adjoining `//` lines are one comment. Without the marks, one space between lines. */
  readonly comments: readonly Comment[];
  /** Modules named by `import` and `export … from`, `import(…)` too. */
  readonly imports: readonly Import[];
}
export interface Comment {
  readonly line: number;
  readonly text: string;
}
export interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Whether the module has to run before this one does: not for types alone, nor when it is asked for later by a call. */
  readonly runs: boolean;
}
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly detail: string;
}

/** The line, from 1, of a position in the text. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

interface Scan {
  readonly text: string;
  readonly code: string[];
  readonly comments: Comment[];
  at: number;
  /** The last character of code that was not blank, with the word it ends. */
  last: string;
}

export function scan(path: string, text: string): Source {
  const state: Scan = { text, code: [...blank(text)], comments: [], at: 0, last: "" };
  readCode(state, undefined);
  const code = state.code.join("");
  return { path, text, code, comments: joined(state.comments), imports: importsOf(text, code) };
}
const blank = (text: string): string => text.replace(/[^\n]/gu, (character) => " ".repeat(character.length));

/** Reads code up to the brace that closes the template expression it stands in, or to the end. */
function readCode(state: Scan, until: "}" | undefined): void {
  let depth = 0;
  while (state.at < state.text.length) {
    const character = state.text[state.at] as string;
    if (until !== undefined && depth === 0 && character === until) return;
    if (readApart(state, character)) continue;
    if (character === "{") depth++;
    if (character === "}") depth--;
    keep(state, character);
  }
}
function keep(state: Scan, character: string): void {
  state.code[state.at++] = character;
  if (/\s/.test(character)) return;
  const isWord = /[\w$]/.test(character) && /[\w$]$/.test(state.code[state.at - 2] ?? " ");
  state.last = isWord ? state.last + character : character;
}
/** Passes a comment, string, template or regular expression that begins here; false when none does. */
function readApart(state: Scan, character: string): boolean {
  const next = state.text[state.at + 1];
  if (character === "/" && next === "/") readComment(state, state.at + 2, "\n", 0);
  else if (character === "/" && next === "*") readComment(state, state.at + 2, "*/", 2);
  else if (character === '"' || character === "'") readString(state, character);
  else if (character === "`") readTemplate(state);
  else if (character === "/" && mayBeginExpression(state.last)) readRegularExpression(state);
  else return false;
  return true;
}
const mayBeginExpression = (last: string): boolean =>
  last === "" || /^(?:[^\w$)\]}]|return|typeof|case|in|of|do|else|yield|await|throw|new|delete|void)$/.test(last);

function readComment(state: Scan, from: number, end: string, endLength: number): void {
  const found = state.text.indexOf(end, from);
  const to = found < 0 ? state.text.length : found;
  const text = state.text.slice(from, to).replaceAll(/\n\s*\* ?/g, "\n");
  state.comments.push({ line: lineAt(state.text, state.at), text });
  state.at = to + endLength;
}
function readString(state: Scan, quote: string): void {
  keep(state, quote);
  while (state.at < state.text.length && state.text[state.at] !== quote && state.text[state.at] !== "\n")
    state.at += state.text[state.at] === "\\" ? 2 : 1;
  keep(state, quote);
}
function readTemplate(state: Scan): void {
  keep(state, "`");
  while (state.at < state.text.length && state.text[state.at] !== "`") {
    if (state.text.startsWith("${", state.at)) {
      state.at += 2;
      state.last = "";
      readCode(state, "}");
      state.at++;
    } else state.at += state.text[state.at] === "\\" ? 2 : 1;
  }
  keep(state, "`");
  // What follows a template is no regular expression.
  state.last = ")";
}
function readRegularExpression(state: Scan): void {
  let inClass = false;
  for (state.at++; state.at < state.text.length; state.at++) {
    const character = state.text[state.at];
    if (character === "\\") state.at++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if ((character === "/" && !inClass) || character === "\n") break;
  }
  state.at++;
  state.last = ")";
}

function joined(comments: readonly Comment[]): Comment[] {
  const out: { line: number; last: number; text: string }[] = [];
  for (const { line, text } of comments) {
    const before = out.at(-1);
    const lines = text.split("\n").length;
    if (before !== undefined && before.last === line - 1) {
      before.text += `\n${text}`;
      before.last = line + lines - 1;
    } else out.push({ line, last: line + lines - 1, text });
  }
  return out.map(({ line, text }) => ({ line, text: text.replaceAll(/\s+/g, " ").trim() }));
}

function importsOf(text: string, code: string): Import[] {
  const found: Import[] = [];
  const add = (quoteAt: number, runs: boolean): void => {
    const end = text.indexOf(text[quoteAt] as string, quoteAt + 1);
    found.push({ line: lineAt(text, quoteAt), specifier: text.slice(quoteAt + 1, end), runs });
  };
  // A quote in `code` always opens or closes a string; `from` and `import` before it make it a module's name.
  for (const match of code.matchAll(/\b(?:(?:im|ex)port\b([^;'"()]*?)\bfrom|import\s*(\(?))\s*["']/g)) {
    const [whole, names = "", call = ""] = match;
    add(match.index + whole.length - 1, call === "" && !/^\s+type\b(?!\s+from)/.test(names));
  }
  return found;
}
