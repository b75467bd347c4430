import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = ["--import", "tsx", "--conditions=source", join(ROOT, "src", "main.ts")];
const REFUSED_MS_MAX = 15_000;

/** How a start ended that was not to succeed. */
export interface Refusal {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a daemon that is expected to refuse, and waits for its end. One that serves instead is ended after a while. */
export function refusedStart(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...MAIN, ...flags], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (bytes: Buffer) => {
        said[name] += bytes.toString();
      });
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), REFUSED_MS_MAX);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: signal ?? code ?? 0, ...said });
    });
  });
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "sluice-e2e-"));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/**
 * Every file below a folder with the hash of its bytes. LMDB's lock files are left out: they are the table of who reads, and
 * anyone who looks at the data writes there.
 */
export function contentsOf(folder: string): Readonly<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    if (name.endsWith("lock.mdb") || !statSync(path).isFile()) continue;
    contents[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return contents;
}
