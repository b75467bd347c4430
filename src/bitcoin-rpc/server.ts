import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../ports/log.ts";
import type { Address } from "../ports/network.ts";
import { answerCall, failed, refuseCall } from "./call.ts";
import { type Cookie, writeCookie } from "./cookie.ts";
import { CODE, RpcFault, statusOf } from "./fault.ts";
import { jsonText } from "./json-text.ts";
import type { RpcContext } from "./method.ts";

/** Limits of one server. Policy, not protocol. */
export interface RpcLimits {
  readonly bodyBytes: number;
  /** Of all requests that are read or answered at one time. */
  readonly bodiesBytes: number;
  /** Calls in one batch. */
  readonly batchCalls: number;
  /** Of the answers to one batch: no call is begun when those before it take more. */
  readonly answerBytes: number;
  /** How long an answer may lie there without anybody taking any of it. */
  readonly untakenMs: number;
  /** Requests that are answered at the same time. Those that wait for a block count. */
  readonly atOnce: number;
}
/** A block in hex takes eight million characters. */
const LIMITS: RpcLimits = {
  bodyBytes: 32 * 1024 * 1024,
  bodiesBytes: 128 * 1024 * 1024,
  batchCalls: 1_000,
  answerBytes: 64 * 1024 * 1024,
  untakenMs: 60_000,
  atOnce: 64,
};
const CONNECTIONS_MAX = 256;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Guessing is slow; a cookie cannot be guessed anyway. */
const UNAUTHORIZED_MS = 250;

export interface RpcOptions extends Omit<RpcContext, "startedAt" | "gone" | "underWay"> {
  readonly address: Address;
  readonly cookiePath: string;
  readonly log: Log;
  readonly limits?: Partial<RpcLimits>;
}
export interface RpcServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the JSON-RPC of Bitcoin Core. Resolves once connections are accepted; rejects with the system's error. */
export async function serveBitcoinRpc(options: RpcOptions): Promise<RpcServer> {
  const { address, cookiePath, random, clock } = options;
  const context: Shared = { ...options, startedAt: clock.now(), underWay: { waits: 0, scan: undefined } };
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, address);
  const cookie = await writeCookie(cookiePath, random).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const answering = new Answering(context, cookie, options);
  server.on("request", (request, response) => void answering.answer(request, response));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await cookie.remove();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
const listen = (server: Server, { host, port }: Address): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

/** As much of a request as has come. */
interface Body {
  readonly pieces: Buffer[];
  size: number;
}
const TOO_LARGE = new RpcFault(CODE.misc, "The answers of this batch are too large: ask for less at once");

/** What all requests have in common. */
type Shared = Omit<RpcContext, "gone">;

class Answering {
  readonly #context: Shared;
  readonly #cookie: Cookie;
  readonly #limits: RpcLimits;
  readonly #log: Log;
  #busy = 0;
  /** Of all requests under way. */
  #held = 0;

  constructor(context: Shared, cookie: Cookie, { log, limits }: RpcOptions) {
    this.#context = context;
    this.#cookie = cookie;
    this.#limits = { ...LIMITS, ...limits };
    this.#log = log;
  }
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { atOnce } = this.#limits;
    if (request.method !== "POST") return send(response, 405, "JSONRPC server handles only POST requests", TEXT);
    if (!this.#cookie.admits(request.headers.authorization)) {
      request.resume();
      response.setHeader("WWW-Authenticate", 'Basic realm="jsonrpc"');
      this.#context.clock.after(UNAUTHORIZED_MS, () => send(response, 401, "", TEXT));
      return;
    }
    if (this.#busy >= atOnce) return send(response, 503, "Work queue depth exceeded", TEXT);
    this.#busy++;
    const body: Body = { pieces: [], size: 0 };
    try {
      const refusal = await this.#read(request, body);
      if (refusal !== undefined) return send(response, ...refusal, TEXT);
      await this.#run(Buffer.concat(body.pieces).toString("utf8"), response);
      await this.#taken(response);
    } catch (error) {
      // The caller has gone away in the middle of its question.
      this.#log.debug("bitcoin-rpc.cut", { error: String(error) });
      response.destroy();
    } finally {
      this.#busy--;
      this.#held -= body.size;
    }
  }
  /** Resolves when all of an answer has left, or its caller has. */
  #taken(response: ServerResponse): Promise<void> {
    if (response.closed || response.writableFinished) return Promise.resolve();
    return new Promise((resolve) => {
      response.setTimeout(this.#limits.untakenMs, () => response.destroy());
      response.once("finish", () => response.setTimeout(0));
      response.once("close", resolve);
    });
  }
  /** Takes the request in; or status and reason why no more of it is read. */
  async #read(request: IncomingMessage, body: Body): Promise<readonly [number, string] | undefined> {
    const { bodyBytes, bodiesBytes } = this.#limits;
    for await (const piece of request as AsyncIterable<Buffer>) {
      body.size += piece.length;
      this.#held += piece.length;
      if (body.size > bodyBytes) return [413, "The request is too large."];
      if (this.#held > bodiesBytes) return [503, "Too much is asked at once."];
      body.pieces.push(piece);
    }
    return undefined;
  }
  async #run(body: string, response: ServerResponse): Promise<void> {
    const asked = parse(body);
    if (asked === undefined) return refused(response, new RpcFault(CODE.parse, "Parse error"), 500);
    if (Array.isArray(asked.value)) return this.#runBatch(asked.value, response);
    if (typeof asked.value !== "object" || asked.value === null) {
      return refused(response, new RpcFault(CODE.parse, "Top-level object parse error"), 500);
    }
    const reply = await this.#call(asked.value, goneWith(response));
    if (reply === undefined) return send(response, 204, "", JSON_TYPE);
    const isRefused = reply.code !== undefined && reply.version === 1;
    send(response, isRefused ? statusOf(reply.code) : 200, `${jsonText(reply.body)}\n`, JSON_TYPE);
  }
  /** One after the other, as they may build on each other. */
  async #runBatch(calls: readonly unknown[], response: ServerResponse): Promise<void> {
    if (calls.length > this.#limits.batchCalls) {
      const fault = new RpcFault(CODE.invalidRequest, `A batch has at most ${this.#limits.batchCalls} calls`);
      return refused(response, fault, 400);
    }
    const gone = goneWith(response);
    const answers: string[] = [];
    let size = 0;
    for (const call of calls) {
      if (gone.aborted) return;
      const isFull = size > this.#limits.answerBytes;
      const reply = isFull ? refuseCall(call, TOO_LARGE) : await this.#call(call, gone);
      if (reply === undefined) continue;
      const answer = jsonText(reply.body);
      if (!isFull) size += answer.length;
      answers.push(answer);
    }
    if (answers.length === 0 && calls.length > 0) return send(response, 204, "", JSON_TYPE);
    send(response, 200, `[${answers.join(",")}]\n`, JSON_TYPE);
  }
  #call(call: unknown, gone: AbortSignal): ReturnType<typeof answerCall> {
    return answerCall({ ...this.#context, gone }, call, (error) =>
      this.#log.error("bitcoin-rpc.failed", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
  }
}
/** So that nobody who has left keeps a place by waiting. */
function goneWith(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const refused = (response: ServerResponse, fault: RpcFault, status: number): void =>
  send(response, status, `${jsonText(failed(1, null, fault))}\n`, JSON_TYPE);

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
function parse(body: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) };
  } catch {
    return undefined;
  }
}
