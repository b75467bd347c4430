import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FlushFigures } from "./flush-process.ts";
import type { BenchLine } from "./line.ts";
import { median, rounded } from "./statistics.ts";

const RUNS = 3;

/** What a million coins cost on their way to the disk, and once they are there: in a process that holds nothing else. */
export async function* flushBench(): AsyncIterable<BenchLine> {
  const runs: FlushFigures[] = [];
  while (runs.length < RUNS) runs.push(await flushed());
  const middle = (of: (figures: FlushFigures) => number): number => rounded(median(runs.map(of)));
  yield { bench: "chain.flush.maxStall", value: middle(({ stallMs }) => stallMs), unit: "ms" };
  yield { bench: "chain.flush.gc.longest", value: middle(({ gcMs }) => gcMs), unit: "ms" };
  yield { bench: "chain.rss", value: middle(({ rss }) => rss), unit: "bytes" };
  yield { bench: "chain.rss.own", value: middle(({ own }) => own), unit: "bytes" };
  yield { bench: "chain.rss.files", value: middle(({ files }) => files), unit: "bytes" };
  yield { bench: "chain.rss.heap", value: middle(({ heap }) => heap), unit: "bytes" };
}
function flushed(): Promise<FlushFigures> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      ...process.execArgv,
      fileURLToPath(new URL("flush-process.ts", import.meta.url)),
    ]);
    let said = "";
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
    });
    child.stderr.pipe(process.stderr);
    child.on("close", (code) => (code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`ended with ${code}`))));
  });
}
