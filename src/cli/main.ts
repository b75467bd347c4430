#!/usr/bin/env node
import { runCli } from "./program.ts";
import { runDaemon } from "./start.ts";
import type { Screen } from "./terminal.ts";

const COLUMNS_DEFAULT = 80;
const screen = (stream: NodeJS.WriteStream): Screen => ({
  isTerminal: stream.isTTY === true,
  columns: stream.columns ?? COLUMNS_DEFAULT,
  write: (text) => void stream.write(text),
});
// Whoever reads may have seen enough: `sluice events | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

function interruption(): AbortSignal {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  return interrupted.signal;
}

process.exitCode = await runCli(process.argv.slice(2), {
  called: process.env["npm_lifecycle_event"] === "sluice" ? "npm run sluice --" : "sluice",
  env: process.env,
  out: screen(process.stdout),
  err: screen(process.stderr),
  interruption,
  runDaemon,
});
