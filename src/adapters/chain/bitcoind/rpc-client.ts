import { readFile } from "node:fs/promises";
import { type ClientRequest, request } from "node:http";
import { err, ok, type Result } from "../../../base/result.ts";
import type { Clock } from "../../../ports/world.ts";

/** Where a Bitcoin Core answers, and who we are to it. */
export interface RpcPlace {
  readonly host: string;
  readonly port: number;
  /** A file with `user:password`, read again for every connection: Bitcoin Core writes a new one at each start. */
  readonly cookieFile: string;
}
export interface RpcClientOptions extends RpcPlace {
  readonly clock: Clock;
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}
/** Its answer was a refusal (`code` is Bitcoin Core's), or there was none. */
export type RpcFault =
  | { readonly tag: "Refused"; readonly code: number; readonly message: string }
  | { readonly tag: "Silent"; readonly detail: string };

/** Policy, not protocol. A block in hex has eight million characters at most. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** While it starts it says so, and what it is asked then is asked again. */
const WARMING_UP = -28;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;
const CLOSED = "it is not asked any more";

/** Asks a Bitcoin Core over JSON-RPC. What it answers is not trusted to have any form. */
export class RpcClient {
  readonly #options: RpcClientOptions;
  readonly #open = new Set<ClientRequest>();
  #id = 0;
  #closed = false;

  constructor(options: RpcClientOptions) {
    this.#options = options;
  }
  /** The result as parsed JSON. Never rejects; asks again, ever later, when there was no answer for reasons that pass. */
  async call(method: string, ...params: readonly unknown[]): Promise<Result<unknown, RpcFault>> {
    const body = JSON.stringify({ jsonrpc: "1.0", id: ++this.#id, method, params });
    let pause = FIRST_PAUSE_MS;
    for (let attempt = 1; ; attempt++, pause *= 2) {
      if (this.#closed) return silent(CLOSED);
      const answer = await this.#ask(body);
      if (answer.ok || this.#closed || !mayPass(answer.error) || attempt === ATTEMPTS) return answer;
      await new Promise<void>((resolve) => void this.#options.clock.after(pause, resolve));
    }
  }
  /** What is asked now gets no answer any more. */
  close(): void {
    this.#closed = true;
    for (const asked of this.#open) asked.destroy(new Error(CLOSED));
  }

  async #ask(body: string): Promise<Result<unknown, RpcFault>> {
    const { cookieFile } = this.#options;
    let credentials: string;
    try {
      credentials = (await readFile(cookieFile, "utf8")).trim();
    } catch (error) {
      return silent(`${cookieFile} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    const posted = await this.#post(body, `Basic ${Buffer.from(credentials).toString("base64")}`);
    return posted.ok ? readAnswer(posted.value.status, posted.value.text) : posted;
  }
  #post(
    body: string,
    authorization: string,
  ): Promise<Result<{ readonly status: number; readonly text: string }, RpcFault>> {
    const { host, port, timeoutMs = TIMEOUT_MS, answerBytesMax = ANSWER_BYTES_MAX } = this.#options;
    return new Promise((resolve) => {
      const headers = { authorization, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const asked = request({ host, port, method: "POST", headers, agent: false, timeout: timeoutMs }, (response) => {
        const pieces: Buffer[] = [];
        let size = 0;
        response.on("data", (piece: Buffer) => {
          size += piece.length;
          pieces.push(piece);
          if (size <= answerBytesMax) return;
          resolve(silent("its answer is too large"));
          asked.destroy();
        });
        response.on("end", () =>
          resolve(ok({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") })),
        );
        response.on("error", (error) => resolve(silent(error.message)));
      });
      this.#open.add(asked);
      asked.on("close", () => this.#open.delete(asked));
      asked.on("timeout", () => asked.destroy(new Error("it takes too long")));
      asked.on("error", (error) => resolve(silent(error.message)));
      asked.end(body);
    });
  }
}
const silent = (detail: string) => err({ tag: "Silent", detail } as const);
const mayPass = (fault: RpcFault): boolean => fault.tag === "Silent" || fault.code === WARMING_UP;

function readAnswer(status: number, text: string): Result<unknown, RpcFault> {
  if (status === 401 || status === 403) return silent("it does not accept the cookie");
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return silent(`it answers no JSON (status ${status})`);
  }
  if (typeof answer !== "object" || answer === null) return silent("its answer is none");
  const { result, error } = answer as { readonly result?: unknown; readonly error?: unknown };
  if (error === null || error === undefined) return ok(result);
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code !== "number" || typeof message !== "string") return silent("its refusal has no code");
  return err({ tag: "Refused", code, message: message.slice(0, 1_000) });
}
