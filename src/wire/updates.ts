import { listOf, struct, type ValueOf } from "../codec/codec.ts";
import {
  amountMsat,
  bytes,
  bytesOf,
  channelId,
  expiry,
  feerate,
  paymentHash,
  point,
  preimage,
  signature,
  txid,
  u8,
  u16,
  u64,
} from "../codec/primitives.ts";
import { tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** A payment's onion is of one size, whatever the route. BOLT 4 §Packet Structure. */
export const ONION_PACKET_BYTES = 1366;

/** BOLT 2 §Adding an HTLC: update_add_htlc. */
export const UpdateAddHtlc = message(
  "update_add_htlc",
  128,
  {
    channel_id: channelId,
    id: u64,
    amount_msat: amountMsat,
    payment_hash: paymentHash,
    cltv_expiry: expiry,
    onion_routing_packet: bytes(ONION_PACKET_BYTES),
  },
  { blinded_path: tlv(0, point) },
);
export type UpdateAddHtlc = MessageOf<typeof UpdateAddHtlc>;

/** 20 hold times of 4 bytes, then 210 authenticators cut to 4 bytes. BOLT 4 §Initialization of attribution_data. */
const attributionData = struct({ htlc_hold_times: bytes(20 * 4), truncated_hmacs: bytes(210 * 4) });
export type AttributionData = ValueOf<typeof attributionData>;
const settlementTlvs = { attribution_data: tlv(1, attributionData) };

/** BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc. */
export const UpdateFulfillHtlc = message(
  "update_fulfill_htlc",
  130,
  { channel_id: channelId, id: u64, payment_preimage: preimage },
  settlementTlvs,
);
export type UpdateFulfillHtlc = MessageOf<typeof UpdateFulfillHtlc>;
/** BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc. */
export const UpdateFailHtlc = message(
  "update_fail_htlc",
  131,
  { channel_id: channelId, id: u64, reason: bytesOf(u16) },
  settlementTlvs,
);
export type UpdateFailHtlc = MessageOf<typeof UpdateFailHtlc>;
/** BOLT 2 §Removing an HTLC: update_fulfill_htlc, update_fail_htlc, and update_fail_malformed_htlc. */
export const UpdateFailMalformedHtlc = message("update_fail_malformed_htlc", 135, {
  channel_id: channelId,
  id: u64,
  sha256_of_onion: bytes(32),
  failure_code: u16,
});
export type UpdateFailMalformedHtlc = MessageOf<typeof UpdateFailMalformedHtlc>;

/** BOLT 2 §Updating Fees: update_fee. */
export const UpdateFee = message("update_fee", 134, { channel_id: channelId, feerate_per_kw: feerate });
export type UpdateFee = MessageOf<typeof UpdateFee>;

/** BOLT 2 §Committing Updates So Far: commitment_signed. */
export const CommitmentSigned = message(
  "commitment_signed",
  132,
  { channel_id: channelId, signature, htlc_signature: listOf(u16, signature) },
  { funding_txid: tlv(1, txid) },
);
export type CommitmentSigned = MessageOf<typeof CommitmentSigned>;

/** BOLT 2 §Completing the Transition to the Updated State: revoke_and_ack. */
export const RevokeAndAck = message("revoke_and_ack", 133, {
  channel_id: channelId,
  per_commitment_secret: bytes(32),
  next_per_commitment_point: point,
});
export type RevokeAndAck = MessageOf<typeof RevokeAndAck>;

/** BOLT 2 §Batching channel messages. */
export const StartBatch = message(
  "start_batch",
  127,
  { channel_id: channelId, batch_size: u16 },
  { message_type: tlv(1, u16) },
);
export type StartBatch = MessageOf<typeof StartBatch>;

/** BOLT 2 §Message Retransmission. */
export const ChannelReestablish = message(
  "channel_reestablish",
  136,
  {
    channel_id: channelId,
    next_commitment_number: u64,
    next_revocation_number: u64,
    your_last_per_commitment_secret: bytes(32),
    my_current_per_commitment_point: point,
  },
  {
    next_funding: tlv(1, struct({ next_funding_txid: txid, retransmit_flags: u8 })),
    my_current_funding_locked: tlv(5, struct({ my_current_funding_locked_txid: txid, retransmit_flags: u8 })),
  },
);
export type ChannelReestablish = MessageOf<typeof ChannelReestablish>;
