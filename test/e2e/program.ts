import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../src/main.ts";

export const ROOT = join(import.meta.dirname, "..", "..");
export const MAIN = ["--import", "tsx", "--conditions=source", join(ROOT, "src", "main.ts")];

/** How a start ended that was not to succeed. */
export interface Refusal {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a daemon in a process of its own that is expected to refuse, and waits for its end. */
export function refusedProcess(flags: readonly string[]): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...MAIN, ...flags], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (bytes: Buffer) => {
        said[name] += bytes.toString();
      });
    }
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: signal ?? code ?? 0, ...said }));
  });
}

/** The same program in this process, which takes seconds less: what it says is caught, and its exit code is its answer. */
export async function refusedHere(flags: readonly string[]): Promise<Refusal> {
  const said = { stdout: "", stderr: "" };
  const { log, error } = console;
  console.log = (line: string) => {
    said.stdout += `${line}\n`;
  };
  console.error = (line: string) => {
    said.stderr += `${line}\n`;
  };
  try {
    return { code: await main(flags), ...said };
  } finally {
    Object.assign(console, { log, error });
  }
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "sluice-e2e-"));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/**
 * Every file below a folder with the hash of its bytes. LMDB's lock files are left out: they are the table of who reads, and
 * anyone who looks at the data writes there.
 */
export function contentsOf(folder: string): Readonly<Record<string, string>> {
  const contents: Record<string, string> = {};
  if (!existsSync(folder)) return contents;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    if (name.endsWith("lock.mdb") || !statSync(path).isFile()) continue;
    contents[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return contents;
}
