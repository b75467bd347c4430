import { z } from "zod";
import { code, count, hash, hex, msat, nodeId, time } from "./shapes.ts";

/** What answers about invoices and payments look like. */
export const invoiceShape = z.object({
  id: z.string(),
  paymentHash: hash,
  bolt11: z.string(),
  state: z.enum(["open", "settled", "expired", "canceled"]),
  amountMsat: msat.nullable(),
  receivedMsat: msat.nullable(),
  description: z.string(),
  externalId: z.string().nullable(),
  createdAt: time,
  expiresAt: time,
  settledAt: time.nullable(),
});
export const paymentShape = z.object({
  id: z.string(),
  paymentHash: hash,
  state: z.enum(["pending", "succeeded", "failed"]),
  keysend: z.boolean().meta({ description: "without an invoice" }),
  payee: nodeId,
  amountMsat: msat,
  feeMsat: msat.nullable(),
  preimage: hash.nullable(),
  failure: z.object({ code, detail: z.string() }).nullable(),
  hops: count.nullable(),
  createdAt: time,
  endedAt: time.nullable(),
});
export const keysendShape = z.object({
  id: z.string(),
  paymentHash: hash,
  amountMsat: msat,
  customRecords: z
    .record(z.string(), hex)
    .meta({ description: "what the sender wrote for applications: the type of a TLV record, and its value in hex" }),
  receivedAt: time,
});
export const decodedShape = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("bolt11"),
    network: z.string(),
    payee: nodeId,
    amountMsat: msat.nullable(),
    paymentHash: hash,
    description: z.string().nullable(),
    createdAt: time,
    expiresAt: time,
    minFinalCltvExpiryDelta: count,
  }),
  z.object({ kind: z.literal("node"), nodeId, host: z.string(), port: count }),
  z.object({ kind: z.literal("address"), address: z.string(), network: z.string() }),
]);
