import { z } from "zod";
import { count, outpoint, sat, transactionShape } from "./shapes.ts";

/** What answers about coins that are watched without keys look like. */
export const watchShape = z.object({
  id: z.string().regex(/^[02-9ac-hj-np-z]{8}$/),
  descriptor: z.string(),
  label: z.string(),
  gap: count,
  fromHeight: count,
  scanned: z.boolean().meta({ description: "whether all blocks from there on have been looked at" }),
  scripts: count,
  used: count,
  amountSat: sat,
});
export const removedWatchShape = z.object({ id: z.string() });
export const watchedUtxoShape = z.object({
  outpoint,
  amountSat: sat,
  address: z.string().nullable(),
  height: count,
  immature: z.boolean(),
  watch: z.string(),
});
export const watchedTransactionShape = transactionShape.pick({ txid: true, deltaSat: true }).extend({ height: count });
export const ownDescriptorShape = z.object({
  type: z.enum(["segwit", "taproot"]),
  branch: z.enum(["external", "change"]),
  descriptor: z.string(),
});
