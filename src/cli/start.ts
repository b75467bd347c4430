import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Program } from "./terminal.ts";

/** The entry of a program: `.ts` from source, `.js` when compiled. */
const entryOf = (program: Program): string =>
  fileURLToPath(new URL(`../${program}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));

/** Runs a program in the foreground, as a process of its own with what this one was started with. Resolves with its exit code. */
export function run(program: Program, flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, entryOf(program), ...flags], { stdio: "inherit" });
  // A terminal tells both processes of Ctrl-C, a supervisor tells only this one.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
