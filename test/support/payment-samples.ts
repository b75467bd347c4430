import { type ChannelId, type NodeId, type PaymentHash, type Preimage, shortChannelId } from "../../src/base/ids.ts";
import { cltvExpiry, msat, unixMs } from "../../src/base/units.ts";
import type { Keysend } from "../../src/payments/keysend.ts";
import type { Payment, PaymentFailure, PaymentRequest } from "../../src/payments/payment.ts";

const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const NODES = { bob: `02${"b1".repeat(32)}` as NodeId, carol: `03${"c2".repeat(32)}` as NodeId };
const HOP = { nodeId: NODES.bob, shortChannelId: shortChannelId(7, 1, 0) };

/** One that says as much as a request can, so that the place of every field counts. */
const INVOICE: PaymentRequest = {
  paymentHash: "a1".repeat(32) as PaymentHash,
  payee: NODES.carol,
  amount: msat(1_000_000_007n),
  paymentSecret: fill(0xa2),
  paymentMetadata: Uint8Array.of(1, 2, 3),
  minFinalCltvExpiryDelta: 18,
  routeHints: [[{ ...HOP, feeBaseMsat: 1_000, feeProportionalMillionths: 250, cltvExpiryDelta: 80 }]],
  maxFee: msat(5_000n),
  deadline: unixMs(1_700_000_060_000),
  customRecords: [],
  purpose: { tag: "Invoice", bolt11: "lnbcrt1example", idempotencyKey: "" },
};
const TICK: PaymentRequest = {
  ...INVOICE,
  paymentMetadata: undefined,
  routeHints: [],
  customRecords: [{ type: 658_112_311n, value: Uint8Array.of(9, 8, 7) }],
  purpose: { tag: "Tick", sessionId: "ses_1", sequence: 12n },
};
const KEYSEND: PaymentRequest = {
  ...INVOICE,
  paymentSecret: undefined,
  paymentMetadata: undefined,
  routeHints: [],
  customRecords: [
    { type: 65_536n, value: new Uint8Array(0) },
    { type: 2n ** 64n - 1n, value: new Uint8Array(300).fill(0xa6) },
  ],
  purpose: { tag: "Keysend", preimage: "a7".repeat(32) as Preimage },
};
const FAILURE: PaymentFailure = { code: "stale_tip", detail: "no block for an hour" };
const BEGUN = { createdAt: unixMs(1_700_000_000_000), attempts: 3 };
const EXCLUDED = { edges: [{ from: NODES.bob, shortChannelId: shortChannelId(8, 2, 1) }], nodes: [NODES.carol] };
const UNDERWAY = { ...BEGUN, attemptsBefore: 2, excluded: EXCLUDED, lastFailure: FAILURE };
const ROUTE = {
  hops: [
    { ...HOP, amount: msat(1_000_001_000n), expiry: cltvExpiry(198) },
    {
      nodeId: NODES.carol,
      shortChannelId: shortChannelId(9, 3, 2),
      amount: msat(1_000_000_007n),
      expiry: cltvExpiry(118),
    },
  ],
};

/** A payment of each kind that there can be on a disk. */
export const PAYMENTS: Readonly<Record<string, Payment>> = {
  routing: { tag: "Routing", request: INVOICE, ...UNDERWAY },
  "in-flight": {
    tag: "InFlight",
    request: INVOICE,
    ...UNDERWAY,
    attempt: { number: 3, sessionKey: fill(0xa3), route: ROUTE },
  },
  "in-flight-tick": {
    tag: "InFlight",
    request: TICK,
    ...UNDERWAY,
    lastFailure: undefined,
    attempt: { number: 1, sessionKey: fill(0xa4), route: ROUTE },
  },
  "in-flight-keysend": {
    tag: "InFlight",
    request: KEYSEND,
    ...UNDERWAY,
    attempt: { number: 3, sessionKey: fill(0xa8), route: ROUTE },
  },
  succeeded: {
    tag: "Succeeded",
    request: INVOICE,
    ...BEGUN,
    preimage: "a5".repeat(32) as Preimage,
    fee: msat(993n),
    hops: 2,
    endedAt: unixMs(1_700_000_001_000),
  },
  failed: { tag: "Failed", request: INVOICE, ...BEGUN, failure: FAILURE, endedAt: unixMs(1_700_000_002_000) },
};

/** What came in without an invoice. */
export const KEYSENDS: Readonly<Record<string, Keysend>> = {
  received: {
    paymentHash: "a9".repeat(32) as PaymentHash,
    preimage: "aa".repeat(32) as Preimage,
    received: msat(21_000_001n),
    customRecords: KEYSEND.customRecords,
    receivedAt: unixMs(1_700_000_003_000),
    htlc: { channelId: "ab".repeat(32) as ChannelId, htlcId: 77n },
  },
};
