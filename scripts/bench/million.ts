import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchLine } from "./line.ts";
import type { MillionFigures } from "./million-process.ts";
import { rounded } from "./statistics.ts";

const PROGRAM = fileURLToPath(new URL("million-process.ts", import.meta.url));

/** What a channel keeps and costs after so many updates, beside what it did after a hundredth of them. */
export async function* millionBench(updates = 1_000_000): AsyncIterable<BenchLine> {
  const args = [...process.execArgv, "--expose-gc", PROGRAM, String(updates)];
  // Of a channel that has its keys itself.
  const env = { ...process.env, TEST_SIGNER: "" };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const { grown, memory, p50 } = JSON.parse(stdout) as MillionFigures;
  const first = { bench: "channel.million.p50.first", value: rounded(p50.first), unit: "ms" } as const;
  const ratio = rounded(p50.last / p50.first);
  yield { bench: "channel.million.growth", value: grown, unit: "bytes" };
  yield { bench: "channel.million.memory", value: memory, unit: "bytes" };
  yield first;
  yield { bench: "channel.million.p50.last", value: rounded(p50.last), unit: "ms", against: first.bench, ratio };
}
