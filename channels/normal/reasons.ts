import type { Htlc } from "../htlc.ts";

/**
 * What the reasons of a channel's failed HTLCs may weigh together, as all of them are written with every change of it. As many
 * as a channel can have of the usual 292 bytes, or of 1,024, are far from it. Policy, not protocol.
 */
const REASONS_BYTES_MAX = 1 << 19;
/** Nobody can read it: all that it says is that the HTLC has failed. */
const NO_REASON = new Uint8Array(0);

/**
 * A reason as it is kept and passed on: whole, however long it is, until a peer has filled the record with others like it.
 * RELIABILITY D13.
 */
export function keptReason(htlcs: readonly Htlc[], reason: Uint8Array): Uint8Array {
  let room = REASONS_BYTES_MAX;
  for (const { removal } of htlcs) if (removal?.tag === "failed") room -= removal.reason.length;
  return reason.length <= room ? reason : NO_REASON;
}
