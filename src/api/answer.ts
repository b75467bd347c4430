import type { Request, RequestHandler, Response } from "express";
import { concat, parseUtf8, toHex, utf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { sha256 } from "../crypto/hash.ts";
import type { NodeCommands } from "../daemon/commands.ts";
import type { Clock } from "../ports/world.ts";
import { bearerOf, type Holder, identify, lacksScope, type TokenStore } from "./auth.ts";
import { type ApiFault, badRequest, KINDS } from "./faults.ts";
import { type Idempotency, isIdempotencyKey, type KeyedRequest } from "./idempotency.ts";
import { readJson } from "./json.ts";
import type { Logins } from "./logins.ts";
import { fromOwnPage } from "./origin.ts";
import { faultAnswer, jsonAnswer, sendFault, sendKept, sendList } from "./respond.ts";
import type { Answer, RawRequest, Reply, Route } from "./route.ts";

export interface Serving {
  readonly commands: NodeCommands;
  readonly tokens: TokenStore;
  readonly logins: Logins;
  readonly idempotency: Idempotency;
  readonly clock: Clock;
}
/** The longest a request may hold its connection to wait for an outcome. */
export const WAIT_SECONDS_MAX = 60;

/** Who asks, what exactly, whether it was asked before, and the answer. A throw ends in the server's last handler, as 500. */
export function answerRoute(route: Route, serving: Serving): RequestHandler {
  return async (request, response) => {
    const token = authorise(route, request, serving);
    if (!token.ok) return sendFault(token.error, request, response);
    const body = readBody(route, request);
    if (!body.ok) return sendFault(body.error, request, response);
    const asked: RawRequest = {
      commands: serving.commands,
      logins: serving.logins,
      token: token.value,
      params: request.params,
      query: request.query,
      body: body.value,
      waitSeconds: route.waits ? waitOf(request) : 0,
    };
    const keyed = keyOf(route, request, token.value, body.value);
    if (!keyed.ok) return sendFault(keyed.error, request, response);
    if (keyed.value !== undefined) return answerOnce({ route, asked, request, response, keyed: keyed.value }, serving);
    const answer = await route.answer(asked);
    if (!answer.ok) return sendFault(answer.error, request, response);
    sendReply(route, answer.value, request, response);
  };
}

/** By the token in the header; without one by the cookie, if a page of our own sent it. */
export function holderOf(request: Request, { logins, tokens, clock }: Serving): Result<Holder, ApiFault> {
  const { authorization, cookie } = request.headers;
  const login = authorization === undefined && fromOwnPage(request) ? logins.holder(cookie) : undefined;
  return login ? ok(login) : identify(tokens, bearerOf(authorization), clock.now());
}
function authorise({ scope }: Route, request: Request, serving: Serving): Result<Holder | undefined, ApiFault> {
  if (scope === "public") return ok(undefined);
  const known = holderOf(request, serving);
  return known.ok && !known.value.scopes.includes(scope) ? err(lacksScope(scope)) : known;
}

const JSON_CONTENT = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** The JSON of the body; undefined when there is none. A form or plain text, which any page may post, is refused. */
function readBody(route: Route, request: Request): Result<unknown, ApiFault> {
  const type = request.headers["content-type"];
  if (type !== undefined && !JSON_CONTENT.test(type)) {
    return err({ code: "UNSUPPORTED_MEDIA_TYPE", detail: "The body must be application/json in UTF-8." });
  }
  const bytes: unknown = request.body;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return ok(undefined);
  if (type === undefined) return err({ code: "UNSUPPORTED_MEDIA_TYPE", detail: "The body needs its Content-Type." });
  const text = parseUtf8(bytes);
  const json = text === undefined ? err("The body is not UTF-8.") : readJson(text);
  if (!json.ok) return err(badRequest(json.error));
  return route.method === "get" ? err(badRequest("This request takes no body.")) : json;
}

/** `Prefer: wait=30`. RFC 7240, so what cannot be understood is ignored. */
function waitOf(request: Request): number {
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(request.get("prefer") ?? "")?.[1];
  return Math.min(Number(seconds ?? 0), WAIT_SECONDS_MAX);
}

function keyOf(
  route: Route,
  request: Request,
  token: Holder | undefined,
  parsed: unknown,
): Result<KeyedRequest | undefined, ApiFault> {
  const key = request.headers["idempotency-key"];
  if (key === undefined || route.method !== "post" || route.secret || token === undefined) return ok(undefined);
  if (typeof key !== "string" || !isIdempotencyKey(key)) {
    return err(badRequest("The Idempotency-Key must be 1 to 128 printable characters."));
  }
  const bytes: unknown = request.body;
  const body = bytes instanceof Uint8Array ? bytes : new Uint8Array(0);
  const fingerprint = toHex(sha256(concat(utf8(`${request.method} ${request.originalUrl}\n`), body)));
  const { repeat = "harmless" } = route;
  return ok({ tokenId: token.id, key, fingerprint, repeat: typeof repeat === "function" ? repeat(parsed) : repeat });
}

interface Once {
  readonly route: Route;
  readonly asked: RawRequest;
  readonly request: Request;
  readonly response: Response;
  readonly keyed: KeyedRequest;
}
async function answerOnce({ route, asked, request, response, keyed }: Once, serving: Serving): Promise<void> {
  const begun = await serving.idempotency.begin(keyed);
  if (!begun.ok) return sendFault(begun.error, request, response);
  if (begun.value.tag === "replay") {
    response.setHeader("Idempotency-Replayed", "true");
    return sendKept(response, begun.value.answer);
  }
  let answer: Answer<unknown>;
  try {
    answer = await route.answer(asked);
  } catch (error) {
    begun.value.abandon();
    throw error;
  }
  if (answer.ok) {
    await begun.value.keep(jsonAnswer(answer.value));
    return sendReply(route, answer.value, request, response);
  }
  // What may succeed later is not an answer to keep; what was malformed never began.
  const { retryable, status } = KINDS[answer.error.code];
  if (retryable || status === 400) await begun.value.drop();
  else await begun.value.keep(faultAnswer(answer.error, request, response));
  sendFault(answer.error, request, response);
}

function sendReply(route: Route, reply: Reply<unknown>, request: Request, response: Response): void {
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.afterwards !== undefined) onceLeft(response, reply.afterwards);
  if (reply.body instanceof Uint8Array) {
    response.status(reply.status).setHeader("Content-Type", "application/octet-stream");
    response.end(reply.body);
  } else if (route.list) sendList(request, response, jsonAnswer(reply));
  else sendKept(response, jsonAnswer(reply));
}

/** Calls once the answer has left, or can reach nobody: who asked may have gone, and has asked all the same. */
function onceLeft(response: Response, task: () => void): void {
  if (response.destroyed) task();
  else response.once("close", task);
}
