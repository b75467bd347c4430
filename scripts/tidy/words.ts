import { type FunctionSize, functionsOf } from "./functions.ts";
import { lineAt, type Source, type Violation } from "./scan.ts";

export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 60;

/** A file holds one idea and a function fits on a screen. */
export function checkSizes(source: Source): Violation[] {
  const found: Violation[] = [];
  const lines = source.text.replace(/\n$/, "").split("\n").length;
  const rule = "size";
  if (lines > FILE_LINES_MAX)
    found.push({ path: source.path, line: 1, rule, detail: `file of ${lines} lines, at most ${FILE_LINES_MAX}` });
  for (const size of functionsOf(source)) {
    if (size.lines <= FUNCTION_LINES_MAX || isTestGroup(source.path, size)) continue;
    const detail = `function of ${size.lines} lines, at most ${FUNCTION_LINES_MAX}`;
    found.push({ path: source.path, line: size.line, rule, detail });
  }
  return found;
}
/** A `describe` is a chapter, not a function. */
const isTestGroup = (path: string, { within, groups }: FunctionSize): boolean =>
  path.startsWith("test/") && (groups || within.startsWith("describe"));

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  readonly except?: RegExp;
}
const BANNED_CODE: readonly Ban[] = [
  { pattern: /(?:[:<|&,([=]|\bas|\bextends)\s*any\b(?!\s*[(:])/g, instead: "`any`: say what it is, or `unknown`" },
  { pattern: /\bexport\s+default\b/g, instead: "a default export: name it", except: /\.config\.ts$/ },
  {
    pattern: /\bas\s+(?:Msat|Sat)\b(?!\s*,|\s*\})/g,
    instead: "`as Msat`: use the maker",
    except: /^src\/base\/units\.ts$/,
  },
  { pattern: /\b(?:it|describe|context|specify)\.only\b/g, instead: "`.only` hides every other test" },
  { pattern: /\bdescribe\.skip\b/g, instead: "`describe.skip`: delete it or repair it" },
  {
    pattern: /\b(?:class|function|const|let|interface|type)\s+\w*(?:Manager|Helper|Utils?)(?![a-z])\w*/g,
    instead: "a name that says nothing: Manager, Helper, Util",
  },
];
const BANNED_COMMENTS: readonly Ban[] = [
  { pattern: /\b(?:TODO|FIXME|HACK|XXX)\b/g, instead: "a note to oneself: fix it, file it or write a decision" },
  { pattern: /@ts-(?:ignore|nocheck)\b/g, instead: "`@ts-ignore`: repair the type" },
];
const BANNED_FILES = /(?:^|[/-])(?:manager|helpers?|utils?)\.ts$/;

export function checkBans(source: Source): Violation[] {
  const found: Violation[] = [];
  const add = (line: number, detail: string): void => {
    found.push({ path: source.path, line, rule: "ban", detail });
  };
  if (BANNED_FILES.test(source.path)) add(1, "a file name that says nothing");
  for (const { pattern, instead, except } of BANNED_CODE)
    for (const match of source.code.matchAll(pattern)) {
      const line = lineAt(source.code, match.index + match[0].length - 1);
      if (except?.test(source.path) !== true && !isAllowed(source, line)) add(line, instead);
    }
  for (const { line, text } of source.comments)
    for (const { pattern, instead } of BANNED_COMMENTS) if (text.search(pattern) >= 0) add(line, instead);
  for (const match of source.code.matchAll(/\bit\.skip\(/g)) {
    // The text of the argument is blank in `code`.
    if (!/^\s*.has no vectors here/.test(source.text.slice(match.index + match[0].length)))
      add(lineAt(source.code, match.index), "`it.skip` is for absent vectors only: 'has no vectors here: …'");
  }
  return found;
}
/** Biome's own exception, with its reason, stands on the line before. */
const isAllowed = ({ text }: Source, line: number): boolean =>
  /biome-ignore lint\/suspicious\/noExplicitAny: \w/.test(text.split("\n")[line - 2] ?? "");
