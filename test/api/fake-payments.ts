import type { NodeId, PaymentHash, Preimage } from "../../src/base/ids.ts";
import { ok } from "../../src/base/result.ts";
import { msat, unixMs } from "../../src/base/units.ts";
import type { InvoiceInfo, KeysendInfo, PaymentInfo } from "../../src/daemon/views.ts";

/** What a fake node answers about invoices and payments. */
export const OTHER = `03${"b2".repeat(32)}` as NodeId;
export const HASH = "d4".repeat(32) as PaymentHash;
export const PREIMAGE = "e5".repeat(32) as Preimage;
export const AT = unixMs(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
export const INVOICE: InvoiceInfo = {
  id: `inv_${HASH}`,
  paymentHash: HASH,
  bolt11: "lnbcrt250n1pexample",
  state: "open",
  amount: msat(25_000n),
  received: undefined,
  description: "coffee",
  externalId: "order-17",
  createdAt: AT,
  expiresAt: unixMs(AT + 3_600_000),
  settledAt: undefined,
};
export const PAYMENT: PaymentInfo = {
  id: `pay_${HASH}`,
  paymentHash: HASH,
  state: "pending",
  keysend: false,
  payee: OTHER,
  amount: msat(25_000n),
  fee: undefined,
  preimage: undefined,
  failure: undefined,
  hops: undefined,
  createdAt: AT,
  endedAt: undefined,
};
export const KEYSEND: KeysendInfo = {
  id: `ks_${HASH}`,
  paymentHash: HASH,
  amount: msat(5_500n),
  customRecords: [{ type: 7_629_169n, value: Uint8Array.of(0x7b, 0x7d) }],
  receivedAt: AT,
};

export const paymentReadings = () => ({
  invoices: () => [INVOICE],
  invoice: (hash: PaymentHash) => (hash === HASH ? INVOICE : undefined),
  payments: () => [PAYMENT],
  payment: (id: string) => (id === PAYMENT.id ? PAYMENT : undefined),
  keysends: () => [KEYSEND],
  keysend: (hash: PaymentHash) => (hash === HASH ? KEYSEND : undefined),
});
export const paymentChanges = () => ({
  createInvoice: async () => ok(INVOICE),
  pay: async () => ok(PAYMENT),
  payKeysend: async () => ok({ ...PAYMENT, keysend: true }),
  paymentEnd: async () =>
    ({ ...PAYMENT, state: "succeeded", fee: msat(1_002n), preimage: PREIMAGE, hops: 2, endedAt: AT }) as const,
});
