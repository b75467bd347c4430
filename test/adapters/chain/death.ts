import { spawn } from "node:child_process";
import { join } from "node:path";
import type { PrunePhase } from "../../../src/adapters/chain/embedded/pruning.ts";
import type { UndoPhase } from "../../../src/adapters/chain/embedded/storage.ts";
import type { WritePhase } from "../../../src/adapters/chain/embedded/write-behind.ts";

const pathOf = (script: string): string => join(import.meta.dirname, `${script}.ts`);
/** How a process that was made to die comes to its end. */
export interface Death {
  /** The victim is killed when it has said so many lines, and a little later. */
  readonly lines?: number;
  readonly moreMs?: number;
  /** Or it kills itself when it reaches this phase of a write for the n-th time. */
  readonly phase?: WritePhase | PrunePhase | UndoPhase;
  readonly at?: number;
  /** Another victim, and what it is told before that. */
  readonly script?: string;
  readonly orders?: readonly string[];
}

/** Runs the victim to its death, and gives its words. */
export function die(
  folder: string,
  { lines, moreMs = 0, phase, at, script = "victim", orders = [] }: Death,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const end = phase === undefined ? [] : [phase, String(at)];
    const child = spawn(process.execPath, [...process.execArgv, pathOf(script), folder, ...orders, ...end]);
    let said = "";
    let doomed = lines === undefined;
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      if (doomed || said.split("\n").length <= (lines ?? 0)) return;
      doomed = true;
      setTimeout(() => child.kill("SIGKILL"), moreMs);
    });
    child.stderr.on("data", (text: Buffer) => reject(new Error(text.toString())));
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(said.trim().split("\n"));
      else reject(new Error(`the victim ended by itself with ${code}`));
    });
  });
}
