import { type Codec, listOf, optional, refine, struct, union, type ValueOf } from "../../src/codec/codec.ts";
import {
  amountMsat,
  bytes,
  bytesOf,
  channelId,
  enumeration,
  expiry,
  feerate,
  paymentHash,
  point,
  preimage,
  text,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../../src/codec/primitives.ts";
import { OFFERED_STEPS, RECEIVED_STEPS } from "../changes.ts";
import type { Htlc, HtlcOrigin, HtlcStep, OfferedStep, ReceivedStep, Removal } from "../htlc.ts";
import { secretStore } from "../keys/commitment-secrets.ts";
import type { Commitments } from "../state.ts";
import { others, signatures } from "./fundings.ts";
import { nothing, older, once } from "./parts.ts";

const origin: Codec<HtlcOrigin> = union(u8, {
  payment: [0, struct({ paymentId: text, attempt: u32 })],
  relay: [1, struct({ channelId, htlcId: u64 })],
});
const removal: Codec<Removal> = union(u8, {
  fulfilled: [0, struct({ preimage })],
  failed: [1, struct({ reason: bytesOf(u16) })],
  malformed: [2, struct({ code: u16, sha256OfOnion: bytes(32) })],
});
const offeredStep: Codec<OfferedStep> = enumeration("offered_step", ...OFFERED_STEPS);
const receivedStep: Codec<ReceivedStep> = enumeration("received_step", ...RECEIVED_STEPS);
const htlcTerms = {
  id: u64,
  amount: amountMsat,
  paymentHash,
  expiry,
  onion: bytesOf(u16),
  removal: optional(removal),
};
const taggedHtlc = union(u8, {
  offered: [0, struct({ ...htlcTerms, step: offeredStep, origin, preimage: optional(preimage) })],
  received: [1, struct({ ...htlcTerms, step: receivedStep })],
  blinded: [2, struct({ ...htlcTerms, step: receivedStep })],
});
const htlc: Codec<Htlc> = once(
  refine(
    "htlc",
    taggedHtlc,
    ({ tag, ...rest }) =>
      (tag === "blinded" ? { side: "received", ...rest, blinded: true } : { side: tag, ...rest }) as Htlc,
    ({ side, ...rest }) => ({ ...rest, tag: "blinded" in rest ? "blinded" : side }) as ValueOf<typeof taggedHtlc>,
  ),
);

/** A step of either life in one byte: that of a received HTLC behind those of an offered one. */
const feeStep: Codec<HtlcStep> = enumeration("fee_step", ...OFFERED_STEPS, ...RECEIVED_STEPS);
const updateRef = union(u8, {
  add: [0, struct({ id: u64 })],
  remove: [1, struct({ id: u64 })],
  fee: [2, nothing],
});
const fields = {
  balance: struct({ local: amountMsat, remote: amountMsat }),
  feerate,
  feeUpdates: listOf(u8, struct({ feerate, step: feeStep })),
  htlcs: listOf(u16, htlc),
  local: struct({ number: u64, signatures }),
  remote: struct({ number: u64, point, txid }),
  remoteNextPoint: optional(point),
  sent: optional(struct({ txid, signatures, updates: listOf(u16, updateRef) })),
  proposed: listOf(u16, updateRef),
  nextOfferedId: u64,
  nextReceivedId: u64,
  secrets: once(secretStore),
  lastSent: enumeration("last_sent", "neither", "commitment_signed", "revoke_and_ack"),
};
export const commitments: Codec<Commitments> = struct({ ...fields, others });
/** Of versions 1 and 2. */
export const commitmentsV2: Codec<Commitments> = older(struct(fields), { others: [] });
