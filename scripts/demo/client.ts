/** A client of a daemon's HTTP API: JSON in, JSON out, refusals as errors with the API's own words. */
export interface ApiClient {
  readonly url: string;
  readonly token: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<T>;
  /** The raw bytes of an answer. */
  bytes(path: string): Promise<Uint8Array>;
}
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  /** The code of what stood in the way, where `code` alone does not say it. */
  readonly reason: string | undefined;
  constructor(status: number, code: string, detail: string, reason?: string) {
    super(`${status} ${code}${reason === undefined ? "" : ` (${reason})`}: ${detail}`);
    this.status = status;
    this.code = code;
    this.reason = reason;
  }
}

/** Longer than any request may take. */
const ANSWER_MS_MAX = 45_000;
let keys = 0;
/** A POST without a key of its own gets one: doing it twice by accident must not pay twice. */
const nextKey = (): string => `demo-${process.pid}-${Date.now()}-${++keys}`;

export function apiClient(url: string, token: string): ApiClient {
  const call = async (method: string, path: string, body?: object, more: Readonly<Record<string, string>> = {}) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, ...more };
    if (method === "POST") {
      headers["idempotency-key"] ??= nextKey();
      headers["content-type"] = "application/json";
    }
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const init = { method, headers, signal };
    const response = await fetch(url + path, method === "POST" ? { ...init, body: JSON.stringify(body ?? {}) } : init);
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as {
      code?: string;
      detail?: string;
      reason?: string;
      errors?: readonly object[];
    };
    const detail = `${problem.detail ?? ""} ${problem.errors === undefined ? "" : JSON.stringify(problem.errors)}`;
    throw new ApiError(response.status, problem.code ?? "", `${method} ${path}: ${detail}`, problem.reason);
  };
  return {
    url,
    token,
    get: async <T>(path: string) => (await (await call("GET", path)).json()) as T,
    post: async <T>(path: string, body?: object, headers?: Readonly<Record<string, string>>) =>
      (await (await call("POST", path, body, headers)).json()) as T,
    bytes: async (path) => new Uint8Array(await (await call("GET", path)).arrayBuffer()),
  };
}

/** Asks again and again until the answer is there. Rejects when it does not come in time. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, limitMs = 20_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
