import type { CommandFault } from "../daemon/commands.ts";

/** Why a request was refused. What a client sees of it is a problem document of RFC 9457, made by `problem`. */
export interface ApiFault {
  readonly code: ApiCode;
  /** A sentence for a person. Never a stack trace, a path or a secret. */
  readonly detail: string;
  /** The fields at fault. */
  readonly errors?: readonly FieldFault[];
  /** What to do about it. */
  readonly hint?: string;
  /** The code that led to this one. */
  readonly reason?: ApiCode;
  readonly retryAfterSeconds?: number;
}
export interface FieldFault {
  /** A JSON pointer into the body, or `/name` of a query or path parameter. */
  readonly pointer: string;
  readonly detail: string;
  readonly in?: "query" | "path";
}
/** The words of NIP-47 where it has one, ours elsewhere. */
export type ApiCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "RESTRICTED"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "RATE_LIMITED"
  | "INTERNAL"
  | "IDEMPOTENCY_MISMATCH"
  | "IDEMPOTENCY_RUNNING"
  | "OUTCOME_UNKNOWN"
  | "PAYMENT_REQUIRED"
  | "INSUFFICIENT_BALANCE"
  | "QUOTA_EXCEEDED"
  | "NO_ROUTE"
  | "FEE_TOO_HIGH"
  | "PAYMENT_FAILED"
  | "ALREADY_PAID"
  | "INVOICE_UNSUPPORTED_FEATURE"
  | "EXPIRED"
  | "CHANNEL_BUSY"
  | "PEER_UNREACHABLE"
  | "PEER_REFUSED"
  | "SESSION_CLOSED"
  | "NEED_TOPUP"
  | "CHAIN_NOT_SYNCED"
  | "CHAIN_UNAVAILABLE"
  | "STALE_TIP"
  | "TOO_MANY_WAITING"
  | "WRONG_NETWORK"
  | "NOT_POSSIBLE"
  | "FUNDS_CHANNEL"
  | "FEERATE_TOO_LOW"
  | "PSBT_UNTRUE"
  | "PRIVATE_KEY"
  | "READ_ONLY";

interface Kind {
  readonly status: number;
  readonly title: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
}
const final = (status: number, title: string): Kind => ({ status, title, retryable: false });
const passing = (status: number, title: string): Kind => ({ status, title, retryable: true });

export const KINDS: { readonly [C in ApiCode]: Kind } = {
  BAD_REQUEST: final(400, "Malformed request"),
  UNAUTHORIZED: final(401, "A valid token is needed"),
  RESTRICTED: final(403, "Not allowed"),
  NOT_FOUND: final(404, "Not found"),
  METHOD_NOT_ALLOWED: final(405, "Method not allowed"),
  TOO_LARGE: final(413, "Request too large"),
  UNSUPPORTED_MEDIA_TYPE: final(415, "Only JSON is understood"),
  RATE_LIMITED: passing(429, "Too many requests"),
  INTERNAL: final(500, "Internal error"),
  IDEMPOTENCY_MISMATCH: final(422, "Idempotency key used for another request"),
  IDEMPOTENCY_RUNNING: passing(409, "The first request with this key is still running"),
  OUTCOME_UNKNOWN: final(409, "The first request with this key was cut off"),
  PAYMENT_REQUIRED: passing(402, "Payment required"),
  INSUFFICIENT_BALANCE: passing(409, "Insufficient balance"),
  QUOTA_EXCEEDED: final(403, "Quota exceeded"),
  NO_ROUTE: passing(409, "No route"),
  FEE_TOO_HIGH: passing(409, "Fee too high"),
  PAYMENT_FAILED: passing(409, "Payment failed"),
  ALREADY_PAID: final(409, "Already paid"),
  INVOICE_UNSUPPORTED_FEATURE: final(422, "Invoice asks for what is not supported"),
  EXPIRED: final(410, "Expired"),
  CHANNEL_BUSY: passing(409, "Channel busy"),
  PEER_UNREACHABLE: passing(502, "Peer unreachable"),
  PEER_REFUSED: final(502, "Peer refused"),
  SESSION_CLOSED: final(409, "Session closed"),
  NEED_TOPUP: passing(402, "Session needs a top-up"),
  CHAIN_NOT_SYNCED: passing(503, "Chain not synced"),
  CHAIN_UNAVAILABLE: passing(503, "The Bitcoin node does not answer"),
  STALE_TIP: passing(503, "No block for nearly an hour"),
  TOO_MANY_WAITING: passing(429, "Too many payments wait for room"),
  WRONG_NETWORK: final(422, "Wrong network"),
  NOT_POSSIBLE: final(409, "Not possible now"),
  FUNDS_CHANNEL: final(409, "The transaction funds a channel"),
  FEERATE_TOO_LOW: final(422, "Feerate too low"),
  PSBT_UNTRUE: final(422, "The PSBT says what is not true"),
  PRIVATE_KEY: final(422, "A private key, where a public one belongs"),
  READ_ONLY: final(503, "Node is read-only"),
};

const CODE_OF_COMMAND: { readonly [C in CommandFault["code"]]: ApiCode } = {
  bad_request: "BAD_REQUEST",
  not_found: "NOT_FOUND",
  insufficient_balance: "INSUFFICIENT_BALANCE",
  no_route: "NO_ROUTE",
  fee_too_high: "FEE_TOO_HIGH",
  payment_failed: "PAYMENT_FAILED",
  already_paid: "ALREADY_PAID",
  invoice_unsupported: "INVOICE_UNSUPPORTED_FEATURE",
  expired: "EXPIRED",
  channel_busy: "CHANNEL_BUSY",
  peer_unreachable: "PEER_UNREACHABLE",
  peer_refused: "PEER_REFUSED",
  session_closed: "SESSION_CLOSED",
  need_topup: "NEED_TOPUP",
  quota_exceeded: "QUOTA_EXCEEDED",
  chain_not_synced: "CHAIN_NOT_SYNCED",
  chain_unavailable: "CHAIN_UNAVAILABLE",
  stale_tip: "STALE_TIP",
  too_many_waiting: "TOO_MANY_WAITING",
  wrong_network: "WRONG_NETWORK",
  not_possible: "NOT_POSSIBLE",
  funds_channel: "FUNDS_CHANNEL",
  feerate_too_low: "FEERATE_TOO_LOW",
  psbt_untrue: "PSBT_UNTRUE",
  private_key: "PRIVATE_KEY",
  read_only: "READ_ONLY",
};
export const codeOfCommand = (code: CommandFault["code"]): ApiCode => CODE_OF_COMMAND[code];

export function faultOfCommand({ code, detail, pointer }: CommandFault): ApiFault {
  const fault: ApiFault = { code: codeOfCommand(code), detail };
  return pointer === undefined ? fault : { ...fault, errors: [{ pointer, detail }] };
}
export const notFound = (what: string): ApiFault => ({ code: "NOT_FOUND", detail: `There is no such ${what}.` });
export const badRequest = (detail: string, errors?: readonly FieldFault[]): ApiFault =>
  errors === undefined ? { code: "BAD_REQUEST", detail } : { code: "BAD_REQUEST", detail, errors };

/** The document a client gets, as `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ApiCode;
  readonly instance: string;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldFault[];
  readonly hint?: string;
  readonly reason?: ApiCode;
}
export function problem(fault: ApiFault, where: { readonly instance: string; readonly requestId: string }): Problem {
  const { code, detail, errors, hint, reason } = fault;
  const { status, title, retryable } = KINDS[code];
  return {
    type: `urn:sluice:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    detail,
    code,
    instance: where.instance,
    requestId: where.requestId,
    retryable,
    ...(errors && { errors }),
    ...(hint !== undefined && { hint }),
    ...(reason !== undefined && { reason }),
  };
}
/** Which request a person may ask about later: the header of that name, on every answer. */
export const REQUEST_ID_HEADER = "X-Request-Id";
