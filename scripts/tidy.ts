import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadVectors } from "../test/support/vectors.ts";
import { checkCircles } from "./tidy/circles.ts";
import { checkCitations, type Headings } from "./tidy/citations.ts";
import { checkFloors, checkPurity } from "./tidy/floors.ts";
import { type Source, scan, type Violation } from "./tidy/scan.ts";
import { checkBans, checkSizes } from "./tidy/words.ts";

/** What the house asks of its own text: floors, purity, sizes, citations, no circles and a list of bans. STYLE that is a test is not argued. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ROOMS = ["src", "channels", "routing", "test", "scripts"] as const;

/** All violations of one file, by line. */
export function checkSource(source: Source, headings: Headings | undefined): Violation[] {
  return [
    ...checkFloors(source),
    ...checkPurity(source),
    ...checkSizes(source),
    ...checkCitations(source, headings),
    ...checkBans(source),
  ].sort((a, b) => a.line - b.line);
}

export interface Tidiness {
  readonly files: number;
  readonly violations: readonly Violation[];
  /** Whether headings of the BOLTs were at hand to compare citations with. */
  readonly headings: boolean;
}
export function tidy(root = ROOT): Tidiness {
  const headings = loadVectors<{ readonly headings: Headings }>("bolts/headings.json")?.headings;
  const paths = ROOMS.flatMap((room) =>
    readdirSync(`${root}/${room}`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.includes("node_modules"))
      .map((path) => `${room}/${path.replaceAll("\\", "/")}`),
  ).sort();
  const sources = paths.map((path) => scan(path, readFileSync(`${root}/${path}`, "utf8")));
  const violations = [...sources.flatMap((source) => checkSource(source, headings)), ...checkCircles(sources)];
  return { files: paths.length, violations, headings: headings !== undefined };
}
export const show = ({ path, line, rule, detail }: Violation): string => `${path}:${line}  ${rule}: ${detail}`;

/** The command: one line a violation; fails when there is one. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, violations, headings } = tidy();
  for (const violation of violations) console.log(show(violation));
  const citations = headings ? "" : " (no headings here: citations not compared)";
  console.log(`tidy: ${files} files, ${violations.length} violations${citations}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
