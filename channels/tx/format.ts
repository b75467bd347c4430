import { type Sat, sat } from "../../src/base/units.ts";

/**
 * Which commitment transactions a channel has: what its `channel_type` decides about BOLT 3. Both have an untweaked
 * `remotepubkey` (option_static_remotekey); `anchors` adds the anchor outputs and second stages that pay no fee.
 */
export type CommitmentFormat = "static_remotekey" | "anchors";

/** The value of each anchor, in sat. BOLT 3 §to_local_anchor and to_remote_anchor Output (option_anchors). */
export const ANCHOR_SAT: Sat = sat(330n);

/** An HTLC seen from the owner of a commitment transaction: the owner offered it, or received it. */
export type HtlcSide = "offered" | "received";
