import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Conformance vectors. The public sets stand outside the project, in `$SLUICE_VECTORS` or `../shared/vectors`; where they
 * are absent, as in a user's clone, the same test bodies run on our own frozen sets in `test/vectors/`, which have the same
 * JSON layout and are written by `scripts/freeze-vectors.ts`. Each run ends with a report of what it used.
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { SLUICE_VECTORS } = process.env;
const PUBLIC = SLUICE_VECTORS ?? `${ROOT}../shared/vectors`;
const FROZEN = `${ROOT}test/vectors`;

export type Origin = "public" | "frozen" | "absent";
interface SetUse {
  readonly origin: Origin;
  cases: number;
}
const used = new Map<string, SetUse>();

function locate(path: string): { readonly origin: Origin; readonly file: string } {
  if (existsSync(`${PUBLIC}/${path}`)) return { origin: "public", file: `${PUBLIC}/${path}` };
  if (existsSync(`${FROZEN}/${path}`)) return { origin: "frozen", file: `${FROZEN}/${path}` };
  return { origin: "absent", file: "" };
}

/** Which set `path` is read from in this run. */
export const originOf = (path: string): Origin => locate(path).origin;

/**
 * The text of a set (csv, txt, hex), or undefined when neither set has it: skip then, it is counted. Cases are its lines
 * until `countCases` says otherwise.
 */
export function loadVectorText(path: string): string | undefined {
  const { origin, file } = locate(path);
  if (origin === "absent") {
    used.set(path, { origin, cases: 0 });
    return undefined;
  }
  const text = readFileSync(file, "utf8");
  used.set(path, { origin, cases: text.split("\n").filter((line) => line.trim() !== "").length });
  return text;
}

/**
 * The JSON of a set, or undefined when neither set has it. Cases are counted as the items of its outermost arrays (one when
 * it has none) until `countCases` says otherwise.
 */
export function loadVectors<T>(path: string): T | undefined {
  const text = loadVectorText(path);
  if (text === undefined) return undefined;
  const parsed: unknown = JSON.parse(text);
  countCases(path, casesIn(parsed));
  return parsed as T;
}

function casesIn(parsed: unknown): number {
  if (Array.isArray(parsed)) return parsed.length;
  const lists = Object.values(parsed as object).filter((value): value is unknown[] => Array.isArray(value));
  return Math.max(
    1,
    lists.reduce((total, list) => total + list.length, 0),
  );
}

/** Says how many cases of the set this run really checks, where the counting rule of `loadVectors` does not fit. */
export function countCases(path: string, cases: number): void {
  const use = used.get(path);
  if (use === undefined) throw new Error(`countCases before loadVectors: ${path}`);
  use.cases = cases;
}

/**
 * A `describe` over one set: `body` registers its tests. Where the set is absent one pending test says so.
 * The usual way to use vectors: no test file then needs to know which set it runs on.
 */
export function describeVectors<T>(title: string, path: string, body: (vectors: T) => void): void {
  describe(title, () => {
    const vectors = loadVectors<T>(path);
    if (vectors === undefined) it.skip(`has no vectors here: ${path}`);
    else body(vectors);
  });
}

/** What the tests of this process have used so far, by the path of the set. */
export const vectorUse = (): VectorUse => Object.fromEntries(used);
export type VectorUse = Readonly<Record<string, SetUse>>;

/** What a run used, of all its processes, for the end of its output. */
export function vectorReport(uses: readonly VectorUse[]): string {
  const all = new Map<string, SetUse>();
  for (const [path, { origin, cases }] of uses.flatMap((use) => Object.entries(use)))
    all.set(path, { origin, cases: Math.max(cases, all.get(path)?.cases ?? 0) });
  if (all.size === 0) return "vectors: none used";
  const total = { public: [0, 0], frozen: [0, 0], absent: [0, 0] } as Record<Origin, [number, number]>;
  for (const { origin, cases } of all.values()) {
    total[origin][0] += 1;
    total[origin][1] += cases;
  }
  const lines = [
    `vectors: public ${total.public[1]} cases in ${total.public[0]} sets, frozen ${total.frozen[1]} cases in ${total.frozen[0]} sets, skipped ${total.absent[0]} sets`,
  ];
  for (const [path, { origin, cases }] of [...all].sort(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(`  ${origin.padEnd(7)} ${String(cases).padStart(6)}  ${path}`);
  return lines.join("\n");
}
