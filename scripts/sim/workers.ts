import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { addTally, emptyTally, type Tally } from "../../src/lab/tally.ts";

/** A line that a run told with `--json` says of a seed. */
export interface SeedLine {
  readonly event: "sim.seed";
  readonly seed: number;
  readonly ok: boolean;
  readonly violations: readonly string[];
}
/** The last line of it: what all its seeds saw. */
type EndLine = { readonly event: "sim.finished" } & Omit<Tally, "messages" | "faults" | "claims"> & {
    readonly [K in "messages" | "faults" | "claims"]: Readonly<Record<string, number>>;
  };
const COMMAND = fileURLToPath(new URL("../sim.ts", import.meta.url));

/** Shares seeds out among processes, each with a part of them in order. `told` hears of every seed; the answer is what all saw. */
export async function shareOut(
  { seeds, from, workers }: { readonly seeds: number; readonly from: number; readonly workers: number },
  told: (line: SeedLine, text: string) => void,
): Promise<Tally> {
  const sum = emptyTally();
  const borders = Array.from({ length: workers + 1 }, (_, at) => from + Math.floor((seeds * at) / workers));
  const parts = borders.slice(1).map((end, at) => ({ from: borders[at] ?? from, seeds: end - (borders[at] ?? from) }));
  const tallies = await Promise.all(parts.filter((part) => part.seeds > 0).map((part) => runPart(part, told)));
  for (const tally of tallies) addTally(sum, tally);
  return sum;
}

async function runPart(
  { seeds, from }: { readonly seeds: number; readonly from: number },
  told: (line: SeedLine, text: string) => void,
): Promise<Tally> {
  const args = [...process.execArgv, COMMAND, "--seeds", String(seeds), "--from", String(from), "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let end: EndLine | undefined;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as SeedLine | EndLine;
    if (line.event === "sim.seed") told(line, text);
    else end = line;
  }
  if (end === undefined) throw new Error(`the worker for ${seeds} seeds from ${from} died`);
  const { events, payments, blocks, messages, faults, claims } = end;
  return { events, payments, blocks, messages: mapOf(messages), faults: mapOf(faults), claims: mapOf(claims) };
}
const mapOf = <K extends string>(counts: Readonly<Record<string, number>>): Map<K, number> =>
  new Map(Object.entries(counts) as [K, number][]);
