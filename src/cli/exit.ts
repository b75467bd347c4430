import type { ApiCode } from "../api/faults.ts";

/** What the process ends with, so that scripts need not read words. */
export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  connect: 3,
  auth: 4,
  notFound: 5,
  paymentFailed: 6,
  notSynced: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF: { readonly [C in ApiCode]: ExitCode } = {
  BAD_REQUEST: EXIT.usage,
  UNAUTHORIZED: EXIT.auth,
  RESTRICTED: EXIT.auth,
  NOT_FOUND: EXIT.notFound,
  METHOD_NOT_ALLOWED: EXIT.other,
  TOO_LARGE: EXIT.usage,
  UNSUPPORTED_MEDIA_TYPE: EXIT.other,
  RATE_LIMITED: EXIT.other,
  INTERNAL: EXIT.other,
  IDEMPOTENCY_MISMATCH: EXIT.usage,
  IDEMPOTENCY_RUNNING: EXIT.other,
  OUTCOME_UNKNOWN: EXIT.other,
  PAYMENT_REQUIRED: EXIT.paymentFailed,
  INSUFFICIENT_BALANCE: EXIT.paymentFailed,
  QUOTA_EXCEEDED: EXIT.paymentFailed,
  NO_ROUTE: EXIT.paymentFailed,
  FEE_TOO_HIGH: EXIT.paymentFailed,
  PAYMENT_FAILED: EXIT.paymentFailed,
  ALREADY_PAID: EXIT.paymentFailed,
  INVOICE_UNSUPPORTED_FEATURE: EXIT.paymentFailed,
  EXPIRED: EXIT.paymentFailed,
  CHANNEL_BUSY: EXIT.other,
  PEER_UNREACHABLE: EXIT.other,
  PEER_REFUSED: EXIT.other,
  SESSION_CLOSED: EXIT.other,
  NEED_TOPUP: EXIT.paymentFailed,
  CHAIN_NOT_SYNCED: EXIT.notSynced,
  CHAIN_UNAVAILABLE: EXIT.notSynced,
  STALE_TIP: EXIT.notSynced,
  TOO_MANY_WAITING: EXIT.paymentFailed,
  WRONG_NETWORK: EXIT.usage,
  NOT_POSSIBLE: EXIT.other,
  FUNDS_CHANNEL: EXIT.other,
  PRIVATE_KEY: EXIT.other,
  FEERATE_TOO_LOW: EXIT.other,
  PSBT_UNTRUE: EXIT.other,
  READ_ONLY: EXIT.other,
};
/** A daemon that is newer than this client may have codes of its own. */
export const exitOfCode = (code: string): ExitCode =>
  Object.hasOwn(EXIT_OF, code) ? EXIT_OF[code as ApiCode] : EXIT.other;

/** What the client itself refuses, or cannot do. Ends the command. */
export class CliFault extends Error {
  override readonly name = "CliFault";
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  constructor(exit: ExitCode, detail: string, hint?: string) {
    super(detail);
    this.exit = exit;
    this.hint = hint;
  }
}
/** @param why  what the system said, where it said something */
export const noDaemon = (url: string, why?: string): CliFault =>
  new CliFault(
    EXIT.connect,
    `No daemon answers at ${url}${why === undefined ? "" : ` (${why})`}.`,
    "start it, or name another by --datadir",
  );
export const usage = (detail: string, hint?: string): CliFault => new CliFault(EXIT.usage, detail, hint);
export const failed = (detail: string, hint?: string): CliFault => new CliFault(EXIT.other, detail, hint);
