import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RpcPlace } from "../../src/adapters/chain/bitcoind/rpc-client.ts";
import { type Ask, asker } from "./asker.ts";
import type { Commands } from "./ldk/commands.ts";
import { LDK_DEFAULTS, type LdkSettings } from "./ldk/defaults.ts";
import type { Said } from "./ldk/events.ts";
import type { StartedLdk } from "./ldk/process.ts";

/** LDK 0.1 in WASM, a Lightning node of other people's making, in a process of its own. */
export interface Ldk extends StartedLdk {
  /** Everything it has told, oldest first. */
  readonly said: readonly Said[];
  do<N extends keyof Commands>(name: N, ...given: Given<N>): Promise<Awaited<ReturnType<Commands[N]>>>;
  /** In an orderly way: its state is written. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}
type Given<N extends keyof Commands> = Parameters<Commands[N]> extends [unknown, infer G] ? [G] : [];

export interface LdkStart {
  readonly folder: string;
  readonly place: RpcPlace;
  readonly settings: Partial<LdkSettings> & { readonly seed: number };
}
const PROGRAM = fileURLToPath(new URL("./ldk/process.ts", import.meta.url));
const INSTALLED = fileURLToPath(new URL("./node_modules/lightningdevkit/package.json", import.meta.url));

/** Installed apart from the project: `npm ci --ignore-scripts --prefix test/interop`. In CI its absence is a failure. */
export function isLdkHere(): boolean {
  if (existsSync(INSTALLED)) return true;
  const reason = "LDK is not installed: npm ci --ignore-scripts --prefix test/interop";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.log(`    skipped: ${reason}`);
  return false;
}

export async function startLdk({ folder, place, settings }: LdkStart): Promise<Ldk> {
  const child = fork(PROGRAM, {
    execArgv: ["--import", "tsx", "--conditions=source"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const said: Said[] = [];
  child.on("message", (message: { readonly said?: Said }) => {
    if (message.said !== undefined) said.push(message.said);
  });
  child.stderr?.on("data", (text: Buffer) => said.push({ name: "log", text: text.toString() }));
  const ask: Ask = asker(child, "LDK");
  const started = await ask<StartedLdk>("start", {
    folder,
    place,
    settings: { ...LDK_DEFAULTS, ...settings },
  });
  return {
    ...started,
    said,
    do: (name, ...given) => ask(name, given[0] as object | undefined),
    stop: async () => {
      await ask("stop");
      await endOf(child);
    },
    kill: () => endOf(child),
  };
}
async function endOf(child: ChildProcess): Promise<void> {
  // It may have ended of itself: a panic of LDK's.
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
