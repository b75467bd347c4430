import { z } from "zod";

/** In a `node_announcement`. BOLT 7 §The node_announcement Message. */
const ALIAS_BYTES = 32;
/** Of a setting: what our node is called on maps. */
export const nodeName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= ALIAS_BYTES, `must have at most ${ALIAS_BYTES} bytes of UTF-8`);
