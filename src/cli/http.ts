import { randomUUID } from "node:crypto";
import type { Problem } from "../api/faults.ts";
import { CliFault, EXIT, noDaemon } from "./exit.ts";

/** A client of a daemon's HTTP API: JSON in, JSON out. Rejects with `ApiError` when the daemon refuses. */
export interface ApiClient {
  readonly url: string;
  readonly token: string | undefined;
  get<T>(path: string): Promise<T>;
  /** Changes something. Carries an idempotency key of its own, so that doing it twice by accident does not pay twice. */
  post<T>(path: string, body?: object, headers?: Words): Promise<T>;
  /** A POST that only asks. */
  ask<T>(path: string, body: object): Promise<T>;
  delete(path: string): Promise<void>;
  /** The raw bytes of an answer. */
  bytes(path: string): Promise<Uint8Array>;
}
type Words = Readonly<Record<string, string>>;

/** The daemon's refusal, with the API's own words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly problem: Partial<Problem>;
  constructor(status: number, problem: Partial<Problem>) {
    super(`${status} ${problem.code ?? ""}: ${problem.detail ?? "the daemon refused"}`);
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
  }
}

export interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}
export interface ClientOptions {
  /**
   * For the first change, in place of a new key: a script that asks again after a crash gives the one of the first time. Each
   * change after it gets a key that follows from this one, as a key stands for one request.
   */
  readonly idempotencyKey?: string | undefined;
  /** Called instead of sending what would change something. */
  readonly refuse?: ((change: Change) => never) | undefined;
  /** How long a question that changes nothing waits for its answer. */
  readonly answerMsMax?: number;
}
/** A daemon that is stopped or stuck still takes connections. */
const ANSWER_MS_MAX = 60_000;

export function apiClient(url: string, token: string | undefined, options: ClientOptions = {}): ApiClient {
  const base = url.replace(/\/+$/, "");
  const known: Words = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const limit = (): RequestInit => ({ signal: AbortSignal.timeout(options.answerMsMax ?? ANSWER_MS_MAX) });
  let keys = 0;
  const newKey = (): string => {
    const { idempotencyKey: given } = options;
    keys += 1;
    return given === undefined ? randomUUID() : keys === 1 ? given : `${given}.${keys}`;
  };
  const call = async (method: string, path: string, body?: object, more: Words = {}, how: RequestInit = {}) => {
    const typed: Words = method === "POST" ? { "content-type": "application/json" } : {};
    const response = await reach(base, path, {
      ...how,
      method,
      headers: { ...known, ...typed, ...more },
      ...(method === "POST" && { body: JSON.stringify(body ?? {}) }),
    });
    if (response.ok) return response;
    throw new ApiError(response.status, await problemOf(response));
  };
  const change = (method: string, path: string, body?: object, more?: Words): Promise<Response> => {
    options.refuse?.({ method, path, ...(body && { body }) });
    return call(method, path, body, { ...(method === "POST" && { "idempotency-key": newKey() }), ...more });
  };
  return {
    url: base,
    token,
    get: async <T>(path: string) => jsonOf<T>(base, await call("GET", path, undefined, {}, limit())),
    post: async <T>(path: string, body?: object, headers?: Words) =>
      jsonOf<T>(base, await change("POST", path, body, headers)),
    ask: async <T>(path: string, body: object) => jsonOf<T>(base, await call("POST", path, body, {}, limit())),
    delete: async (path) => void (await change("DELETE", path)),
    bytes: async (path) => new Uint8Array(await (await call("GET", path)).arrayBuffer()),
  };
}

async function reach(base: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(base + path, init);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const why = isLate ? "it took the question and is silent" : (cause?.code ?? cause?.message ?? String(error));
    throw noDaemon(base, why);
  }
}
async function jsonOf<T>(base: string, response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new CliFault(EXIT.connect, `What answers at ${base} is no Sluice daemon.`);
  }
}
async function problemOf(response: Response): Promise<Partial<Problem>> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? body : { status: response.status, title: response.statusText };
}
