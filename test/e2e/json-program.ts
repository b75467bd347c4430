import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

/** How a program of ours that prints JSON has ended. */
export interface Ended {
  readonly code: number | null;
  /** The objects that were printed, oldest first. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}
/** Starts one of `scripts/` from source; what it has to say to people goes to the terminal. */
export const spawnScript = (script: string, ...flags: readonly string[]) =>
  spawn(process.execPath, ["--import", "tsx", "--conditions=source", `scripts/${script}.ts`, ...flags], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
/** Runs one to its end. */
export function runScript(script: string, ...flags: readonly string[]): Promise<Ended> {
  const child = spawnScript(script, ...flags);
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => {
    output += bytes.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const lines = output.split("\n").filter((line) => line.startsWith("{"));
      resolve({ code, lines: lines.map((line) => JSON.parse(line)) });
    });
  });
}
