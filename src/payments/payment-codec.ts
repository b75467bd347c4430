import type { Codec } from "../codec/codec.ts";
import { listOf, optional, refine, struct, union } from "../codec/codec.ts";
import {
  amountMsat,
  bytes,
  bytesOf,
  expiry,
  nodeId,
  paymentHash,
  preimage,
  shortChannelId,
  text,
  u8,
  u16,
  u32,
  u64,
} from "../codec/primitives.ts";
import type { Payment, PaymentFailureCode } from "./payment.ts";
import { customRecord, time, versioned } from "./record-codecs.ts";

const hintHop = struct({
  nodeId,
  shortChannelId,
  feeBaseMsat: u32,
  feeProportionalMillionths: u32,
  cltvExpiryDelta: u16,
});
const invoice = struct({ bolt11: text, idempotencyKey: text });
const tick = struct({ sessionId: text, sequence: u64 });
const beforeSecret = { paymentHash, payee: nodeId, amount: amountMsat };
const afterSecret = {
  paymentMetadata: optional(bytesOf(u16)),
  minFinalCltvExpiryDelta: u32,
  routeHints: listOf(u8, listOf(u8, hintHop)),
  maxFee: amountMsat,
  deadline: time,
  customRecords: listOf(u8, customRecord),
};
/** Of version 1: whatever was paid had a secret. */
const requestV1 = struct({
  ...beforeSecret,
  paymentSecret: bytes(32),
  ...afterSecret,
  purpose: union(u8, { Invoice: [1, invoice], Tick: [2, tick] }),
});
const request = struct({
  ...beforeSecret,
  paymentSecret: optional(bytes(32)),
  ...afterSecret,
  purpose: union(u8, { Invoice: [1, invoice], Tick: [2, tick], Keysend: [3, struct({ preimage })] }),
});

/** The number of a code is its place here: codes are added at the end and never removed. */
const FAILURE_CODES: readonly PaymentFailureCode[] = [
  "no_route",
  "fee_too_high",
  "rejected_by_payee",
  "timeout",
  "attempts_exhausted",
  "stale_tip",
  "too_many_waiting",
];
const failureCode: Codec<PaymentFailureCode> = refine(
  "payment_failure_code",
  u8,
  (number) => FAILURE_CODES[number],
  (code) => FAILURE_CODES.indexOf(code),
);
const failure = struct({ code: failureCode, detail: text });

const exclusions = struct({
  edges: listOf(u16, struct({ from: nodeId, shortChannelId })),
  nodes: listOf(u16, nodeId),
});
const route = struct({ hops: listOf(u8, struct({ nodeId, shortChannelId, amount: amountMsat, expiry })) });
/** A payment by what was asked for, the only part that versions differ in. */
function paymentOf<R>(request: Codec<R>) {
  const begun = { request, createdAt: time, attempts: u32 };
  const underway = { ...begun, attemptsBefore: u32, excluded: exclusions, lastFailure: optional(failure) };
  return union(u8, {
    Routing: [1, struct(underway)],
    InFlight: [2, struct({ ...underway, attempt: struct({ number: u32, sessionKey: bytes(32), route }) })],
    Succeeded: [3, struct({ ...begun, preimage, fee: amountMsat, hops: u8, endedAt: time })],
    Failed: [4, struct({ ...begun, failure, endedAt: time })],
  });
}

/** A payment as it stands in the store, under its hash. */
export const paymentRecord: Codec<Payment> = versioned(2, paymentOf(request), { 1: paymentOf(requestV1) });
