import { z } from "zod";
import { count, nodeId, outpoint, sat, time } from "./shapes.ts";

const id = z.string().regex(/^ch_[0-9a-f]{64}$/);
/** The newest static backup of the channels. */
export const backupShape = z.object({
  text: z.string().meta({ description: "to be kept elsewhere; sealed: readable with the node's words alone" }),
  changedAt: time.meta({ description: "when a channel last came or went" }),
  channels: count,
});
/** What a backup says, held against the running node. */
export const backupCheckShape = z.object({
  network: z.string(),
  changedAt: time,
  isComplete: z.boolean().meta({ description: "it has every channel that the node has" }),
  channels: z.array(
    z.object({
      id,
      peer: nodeId,
      funding: outpoint,
      capacitySat: sat,
      standing: z.enum(["open", "closed", "unknown"]).meta({ description: "of the channel at this node" }),
    }),
  ),
  missing: z.array(id).meta({ description: "channels of the node that are not in it" }),
});
