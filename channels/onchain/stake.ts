import type { Htlc } from "../htlc.ts";

/**
 * Whether an HTLC is lost if we are late: the peer takes back one whose preimage we have, and whoever one came from that we
 * passed on takes it back while the peer may still claim it from us. One that we offered for ourselves is either paid or
 * comes back, whenever; so is one whose preimage we know, which upstream has paid for already.
 */
export const isAtStake = (htlc: Htlc): boolean =>
  htlc.side === "offered"
    ? htlc.origin.tag === "relay" && htlc.preimage === undefined
    : htlc.removal?.tag === "fulfilled";
