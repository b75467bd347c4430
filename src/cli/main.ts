#!/usr/bin/env node
import { systemClock } from "../adapters/system.ts";
import { askSecret } from "./ask-secret.ts";
import { runCli } from "./program.ts";
import { screen } from "./screen.ts";
import { run } from "./start.ts";

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
  askSecret,
  now: systemClock.now,
  run,
});
