import type { Codec } from "../codec/codec.ts";
import { optional, struct, union } from "../codec/codec.ts";
import { amountMsat, bytes, channelId, paymentHash, preimage, text, u8, u16, u64 } from "../codec/primitives.ts";
import type { InvoiceRecord } from "./invoice-record.ts";
import { time, versioned } from "./record-codecs.ts";

const status = union(u8, {
  Open: [1, struct({})],
  Settled: [2, struct({ received: amountMsat, settledAt: time, htlc: struct({ channelId, htlcId: u64 }) })],
  Expired: [3, struct({ at: time })],
  Canceled: [4, struct({ at: time })],
});

/** An invoice of ours as it stands in the store, under its hash. */
export const invoiceRecord: Codec<InvoiceRecord> = versioned(
  1,
  struct({
    paymentHash,
    preimage,
    paymentSecret: bytes(32),
    amount: optional(amountMsat),
    description: text,
    bolt11: text,
    externalId: optional(text),
    minFinalCltvExpiryDelta: u16,
    createdAt: time,
    expiresAt: time,
    status,
  }),
);
