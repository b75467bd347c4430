import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type ApiClient, apiClient } from "./client.ts";
import { programs } from "./programs.ts";

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
  /** The end of what it said on its error output. */
  log(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}
/** Where a daemon listens, on the loopback; 0 lets the system choose. */
export interface Ports {
  readonly api: number;
  readonly peer: number;
  readonly chain: number;
}
export interface DaemonOptions {
  readonly name: string;
  readonly folder: string;
  readonly ports: Ports;
  /** Base node to follow. */
  readonly chainPeer: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `regtest` when absent. */
  readonly network?: string | undefined;
  /** Settings beside these. */
  readonly flags?: readonly string[];
  /** Whether the keys are in a process of their own, which begins and ends with the daemon's; `TEST_SIGNER` when absent. */
  readonly hasSigner?: boolean;
}

const START_MS_MAX = 30_000;
const LOG_CHARACTERS = 8_000;
const ROOT = join(import.meta.dirname, "..", "..");
/** In a data folder: that of a signer, which has the words then. */
const KEYS = "keys";

/** The words of a daemon that has run in this folder. */
export async function wordsIn(datadir: string): Promise<string> {
  const own = join(datadir, "words");
  return (await readFile(existsSync(own) ? own : join(datadir, KEYS, "words"), "utf8")).trim();
}

/** What has the keys of a daemon, in a process of its own. */
export interface SignerProcess extends Serving {
  /** For the daemon. */
  readonly flags: readonly string[];
}
export async function startSigner(datadir: string, network: string): Promise<SignerProcess> {
  const socket = join(datadir, "signer.sock");
  const flags = ["--socket", socket, "--datadir", join(datadir, KEYS), "--network", network];
  await mkdir(datadir, { recursive: true });
  const { signer } = await programs();
  const served = await serving([signer, ...flags]);
  return { ...served, flags: ["--signer", `unix:${socket}`] };
}

/** Starts a daemon and waits until it serves. Rejects with what it said when it does not. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { hasSigner = process.env["TEST_SIGNER"] === "process", network = "regtest", flags = [] } = options;
  if (!hasSigner) return startAlone(options);
  const signer = await startSigner(join(options.folder, options.name), network);
  try {
    const daemon = await startAlone({ ...options, flags: [...flags, ...signer.flags] });
    const ended = daemon.ended.then(async (how) => {
      signer.process.kill();
      await signer.ended;
      return how;
    });
    const end = async (begin: Promise<void>): Promise<void> => {
      await begin;
      await ended;
    };
    return { ...daemon, ended, stop: () => end(daemon.stop()), kill: () => end(daemon.kill()) };
  } catch (error) {
    signer.process.kill();
    await signer.ended;
    throw error;
  }
}

async function startAlone(options: DaemonOptions): Promise<Daemon> {
  const { name, ports, chainPeer, env, network = "regtest", flags: more = [] } = options;
  const datadir = join(options.folder, name);
  const flags = [
    ["--datadir", datadir],
    ["--network", network],
    ["--alias", name],
    ["--api-port", String(ports.api)],
    ["--peer-port", String(ports.peer)],
    ["--chain-port", String(ports.chain)],
    ...(chainPeer === undefined ? [] : [["--chain-peer", chainPeer]]),
    more,
  ].flat();
  const program = await programs();
  const read = async (line: string) => ({
    started: JSON.parse(line) as Started,
    token: (await readFile(join(datadir, "admin.token"), "utf8")).trim(),
  });
  const { process: child, ended, log, said } = await serving([program.daemon, ...flags], { env, read });
  const { started, token } = said;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    name,
    started,
    api: apiClient(started.api, token),
    process: child,
    ended,
    log,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

/** A process that has said on its first line that it serves. */
export interface Serving<T = string> {
  readonly process: ChildProcess;
  /** Resolves with the exit code or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** What that line means. */
  readonly said: T;
  log(): string;
}
interface ServingOptions<T> {
  readonly read?: (line: string) => Promise<T>;
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}
/** Lets Node run a program that serves. Rejects when it says nothing in time, or not what `read` takes: then it is gone. */
export async function serving<T = string>(
  args: readonly string[],
  { env = {}, limitMs = START_MS_MAX, read = async (line) => line as T }: ServingOptions<T> = {},
): Promise<Serving<T>> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const log = tailOf(child.stderr);
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 0));
  });
  try {
    const said = await read(await firstLine(child.stdout, { ended, log, limitMs }));
    return { process: child, ended, log, said };
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  }
}

function tailOf(stream: Readable): () => string {
  let tail = "";
  stream.on("data", (bytes: Buffer) => {
    tail = (tail + bytes.toString()).slice(-LOG_CHARACTERS);
  });
  return () => tail;
}

function firstLine(
  stdout: Readable,
  { ended, log, limitMs }: Pick<Serving, "ended" | "log"> & { readonly limitMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the daemon does not start: ${log()}`)), limitMs);
    const lines = createInterface({ input: stdout });
    lines.once("line", (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    void ended.then((code) => {
      clearTimeout(timer);
      reject(new Ended(code, log()));
    });
  });
}
/** A daemon that ended before it served. */
export class Ended extends Error {
  readonly code: number | string;
  constructor(code: number | string, log: string) {
    super(`ended with ${code}: ${log}`);
    this.code = code;
  }
}

/** Below those that systems give to a connection: none has it by chance when a daemon comes back to its port. */
const PORTS = { from: 20_000, below: 32_000 };

/** Programs that run at the same time look in different places: a port is nobody's while its daemon is down. */
const LANES = 24;
const LANE_PORTS = (PORTS.below - PORTS.from) / LANES;
const LANE_FROM = PORTS.from + (process.pid % LANES) * LANE_PORTS;

/** Different ports of the loopback that nobody uses now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = new Map<number, Server>();
  while (servers.size < count) {
    const port = LANE_FROM + randomInt(LANE_PORTS);
    const server = await serverAt(port);
    if (server !== undefined) servers.set(port, server);
  }
  await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...servers.keys()];
}
/** Undefined when the port is in use. */
function serverAt(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
/** For so many daemons. */
export async function pickPorts(daemons: number): Promise<readonly Ports[]> {
  const ports = await freePorts(3 * daemons);
  return Array.from({ length: daemons }, (_, at) => {
    const [api = 0, peer = 0, chain = 0] = ports.slice(3 * at);
    return { api, peer, chain };
  });
}
