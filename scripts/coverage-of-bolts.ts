import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Which numbered requirements no test names. Tests name them in their titles or comments: `CONFORMANCE 40`,
 * `RELIABILITY P8, P10`. What is left, and why, stands in `docs/requirements-left.md`. The lists stand outside the project:
 * in the folder given, or in `../shared`.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Requirement {
  /** `40` or `P8`. */
  readonly id: string;
  readonly section: string;
  readonly text: string;
}
const LISTS = {
  CONFORMANCE: /^(\d+)\. (.*)$/,
  RELIABILITY: /^\| ([A-Z]\d+) \| (.*) \|$/,
} as const;
export type ListName = keyof typeof LISTS;

/** The requirements of a list. Numbers that begin again in a later section, as in notes, are not requirements. */
export function requirementsOf(name: ListName, markdown: string): Requirement[] {
  const found = new Map<string, Requirement>();
  let section = "";
  for (const line of markdown.split("\n")) {
    if (/^#{2,3} /.test(line)) section = line.replace(/^#+ /, "");
    const [, id, text] = LISTS[name].exec(line) ?? [];
    if (id !== undefined && text !== undefined && !found.has(id)) found.set(id, { id, section, text });
  }
  return [...found.values()];
}

/** The ids that a text names: `CONFORMANCE 40, 43 and 45` names three, `CONFORMANCE 27-38` twelve. */
export function namedIn(name: ListName, text: string): Set<string> {
  const id = name === "CONFORMANCE" ? String.raw`\d+(?:[-–]\d+)?` : String.raw`[A-Z]\d+`;
  const series = new RegExp(`\\b${name} (${id}(?:(?:,| and|, and) ${id})*)\\b`, "g");
  const ids = [...text.matchAll(series)].flatMap(([, listed = ""]) => listed.match(new RegExp(id, "g")) ?? []);
  return new Set(ids.flatMap(spread));
}
/** `27-38` as its numbers, anything else as it is. */
function spread(id: string): string[] {
  const [first = 0, last = first] = id.split(/[-–]/).map(Number);
  return Number.isNaN(first) ? [id] : Array.from({ length: last - first + 1 }, (_, at) => String(first + at));
}

/** Rows of a table that begin with a requirement: it, and why it is left. */
export function leftIn(name: ListName, markdown: string): ReadonlyMap<string, string> {
  const row = new RegExp(String.raw`^\| ${name} ([A-Z]?\d+) \| ([^|]+) \|`, "gm");
  return new Map([...markdown.matchAll(row)].map(([, id = "", why = ""]) => [id, why]));
}

function main(folder: string): void {
  const reasons = readFileSync(`${ROOT}/docs/requirements-left.md`, "utf8");
  const tests = readdirSync(`${ROOT}/test`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(`${ROOT}/test/${path}`, "utf8"))
    .join("\n");
  for (const name of Object.keys(LISTS) as ListName[]) {
    const path = `${folder}/${name}.md`;
    if (!existsSync(path)) {
      console.log(`${name}: not here (${path})`);
      continue;
    }
    const requirements = requirementsOf(name, readFileSync(path, "utf8"));
    const named = namedIn(name, tests);
    const left = leftIn(name, reasons);
    const missing = requirements.filter(({ id }) => !named.has(id) && !left.has(id));
    let section = "";
    for (const requirement of missing) {
      if (requirement.section !== section) console.log(`\n${requirement.section}`);
      section = requirement.section;
      console.log(`  ${requirement.id.padStart(4)}  ${requirement.text.slice(0, 110)}`);
    }
    console.log("");
    for (const [id, why] of left) console.log(`  ${id.padStart(4)}  left: ${why}`);
    const count = requirements.filter(({ id }) => named.has(id)).length;
    console.log(`${name}: ${count} of ${requirements.length} named by a test, ${left.size} left with a reason`);
  }
}
if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2] ?? `${ROOT}/../shared`);
