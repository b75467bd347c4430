import type { Request, Response } from "express";
import { toHex, utf8 } from "../base/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { type ApiFault, KINDS, problem, REQUEST_ID_HEADER } from "./faults.ts";
import type { KeptAnswer } from "./idempotency.ts";
import type { Reply } from "./route.ts";

export const JSON_TYPE = "application/json; charset=utf-8";
const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

export const requestIdOf = (response: Response): string => String(response.getHeader(REQUEST_ID_HEADER));

/** An answer whose body is text. What is kept for an idempotency key is this, word for word. */
export function sendKept(response: Response, { status, location, contentType, body }: KeptAnswer): void {
  response.status(status);
  if (body !== "") response.setHeader("Content-Type", contentType);
  if (location !== undefined) response.setHeader("Location", location);
  response.end(body);
}
export function faultAnswer(fault: ApiFault, request: Request, response: Response): KeptAnswer {
  const document = problem(fault, { instance: request.path, requestId: requestIdOf(response) });
  return { status: document.status, location: undefined, contentType: PROBLEM_TYPE, body: JSON.stringify(document) };
}
export function sendFault(fault: ApiFault, request: Request, response: Response): void {
  const { status } = KINDS[fault.code];
  if (status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="sluice"');
  const wait = fault.retryAfterSeconds ?? (status === 503 || status === 429 ? 5 : undefined);
  if (wait !== undefined) response.setHeader("Retry-After", wait);
  sendKept(response, faultAnswer(fault, request, response));
}

export const jsonAnswer = ({ status, body, location }: Reply<unknown>): KeptAnswer => ({
  status,
  location,
  contentType: JSON_TYPE,
  body: status === 204 ? "" : JSON.stringify(body),
});

/** Lists that pages poll: an unchanged one costs no bytes. */
export function sendList(request: Request, response: Response, answer: KeptAnswer): void {
  const etag = `W/"${toHex(sha256(utf8(answer.body)).subarray(0, 12))}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", "private, no-cache");
  const known = request.headers["if-none-match"]?.split(/\s*,\s*/);
  if (known?.includes(etag)) response.status(304).end();
  else sendKept(response, answer);
}
