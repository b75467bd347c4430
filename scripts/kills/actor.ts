import { type ApiClient, ApiError } from "../demo/client.ts";
import { type Daemon, type DaemonOptions, Ended, startDaemon } from "../demo/daemon.ts";

/** A daemon that is started again whenever it was killed, until it is stopped; at each start with the next fail-point of its list. */
export interface Actor {
  readonly name: string;
  /** The same over all its lives. Requests that are cut off reject; those made while it is away wait. */
  readonly api: ApiClient;
  readonly nodeId: string;
  /** How often it was killed. */
  readonly deaths: number;
  /** How often it was asked in vain, by what came instead of an answer. */
  readonly refusals: ReadonlyMap<string, number>;
  /** As `kill -9`; it is started again. */
  kill(): void;
  /** In good order, and for good. Rejects when it ended in any other way than by being killed. */
  stop(): Promise<void>;
}
export interface ActorOptions {
  readonly daemon: DaemonOptions;
  /** One for each life; lives after the last have none. */
  readonly failPoints: readonly string[];
  /** Told when a life is over. */
  readonly onDeath?: (name: string, life: number) => void;
}

const WAIT_MS_MAX = 60_000;
const PAUSE_MS = 20;

export async function hire(options: ActorOptions): Promise<Actor> {
  const actor = new SupervisedDaemon(options);
  await actor.whenUp();
  return actor;
}

class SupervisedDaemon implements Actor {
  readonly name: string;
  nodeId = "";
  deaths = 0;
  readonly refusals = new Map<string, number>();
  readonly #options: ActorOptions;
  #daemon: Daemon | undefined;
  #failure: Error | undefined;
  #stopping = false;
  readonly #over: Promise<void>;

  constructor(options: ActorOptions) {
    this.#options = options;
    this.name = options.daemon.name;
    this.#over = this.#live().catch((error: Error) => {
      this.#failure = error;
    });
  }
  async #live(): Promise<void> {
    const { daemon, failPoints, onDeath } = this.#options;
    while (!this.#stopping) {
      const failPoint = failPoints[this.deaths];
      const env = failPoint === undefined ? daemon.env : { ...daemon.env, SLUICE_FAILPOINT: failPoint };
      const end = await this.#oneLife({ ...daemon, env });
      if (end === "SIGKILL") {
        this.deaths++;
        onDeath?.(this.name, this.deaths);
      } else if (!this.#stopping || end !== 0) throw new Error(`${this.name} ended with ${end}`);
    }
  }
  async #oneLife(options: DaemonOptions): Promise<number | string> {
    let daemon: Daemon;
    try {
      daemon = await startDaemon(options);
    } catch (error) {
      if (error instanceof Ended && error.code === "SIGKILL") return error.code;
      throw error;
    }
    this.nodeId = daemon.started.nodeId;
    this.#daemon = daemon;
    if (this.#stopping) daemon.process.kill("SIGTERM");
    const end = await daemon.ended;
    this.#daemon = undefined;
    if (end !== "SIGKILL" && end !== 0) throw new Error(`${this.name} ended with ${end}: ${daemon.log()}`);
    return end;
  }
  async whenUp(): Promise<Daemon> {
    for (const limit = Date.now() + WAIT_MS_MAX; ; ) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#daemon !== undefined) return this.#daemon;
      if (Date.now() > limit) throw new Error(`${this.name} does not come back`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  get api(): ApiClient {
    return {
      url: "",
      token: "",
      get: (path) => this.#ask((api) => api.get(path)),
      post: (path, body, headers) => this.#ask((api) => api.post(path, body, headers)),
      bytes: (path) => this.#ask((api) => api.bytes(path)),
    };
  }
  async #ask<T>(ask: (api: ApiClient) => Promise<T>): Promise<T> {
    const { api } = await this.whenUp();
    try {
      return await ask(api);
    } catch (error) {
      const kind = kindOf(error);
      this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1);
      throw error;
    }
  }
  kill(): void {
    this.#daemon?.process.kill("SIGKILL");
  }
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#daemon?.process.kill("SIGTERM");
    await this.#over;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function kindOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.name : String(error);
  return error.reason === undefined ? error.code : `${error.code} (${error.reason})`;
}

/** Refusals that a kill of somebody brings about. `INTERNAL` is not among them: that would be a bug. */
const PASSING: ReadonlySet<string> = new Set([
  "OUTCOME_UNKNOWN",
  "IDEMPOTENCY_RUNNING",
  "PEER_UNREACHABLE",
  "PEER_REFUSED",
  "CHANNEL_BUSY",
  "NOT_POSSIBLE",
  "NO_ROUTE",
  "PAYMENT_FAILED",
  "INSUFFICIENT_BALANCE",
]);
/**
 * What may stand between a unit and its key, in a `PAYMENT_REQUIRED`: the site was away, or the next hop of the router was.
 * Nothing is paid then, and the next request has offers of its own. A wrong key is `NOT_POSSIBLE`: that would be a bug.
 */
const UNPAID_FOR_NOW: ReadonlySet<string> = new Set(["PAYMENT_FAILED", "PEER_UNREACHABLE", "PEER_REFUSED"]);
/**
 * Whether what went wrong may go right when it is tried again: a connection broke, or somebody was missing. No answer at
 * all is not among it.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return error instanceof TypeError;
  return error.code === "PAYMENT_REQUIRED" ? UNPAID_FOR_NOW.has(error.reason ?? "") : PASSING.has(error.code);
}
