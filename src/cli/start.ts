import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The daemon's entry: `.ts` from source, `.js` when compiled. */
const ENTRY = fileURLToPath(new URL(`../main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));

/** Runs a daemon in the foreground, as a process of its own with what this one was started with. Resolves with its exit code. */
export function runDaemon(flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ENTRY, ...flags], { stdio: "inherit" });
  // A terminal tells both processes of Ctrl-C, a supervisor tells only this one.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
