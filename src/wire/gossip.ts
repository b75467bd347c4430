import {
  blockHashCodec,
  bytes,
  bytesOf,
  channelId,
  nodeId,
  point,
  shortChannelId,
  signature,
  u8,
  u16,
  u32,
  u64,
} from "../codec/primitives.ts";
import { sha256d } from "../crypto/hash.ts";
import { type MessageOf, message } from "./declare.ts";

/** BOLT 7 §The channel_announcement Message. */
export const ChannelAnnouncement = message("channel_announcement", 256, {
  node_signature_1: signature,
  node_signature_2: signature,
  bitcoin_signature_1: signature,
  bitcoin_signature_2: signature,
  features: bytesOf(u16),
  chain_hash: blockHashCodec,
  short_channel_id: shortChannelId,
  node_id_1: nodeId,
  node_id_2: nodeId,
  bitcoin_key_1: point,
  bitcoin_key_2: point,
});
export type ChannelAnnouncement = MessageOf<typeof ChannelAnnouncement>;

/** `addresses` is read by `readAddresses`. BOLT 7 §The node_announcement Message. */
export const NodeAnnouncement = message("node_announcement", 257, {
  signature,
  features: bytesOf(u16),
  timestamp: u32,
  node_id: nodeId,
  rgb_color: bytes(3),
  alias: bytes(32),
  addresses: bytesOf(u16),
});
export type NodeAnnouncement = MessageOf<typeof NodeAnnouncement>;

/**
 * The HTLC limits are bare integers: one node's senseless update must not make its relayers look malformed.
 * BOLT 7 §The channel_update Message.
 */
export const ChannelUpdate = message("channel_update", 258, {
  signature,
  chain_hash: blockHashCodec,
  short_channel_id: shortChannelId,
  timestamp: u32,
  message_flags: u8,
  channel_flags: u8,
  cltv_expiry_delta: u16,
  htlc_minimum_msat: u64,
  fee_base_msat: u32,
  fee_proportional_millionths: u32,
  htlc_maximum_msat: u64,
});
export type ChannelUpdate = MessageOf<typeof ChannelUpdate>;

/** BOLT 7 §The announcement_signatures Message. */
export const AnnouncementSignatures = message("announcement_signatures", 259, {
  channel_id: channelId,
  short_channel_id: shortChannelId,
  node_signature: signature,
  bitcoin_signature: signature,
});
export type AnnouncementSignatures = MessageOf<typeof AnnouncementSignatures>;

const SIGNATURE_BYTES = 64;
/** How many bytes of signatures stand in front of what they sign. */
const SIGNED_FROM = {
  channel_announcement: 4 * SIGNATURE_BYTES,
  node_announcement: SIGNATURE_BYTES,
  channel_update: SIGNATURE_BYTES,
} as const;

/**
 * What the signatures of a gossip message cover: all of the raw payload (without its type) behind them, also bytes that
 * we do not understand. BOLT 7 §The channel_announcement Message.
 */
export const signedRegion = (name: keyof typeof SIGNED_FROM, payload: Uint8Array): Uint8Array =>
  payload.subarray(SIGNED_FROM[name]);
/** The digest under the signatures: double SHA-256 of the signed region. */
export const signedDigest = (name: keyof typeof SIGNED_FROM, payload: Uint8Array): Uint8Array =>
  sha256d(signedRegion(name, payload));
