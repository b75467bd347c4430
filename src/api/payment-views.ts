import { toHex } from "../base/bytes.ts";
import type { Decoded, InvoiceInfo, KeysendInfo, PaymentInfo } from "../daemon/views.ts";
import { codeOfCommand } from "./faults.ts";
import type * as shapes from "./payment-shapes.ts";
import { digits, type Json, or, same, time } from "./views.ts";

/** What the daemon says of invoices and payments, in JSON. */
export const invoiceJson = (invoice: InvoiceInfo): Json<typeof shapes.invoiceShape> => ({
  id: invoice.id,
  paymentHash: invoice.paymentHash,
  bolt11: invoice.bolt11,
  state: invoice.state,
  amountMsat: or(invoice.amount, digits),
  receivedMsat: or(invoice.received, digits),
  description: invoice.description,
  externalId: or(invoice.externalId, same),
  createdAt: time(invoice.createdAt),
  expiresAt: time(invoice.expiresAt),
  settledAt: or(invoice.settledAt, time),
});
export const paymentJson = (payment: PaymentInfo): Json<typeof shapes.paymentShape> => ({
  id: payment.id,
  paymentHash: payment.paymentHash,
  state: payment.state,
  keysend: payment.keysend,
  payee: payment.payee,
  amountMsat: digits(payment.amount),
  feeMsat: or(payment.fee, digits),
  preimage: or(payment.preimage, same),
  failure: or(payment.failure, ({ code, detail }) => ({ code: codeOfCommand(code), detail })),
  hops: or(payment.hops, same),
  createdAt: time(payment.createdAt),
  endedAt: or(payment.endedAt, time),
});
export const keysendJson = (keysend: KeysendInfo): Json<typeof shapes.keysendShape> => ({
  id: keysend.id,
  paymentHash: keysend.paymentHash,
  amountMsat: digits(keysend.amount),
  customRecords: Object.fromEntries(keysend.customRecords.map(({ type, value }) => [type.toString(), toHex(value)])),
  receivedAt: time(keysend.receivedAt),
});
export function decodedJson(decoded: Decoded): Json<typeof shapes.decodedShape> {
  if (decoded.kind !== "bolt11") return decoded;
  return {
    kind: decoded.kind,
    network: decoded.network,
    payee: decoded.payee,
    amountMsat: or(decoded.amount, digits),
    paymentHash: decoded.paymentHash,
    description: or(decoded.description, same),
    createdAt: time(decoded.createdAt),
    expiresAt: time(decoded.expiresAt),
    minFinalCltvExpiryDelta: decoded.minFinalCltvExpiryDelta,
  };
}
