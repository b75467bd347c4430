import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type ApiClient, apiClient } from "./client.ts";

/** What a daemon says on its first line of output. */
export interface Started {
  readonly nodeId: string;
  readonly api: string;
  readonly peerPort: number;
  readonly chainPort: number;
}
/** A daemon in a process of its own. */
export interface Daemon {
  readonly name: string;
  readonly started: Started;
  readonly api: ApiClient;
  readonly process: ChildProcess;
  /** Resolves with the exit code or the signal that ended it. */
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}
export interface DaemonOptions {
  readonly name: string;
  readonly folder: string;
  /** Ports to listen on; 0 lets the system choose. */
  readonly apiPort: number;
  readonly peerPort: number;
  readonly chainPort: number;
  /** Base node to follow. */
  readonly chainPeer: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

const START_MS_MAX = 30_000;
const ROOT = join(import.meta.dirname, "..", "..");

/** Starts a daemon and waits until it serves. Rejects with what it said when it does not. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const datadir = join(options.folder, options.name);
  const flags = [
    ["--datadir", datadir],
    ["--network", "regtest"],
    ["--alias", options.name],
    ["--api-port", String(options.apiPort)],
    ["--peer-port", String(options.peerPort)],
    ["--chain-port", String(options.chainPort)],
    ...(options.chainPeer === undefined ? [] : [["--chain-peer", options.chainPeer]]),
  ].flat();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=source", join(ROOT, "src/main.ts"), ...flags],
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.env } },
  );
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 0));
  });
  const started = await firstLine(child, ended);
  const token = (await readFile(join(datadir, "admin.token"), "utf8")).trim();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    name: options.name,
    started,
    api: apiClient(started.api, token),
    process: child,
    ended,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

async function firstLine(child: ChildProcess, ended: Promise<number | string>): Promise<Started> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("the daemon's output is piped");
  let complaint = "";
  stderr.on("data", (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-4_000);
  });
  const line = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).once("line", resolve);
  });
  const timer = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("the daemon does not start")), START_MS_MAX).unref();
  });
  const first = await Promise.race([
    line,
    ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${complaint}`))),
    timer,
  ]);
  return JSON.parse(first) as Started;
}
