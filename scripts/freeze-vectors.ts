import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * One set of our own vectors. `path` is that of the public set whose place it takes and whose layout it has;
 * `make` returns its JSON (or, for csv, txt and hex, its text). It must be deterministic, use keys and inputs of our own,
 * and hold nothing copied from the public set.
 *
 * To add sets: a file `scripts/freeze/<room>.ts` that exports `freezers: readonly Freezer[]`. It is found by itself.
 */
export interface Freezer {
  readonly path: string;
  readonly make: () => unknown;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Every freezer of every room, in order of path. */
export async function allFreezers(): Promise<readonly Freezer[]> {
  const found: Freezer[] = [];
  for (const file of readdirSync(`${ROOT}scripts/freeze`).sort()) {
    const room = (await import(new URL(`freeze/${file}`, import.meta.url).href)) as { freezers?: readonly Freezer[] };
    found.push(...(room.freezers ?? []));
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The content of the file in `test/vectors/`. */
export function freeze(freezer: Freezer): string {
  const made = freezer.make();
  return typeof made === "string" ? made : `${JSON.stringify(made, undefined, 1)}\n`;
}

function stored(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function main(check: boolean): Promise<void> {
  let stale = 0;
  for (const freezer of await allFreezers()) {
    const file = `${ROOT}test/vectors/${freezer.path}`;
    const text = freeze(freezer);
    if (stored(file) === text) continue;
    stale++;
    console.log(`${check ? "stale" : "written"}: test/vectors/${freezer.path}`);
    if (check) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(`${stale} sets ${check ? "differ from what the code makes" : "written"}`);
  if (check && stale > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes("--check"));
