import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckReport, CheckRequest } from "./check.ts";
import { programs } from "./programs.ts";

/** What the router advertises: the daemon's defaults. */
export const ROUTER_FEE = { baseMsat: 0, ppm: 1_000 };

/** Lets the checking program judge, in a process of its own. Rejects with what it said when it cannot. */
export async function judged(folder: string, request: CheckRequest): Promise<CheckReport> {
  const { checker } = await programs();
  const file = join(folder, "check.json");
  await writeFile(file, JSON.stringify(request));
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [checker, file], (error, stdout, stderr) => {
      if (stdout === "") reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
  return JSON.parse(output) as CheckReport;
}
