import type { HtlcFailure } from "../../channels/index.ts";
import {
  type Blame,
  blame,
  buildOnion,
  type FinalContent,
  type ReadFailure,
  type Route,
  readFailure,
  readMalformed,
  sharedSecretsOfRoute,
  showFailure,
} from "../../routing/index.ts";
import { toHex } from "../base/bytes.ts";
import { formatShortChannelId, idBytes, type NodeId, type Preimage } from "../base/ids.ts";
import { type Step, step } from "../base/machine.ts";
import { assert, err, ok, present, type Result, unreachable } from "../base/result.ts";
import { type Msat, msat, type UnixMs } from "../base/units.ts";
import { sha256 } from "../crypto/hash.ts";
import { excludeBlamed } from "./exclusions.ts";
import type {
  Attempt,
  InFlight,
  Payment,
  PaymentEffect,
  PaymentFailure,
  PaymentInput,
  PaymentRequest,
  Routing,
} from "./payment.ts";

/** Policy, not protocol: routes tried in one try of a payment. */
export const ATTEMPTS_MAX = 20;

type PaymentStep = Step<Payment, PaymentEffect>;
/** A hash is paid once: the payment that is under way, or has succeeded, answers for it. */
export interface PaymentExists {
  readonly code: "already_paid" | "in_flight";
  readonly payment: Payment;
}

/**
 * Begins to pay, unless the hash is paid or being paid. A payment that failed may be tried again: its attempts go on
 * counting, so that no HTLC of an old try is ever taken for one of the new.
 *
 * @param existing the record under this hash, if there is one
 */
export function startPayment(
  existing: Payment | undefined,
  request: PaymentRequest,
  now: UnixMs,
): Result<PaymentStep, PaymentExists> {
  if (existing !== undefined && existing.tag !== "Failed") {
    return err({ code: existing.tag === "Succeeded" ? "already_paid" : "in_flight", payment: existing });
  }
  const attempts = existing?.attempts ?? 0;
  const excluded = { edges: [], nodes: [] };
  const routing: Routing = {
    tag: "Routing",
    request,
    createdAt: now,
    attempts,
    attemptsBefore: attempts,
    excluded,
    lastFailure: undefined,
  };
  return ok(lookForRoute(routing, now));
}

/**
 * One input to a payment under way. An ended payment stays as it is whatever comes. So does one that is told of an HTLC which
 * is not the one in flight: a site may offer the hash of a tick again whose record is gone and whose HTLC is still pending, and
 * after a start that one is told once more.
 *
 * @param self our own node id: whose channel a refused HTLC would have left by
 */
export function stepPayment(self: NodeId, payment: Payment, input: PaymentInput): PaymentStep {
  switch (payment.tag) {
    case "Routing":
      return stepRouting(payment, input);
    case "InFlight":
      return stepInFlight(self, payment, input);
    case "Succeeded":
    case "Failed":
      return step(payment);
    default:
      return unreachable(payment);
  }
}

function stepRouting(payment: Routing, input: PaymentInput): PaymentStep {
  switch (input.tag) {
    case "RouteFound":
      return dispatch(payment, input.route, input.sessionKey, input.now);
    case "NoRoute":
      return fail(payment, payment.lastFailure ?? input.failure, input.now);
    case "Restarted":
      return lookForRoute(payment, input.now);
    case "HtlcRefused":
    case "HtlcFailed":
    case "HtlcSettled":
      return step(payment);
    default:
      return unreachable(input);
  }
}

function stepInFlight(self: NodeId, payment: InFlight, input: PaymentInput): PaymentStep {
  const { attempt } = payment;
  switch (input.tag) {
    case "HtlcSettled":
      if (input.attempt !== attempt.number) return step(payment);
      return succeed(payment, input.preimage, input.now);
    case "HtlcFailed": {
      if (input.attempt !== attempt.number) return step(payment);
      if (input.failure.tag === "on_chain") return firstChannelGone(self, payment, input.now);
      const read =
        input.failure.tag === "malformed" ? readMalformed(input.failure.code) : readReason(attempt, input.failure);
      const from = read.tag === "Attributed" ? `hop ${read.hop + 1} of ${attempt.route.hops.length}` : "";
      const detail = read.tag === "Attributed" ? `${showFailure(read.failure)} from ${from}` : "an unreadable failure";
      return retry(payment, blame(attempt.route, self, read), detail, input.now);
    }
    case "HtlcRefused": {
      if (input.attempt !== attempt.number) return step(payment);
      const { shortChannelId } = present(attempt.route.hops[0], "a route has a hop");
      const edge = { from: self, shortChannelId };
      return retry(payment, { tag: "Edge", edge, permanent: false }, input.detail, input.now);
    }
    case "Restarted":
      // Without an HTLC the attempt ended before any signature covered it: both sides have forgotten it.
      return input.held ? step(payment) : lookForRoute(backToRouting(payment), input.now);
    case "RouteFound":
    case "NoRoute":
      return step(payment);
    default:
      return unreachable(input);
  }
}

const readReason = (
  { route, sessionKey }: Attempt,
  { reason, attribution }: Extract<HtlcFailure, { tag: "failed" }>,
): ReadFailure => readFailure(sharedSecretsOfRoute(route, sessionKey), reason, attribution);

/** Our own channel has ended on the chain with the HTLC in it, and the money is back. */
function firstChannelGone(self: NodeId, payment: InFlight, now: UnixMs): PaymentStep {
  const { shortChannelId } = present(payment.attempt.route.hops[0], "a route has a hop");
  const edge = { from: self, shortChannelId };
  const detail = `channel ${formatShortChannelId(shortChannelId)} was closed and the payment came back`;
  return retry(payment, { tag: "Edge", edge, permanent: true }, detail, now);
}

/** The only way in which a route search begins: within the limits of time and attempts. */
function lookForRoute(payment: Routing, now: UnixMs): PaymentStep {
  const { request, excluded, lastFailure } = payment;
  if (now >= request.deadline) {
    return fail(payment, { code: "timeout", detail: lastFailure?.detail ?? "no attempt was possible in time" }, now);
  }
  if (payment.attempts - payment.attemptsBefore >= ATTEMPTS_MAX) {
    return fail(payment, { code: "attempts_exhausted", detail: lastFailure?.detail ?? "" }, now);
  }
  return step(payment, { tag: "FindRoute", request, excluded });
}

function dispatch(payment: Routing, route: Route, sessionKey: Uint8Array, now: UnixMs): PaymentStep {
  const { request } = payment;
  const first = present(route.hops[0], "a route has a hop");
  const last = present(route.hops.at(-1), "a route has a hop");
  assert(last.nodeId === request.payee && last.amount === request.amount, "the route brings the amount to the payee");
  if (feeOf(route) > request.maxFee) {
    const detail = `the route takes ${feeOf(route)} msat, the limit is ${request.maxFee}`;
    return fail(payment, { code: "fee_too_high", detail }, now);
  }
  const { paymentHash } = request;
  const packet = buildOnion(route, sessionKey, paymentHash, finalContent(request));
  if (!packet.ok) return fail(payment, { code: "no_route", detail: `no onion: ${packet.error.code}` }, now);
  const attempt: Attempt = { number: payment.attempts + 1, sessionKey, route };
  const next: InFlight = { ...payment, tag: "InFlight", attempts: attempt.number, attempt };
  const { shortChannelId, amount, expiry } = first;
  const { onion } = packet.value;
  return step<Payment, PaymentEffect>(next, {
    tag: "OfferHtlc",
    paymentHash,
    attempt: attempt.number,
    shortChannelId,
    amount,
    expiry,
    onion,
  });
}

/** What the payee is told. */
export function finalContent(request: PaymentRequest): FinalContent {
  const { paymentSecret, paymentMetadata, customRecords, purpose } = request;
  const keysendPreimage = purpose.tag === "Keysend" ? purpose.preimage : undefined;
  return { paymentSecret, paymentMetadata, keysendPreimage, customRecords };
}

function retry(payment: InFlight, blamed: Blame, detail: string, now: UnixMs): PaymentStep {
  const learned: PaymentEffect = { tag: "Learned", blame: blamed };
  const excluded = excludeBlamed(payment.excluded, payment.attempt.route, blamed);
  const { next, effects } =
    excluded === undefined
      ? fail(payment, { code: "rejected_by_payee", detail }, now)
      : lookForRoute({ ...backToRouting(payment), excluded, lastFailure: { code: "no_route", detail } }, now);
  return step(next, learned, ...effects);
}

function backToRouting({ attempt: _attempt, ...payment }: InFlight): Routing {
  return { ...payment, tag: "Routing" };
}

function succeed(payment: InFlight, preimage: Preimage, now: UnixMs): PaymentStep {
  const { request, createdAt, attempts, attempt } = payment;
  assert(toHex(sha256(idBytes(preimage))) === request.paymentHash, "the preimage is the hash's own");
  return finish({
    tag: "Succeeded",
    request,
    createdAt,
    attempts,
    preimage,
    fee: feeOf(attempt.route),
    hops: attempt.route.hops.length,
    endedAt: now,
  });
}
function fail({ request, createdAt, attempts }: Payment, failure: PaymentFailure, now: UnixMs): PaymentStep {
  return finish({ tag: "Failed", request, createdAt, attempts, failure, endedAt: now });
}
const finish = (payment: Extract<Payment, { tag: "Succeeded" | "Failed" }>): PaymentStep =>
  step<Payment, PaymentEffect>(payment, { tag: "Finished", payment });

/** What all hops together keep. */
export function feeOf(route: Route): Msat {
  const first = present(route.hops[0], "a route has a hop");
  const last = present(route.hops.at(-1), "a route has a hop");
  return msat(first.amount - last.amount);
}
