import { CLTV_EXPIRY_BLOCKS_MAX, createFailure, type FailureMessage } from "../../routing/index.ts";
import { type Step, step } from "../base/machine.ts";
import { unreachable } from "../base/result.ts";
import type { BlockHeight, Msat, UnixMs } from "../base/units.ts";
import { constantTimeEqual } from "../crypto/hash.ts";
import type { FinalHtlc, InvoiceRecord, SettleEffect } from "./invoice-record.ts";
import type { HtlcRef } from "./payment.ts";

export interface IncomingEnv {
  readonly height: BlockHeight;
  readonly now: UnixMs;
  /** The height is not that of the chain: no HTLC has the time that it seems to have. */
  readonly isBehind: boolean;
}
type InvoiceStep = Step<InvoiceRecord | undefined, SettleEffect>;

/**
 * Decides about an HTLC whose onion ends here. `next` and the fulfilment stand in one group, so that no preimage is given
 * for an invoice that is not settled on disk. An HTLC that an invoice has already been settled by is fulfilled again.
 *
 * Every refusal that has to do with what we know looks the same, whatever is wrong: who does not hold the invoice learns
 * nothing from asking (RELIABILITY I6). BOLT 4 §Failure Messages.
 *
 * @param invoice the record under the HTLC's payment hash, if there is one
 */
export function judgeFinal(env: IncomingEnv, invoice: InvoiceRecord | undefined, htlc: FinalHtlc): InvoiceStep {
  if (invoice !== undefined && settledBy(invoice, htlc)) return step(invoice, fulfill(htlc, invoice.preimage));
  if (env.isBehind) return step<InvoiceRecord | undefined, SettleEffect>(invoice, notNow(htlc));
  if (invoice === undefined || !isPayment(env, invoice, htlc)) {
    return step<InvoiceRecord | undefined, SettleEffect>(invoice, refuseDetails(env.height, htlc));
  }
  const tampered = tamperedWith(htlc);
  if (tampered !== undefined) return step<InvoiceRecord | undefined, SettleEffect>(invoice, failHtlc(htlc, tampered));
  const { channelId, htlcId, amount } = htlc;
  const next: InvoiceRecord = {
    ...invoice,
    status: { tag: "Settled", received: amount, settledAt: env.now, htlc: { channelId, htlcId } },
  };
  return step(next, fulfill(htlc, invoice.preimage));
}

function settledBy({ status }: InvoiceRecord, { channelId, htlcId }: HtlcRef): boolean {
  return status.tag === "Settled" && status.htlc.channelId === channelId && status.htlc.htlcId === htlcId;
}
function isPayment({ height, now }: IncomingEnv, invoice: InvoiceRecord, htlc: FinalHtlc): boolean {
  const { payload } = htlc;
  const secretFits = constantTimeEqual(payload.paymentSecret ?? new Uint8Array(0), invoice.paymentSecret);
  return (
    secretFits &&
    htlc.paymentHash === invoice.paymentHash &&
    invoice.status.tag === "Open" &&
    now < invoice.expiresAt &&
    isWhole(htlc) &&
    isAmountDue(invoice.amount, payload.amtToForward) &&
    leavesTime(height, htlc, invoice.minFinalCltvExpiryDelta)
  );
}

/** All of it in this one HTLC: sets of several parts are not offered. BOLT 4 §Basic Multi-Part Payments. */
export const isWhole = ({ payload }: FinalHtlc): boolean =>
  (payload.totalMsat ?? payload.amtToForward) === payload.amtToForward;
/** At least what is asked and at most twice as much; anything where nothing is asked. BOLT 4 §Failure Messages. */
export const isAmountDue = (due: Msat | undefined, paid: Msat): boolean =>
  due === undefined ? paid > 0n : paid >= due && paid <= 2n * due;
/** Late enough to claim it on the chain if the peer goes away, and not for years. BOLT 4 §Failure Messages. */
export const leavesTime = (height: BlockHeight, { expiry }: FinalHtlc, minFinalCltvExpiryDelta: number): boolean =>
  expiry >= height + minFinalCltvExpiryDelta && expiry <= height + CLTV_EXPIRY_BLOCKS_MAX;

/** Less than the onion says: the hop before us has kept something. BOLT 4 §Failure Messages. */
export function tamperedWith({ amount, expiry, payload }: FinalHtlc): FailureMessage | undefined {
  if (expiry < payload.outgoingCltvValue) return { name: "final_incorrect_cltv_expiry", cltv_expiry: expiry };
  if (amount < payload.amtToForward) return { name: "final_incorrect_htlc_amount", incoming_htlc_amt: amount };
  return undefined;
}

export const fulfill = ({ channelId, htlcId }: HtlcRef, preimage: InvoiceRecord["preimage"]): SettleEffect => ({
  tag: "FulfillHtlc",
  channelId,
  htlcId,
  preimage,
});
/** Fails an HTLC of ours to judge with a message for its sender. */
export const failHtlc = (
  { channelId, htlcId, sharedSecret }: HtlcRef & { readonly sharedSecret: Uint8Array },
  failure: FailureMessage,
): SettleEffect => ({ tag: "FailHtlc", channelId, htlcId, reason: createFailure(sharedSecret, failure) });
/** It may be tried again soon, and says nothing of what we know of the payment. BOLT 4 §Failure Messages. */
export const notNow = (htlc: FinalHtlc): SettleEffect => failHtlc(htlc, { name: "temporary_node_failure" });
/** The one refusal for everything about the payment itself. BOLT 4 §Failure Messages. */
export const refuseDetails = (height: BlockHeight, htlc: FinalHtlc): SettleEffect =>
  failHtlc(htlc, { name: "incorrect_or_unknown_payment_details", htlc_msat: htlc.amount, height });

/** Called with time: an open invoice past its expiry is expired. Any other stays as it is. */
export function expireInvoice(invoice: InvoiceRecord, now: UnixMs): InvoiceRecord {
  const over = invoice.status.tag === "Open" && now >= invoice.expiresAt;
  return over ? { ...invoice, status: { tag: "Expired", at: now } } : invoice;
}
/** Only an open invoice can be canceled; the answer is the same record otherwise. */
export function cancelInvoice(invoice: InvoiceRecord, now: UnixMs): InvoiceRecord {
  switch (invoice.status.tag) {
    case "Open":
      return { ...invoice, status: { tag: "Canceled", at: now } };
    case "Settled":
    case "Expired":
    case "Canceled":
      return invoice;
    default:
      return unreachable(invoice.status);
  }
}
