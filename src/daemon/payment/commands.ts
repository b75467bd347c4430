import { type NodeId, type PaymentHash, parseNodeId, parsePaymentHash, paymentHash, preimage } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type Msat, msat, type UnixMs, unixMs } from "../../base/units.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import { sha256 } from "../../crypto/hash.ts";
import { expireInvoice } from "../../payments/incoming.ts";
import {
  decodeInvoice,
  encodeInvoice,
  type Invoice,
  type InvoiceFault,
  invoiceExpiry,
  signedInvoice,
} from "../../payments/invoice.ts";
import type { InvoiceRecord } from "../../payments/invoice-record.ts";
import type { Payment, PaymentFailureCode, PaymentRequest } from "../../payments/payment.ts";
import { featureBits, OFFERED } from "../../wire/features.ts";
import { BEHIND } from "../chain/in-step.ts";
import { STALE_TIP } from "../chain/stale-tip.ts";
import { routeHints } from "../channel/private-channels.ts";
import type { CommandFault } from "../commands.ts";
import { ANSWER_LANE } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import type { Decoded, InvoiceInfo, InvoiceRequest, PaymentInfo, PayRequest } from "../views.ts";

/** Policy, not protocol: what a payment may cost in fees when nobody says: one percent and a little. */
const FEE_LIMIT_PPM = 10_000n;
const FEE_LIMIT_MSAT = 10_000n;
const TIMEOUT_SECONDS = 60;

/** A new invoice, signed and durable before it is shown. */
export function createInvoice(hosts: Hosts, request: InvoiceRequest): Promise<Result<InvoiceInfo, CommandFault>> {
  const { ctx, incoming } = hosts;
  const secret = ctx.random.bytes(32);
  const hash = paymentHash(sha256(secret));
  const paymentSecret = ctx.random.bytes(32);
  const now = ctx.clock.now();
  const { amount, description, expirySeconds } = request;
  const { minFinalCltvExpiryDelta } = ctx.policy.timing;
  if (amount === 0n) {
    return Promise.resolve(err({ code: "bad_request", detail: "must be above 0", pointer: "/amountMsat" }));
  }
  const unsigned = encodeInvoice({
    network: ctx.params.network,
    amount,
    timestamp: Math.floor(now / 1000),
    paymentHash: hash,
    paymentSecret,
    description,
    expirySeconds,
    minFinalCltvExpiryDelta,
    features: featureBits(OFFERED.invoice),
    routeHints: routeHints(hosts.channels),
  });
  if (!unsigned.ok) {
    return Promise.resolve(err({ code: "bad_request", detail: "at most 639 bytes", pointer: "/description" }));
  }
  const bolt11 = signedInvoice(unsigned.value, ctx.signer.signAsNode(unsigned.value.digest));
  const record: InvoiceRecord = {
    paymentHash: hash,
    preimage: preimage(secret),
    paymentSecret,
    amount,
    description,
    bolt11,
    externalId: request.externalId,
    minFinalCltvExpiryDelta,
    createdAt: now,
    expiresAt: unixMs(now + expirySeconds * 1000),
    status: { tag: "Open" },
  };
  return new Promise((resolve) => {
    ctx.turns.run((turn) => {
      incoming.invoices.put(turn, hash, record);
      ctx.events.record(turn, "invoice.created", { paymentHash: hash, amountMsat: amount?.toString() });
      turn.afterwards(ANSWER_LANE, () => resolve(ok(invoiceInfo(record, now))));
    });
  });
}

const INVOICE_STATE = { Open: "open", Settled: "settled", Expired: "expired", Canceled: "canceled" } as const;
export function invoiceInfo(record: InvoiceRecord, now: UnixMs): InvoiceInfo {
  const invoice = expireInvoice(record, now);
  const { paymentHash: hash, bolt11, amount, description, externalId, createdAt, expiresAt, status } = invoice;
  return {
    id: `inv_${hash}`,
    paymentHash: hash,
    bolt11,
    state: INVOICE_STATE[status.tag],
    amount,
    received: status.tag === "Settled" ? status.received : undefined,
    description,
    externalId,
    createdAt,
    expiresAt,
    settledAt: status.tag === "Settled" ? status.settledAt : undefined,
  };
}

/** Begins to pay; the same again answers with the payment that there is. */
export function pay(hosts: Hosts, request: PayRequest): Promise<Result<PaymentInfo, CommandFault>> {
  const { ctx, payments } = hosts;
  const decoded = decodeInvoice(request.bolt11, ctx.params.network);
  if (!decoded.ok) return Promise.resolve(err(invoiceFault(decoded.error.code)));
  const amount = amountOf(decoded.value, request.amount);
  if (!amount.ok) return Promise.resolve(amount);
  const known = payments.payments.get(decoded.value.paymentHash);
  if (known !== undefined && known.tag !== "Failed")
    return isFor(known, decoded.value.payee, amount.value)
      ? whenDurable(hosts, () => paymentInfo(known))
      : Promise.resolve(err(otherPayment(known.request)));
  const late = lateFault(hosts);
  if (late !== undefined) return Promise.resolve(err(late));
  if (ctx.clock.now() >= invoiceExpiry(decoded.value)) {
    return Promise.resolve(err({ code: "expired", detail: "the invoice has expired", pointer: "/bolt11" }));
  }
  if (decoded.value.payee === ctx.self) {
    return Promise.resolve(err({ code: "bad_request", detail: "the invoice is this node's own", pointer: "/bolt11" }));
  }
  return begin(hosts, paymentOf(hosts, decoded.value, amount.value, request));
}

/** Why nothing can be offered now that would have the time that it seems to have. */
export function lateFault({ ctx, inStep }: Hosts): CommandFault | undefined {
  if (ctx.chain.staleSince() !== undefined) return { code: "stale_tip", detail: STALE_TIP };
  return inStep.isBehind() ? { code: "chain_not_synced", detail: BEHIND } : undefined;
}

/** Whether a payment gives as much to the same node, and for an invoice: that only the text of that differs means nothing. */
const isFor = ({ request }: Payment, payee: NodeId, amount: Msat): boolean =>
  request.purpose.tag === "Invoice" && request.payee === payee && request.amount === amount;
/** A hash is paid once, and whoever asked for more would take the other one for it. */
const otherPayment = ({ amount, payee }: PaymentRequest): CommandFault => ({
  code: "already_paid",
  detail: `its hash has a payment already: ${amount} msat to ${payee}`,
  pointer: "/bolt11",
});

/** Begins to pay, and tells of it once that is durable. */
export function begin({ ctx, payments }: Hosts, payment: PaymentRequest): Promise<Result<PaymentInfo, CommandFault>> {
  return new Promise((resolve) => {
    ctx.turns.run((turn) => {
      const started = payments.pay(turn, payment);
      const state = started.ok ? started.value : started.error.payment;
      turn.afterwards(ANSWER_LANE, () =>
        resolve(ok(paymentInfo(payments.payments.shown(payment.paymentHash) ?? state))),
      );
    });
  });
}

/** Tells what was read just now once it is on disk. */
const whenDurable = <T>({ ctx }: Hosts, answer: () => T): Promise<Result<T, CommandFault>> =>
  new Promise((resolve) => {
    ctx.turns.run((turn) => turn.afterwards(ANSWER_LANE, () => resolve(ok(answer()))));
  });

function paymentOf({ ctx }: Hosts, invoice: Invoice, amount: Msat, request: PayRequest): PaymentRequest {
  return {
    paymentHash: invoice.paymentHash,
    payee: invoice.payee,
    amount,
    paymentSecret: invoice.paymentSecret,
    paymentMetadata: invoice.paymentMetadata,
    minFinalCltvExpiryDelta: invoice.minFinalCltvExpiryDelta,
    routeHints: invoice.routeHints,
    ...limitsOf(ctx, amount, request),
    customRecords: [],
    purpose: { tag: "Invoice", bolt11: invoice.text, idempotencyKey: "" },
  };
}
/** What a payment may cost and take, as asked or else by our own limits. */
export const limitsOf = (
  { clock }: Pick<Hosts["ctx"], "clock">,
  amount: Msat,
  { maxFee = defaultFeeLimit(amount), timeoutSeconds = TIMEOUT_SECONDS }: Pick<PayRequest, "maxFee" | "timeoutSeconds">,
) => ({ maxFee, deadline: unixMs(clock.now() + timeoutSeconds * 1000) });
export const defaultFeeLimit = (amount: Msat): Msat => msat((amount * FEE_LIMIT_PPM) / 1_000_000n + FEE_LIMIT_MSAT);

function amountOf(invoice: Invoice, given: Msat | undefined): Result<Msat, CommandFault> {
  const pointer = "/amountMsat";
  if (invoice.amount === undefined) {
    if (given === undefined || given === 0n) {
      return err({ code: "bad_request", detail: "the invoice names no amount: say how much", pointer });
    }
    return ok(given);
  }
  if (given !== undefined && given !== invoice.amount) {
    return err({ code: "bad_request", detail: `the invoice asks for ${invoice.amount} msat`, pointer });
  }
  return ok(invoice.amount);
}

/** Which of them have a code of their own. */
const FAULT_CODE: Partial<Record<InvoiceFault["code"], CommandFault["code"]>> = {
  wrong_network: "wrong_network",
  unsupported_feature: "invoice_unsupported",
};
const invoiceFault = (code: InvoiceFault["code"]): CommandFault => ({
  code: FAULT_CODE[code] ?? "bad_request",
  detail: `not an invoice that can be paid: ${code.replaceAll("_", " ")}`,
  pointer: "/bolt11",
});

export function paymentInfo(payment: Payment): PaymentInfo {
  const { request, createdAt } = payment;
  return {
    id: `pay_${request.paymentHash}`,
    paymentHash: request.paymentHash,
    state: payment.tag === "Succeeded" ? "succeeded" : payment.tag === "Failed" ? "failed" : "pending",
    keysend: request.purpose.tag === "Keysend",
    payee: request.payee,
    amount: request.amount,
    fee: payment.tag === "Succeeded" ? payment.fee : undefined,
    preimage: payment.tag === "Succeeded" ? payment.preimage : undefined,
    failure:
      payment.tag === "Failed"
        ? { code: FAILURE_CODE[payment.failure.code], detail: payment.failure.detail }
        : undefined,
    hops: payment.tag === "Succeeded" ? payment.hops : undefined,
    createdAt,
    endedAt: payment.tag === "Succeeded" || payment.tag === "Failed" ? payment.endedAt : undefined,
  };
}
/** Which failures have a code of their own. */
const FAILURE_CODE: { readonly [C in PaymentFailureCode]: CommandFault["code"] } = {
  no_route: "no_route",
  fee_too_high: "fee_too_high",
  rejected_by_payee: "payment_failed",
  timeout: "payment_failed",
  attempts_exhausted: "payment_failed",
  stale_tip: "stale_tip",
  too_many_waiting: "too_many_waiting",
};

/** `pay_…`, `inv_…` or the bare hash. */
export const hashOfId = (id: string): PaymentHash | undefined => parsePaymentHash(id.replace(/^(pay|inv)_/, ""));

const PORT_MAX = 65_535;
/** `id@host:port`, with an IPv6 host in brackets. */
function nodeIn(text: string): Decoded | undefined {
  const [, id = "", name = "", digits] = /^(0[23][0-9a-fA-F]{64})@([^:\s]+|\[[^\s\]]+\]):(\d{1,5})$/.exec(text) ?? [];
  const [nodeId, port] = [parseNodeId(id.toLowerCase()), Number(digits)];
  if (nodeId === undefined || !(port > 0 && port <= PORT_MAX)) return undefined;
  return { kind: "node", nodeId, host: name.replace(/^\[|\]$/g, ""), port };
}

/** What a text is: an invoice, a node's address, a Bitcoin address. */
export function decodeText(hosts: Hosts, text: string): Result<Decoded, CommandFault> {
  const { params } = hosts.ctx;
  const bare = text.trim().replace(/^lightning:/i, "");
  const node = nodeIn(bare);
  if (node !== undefined) return ok(node);
  if (scriptOfAddress(bare, params).ok) return ok({ kind: "address", address: bare, network: params.network });
  const invoice = decodeInvoice(bare, params.network);
  if (!invoice.ok) {
    const detail = `neither invoice, address nor node: ${invoice.error.code.replaceAll("_", " ")}`;
    return err({ code: "bad_request", detail, pointer: "/text" });
  }
  const { payee, amount, paymentHash: hash, description, timestamp, minFinalCltvExpiryDelta } = invoice.value;
  return ok({
    kind: "bolt11",
    network: params.network,
    payee,
    amount,
    paymentHash: hash,
    description,
    createdAt: unixMs(timestamp * 1000),
    expiresAt: invoiceExpiry(invoice.value),
    minFinalCltvExpiryDelta,
  });
}
