import {
  amountMsat,
  amountSat,
  blockHashCodec,
  channelId,
  feerate,
  point,
  rest,
  shortChannelId,
  signature,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../codec/primitives.ts";
import { presence, tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** `max_htlc_value_in_flight_msat` is no amount type: all 64 bits set is a usual way to say "no limit". */
const inFlightLimit = u64;
const basepoints = {
  funding_pubkey: point,
  revocation_basepoint: point,
  payment_basepoint: point,
  delayed_payment_basepoint: point,
  htlc_basepoint: point,
  first_per_commitment_point: point,
};
const channelTlvs = { upfront_shutdown_script: tlv(0, rest), channel_type: tlv(1, rest) };

/** BOLT 2 §The open_channel Message. */
export const OpenChannel = message(
  "open_channel",
  32,
  {
    chain_hash: blockHashCodec,
    temporary_channel_id: channelId,
    funding_satoshis: amountSat,
    push_msat: amountMsat,
    dust_limit_satoshis: amountSat,
    max_htlc_value_in_flight_msat: inFlightLimit,
    channel_reserve_satoshis: amountSat,
    htlc_minimum_msat: amountMsat,
    feerate_per_kw: feerate,
    to_self_delay: u16,
    max_accepted_htlcs: u16,
    ...basepoints,
    channel_flags: u8,
  },
  channelTlvs,
);
export type OpenChannel = MessageOf<typeof OpenChannel>;

/** BOLT 2 §The accept_channel Message. */
export const AcceptChannel = message(
  "accept_channel",
  33,
  {
    temporary_channel_id: channelId,
    dust_limit_satoshis: amountSat,
    max_htlc_value_in_flight_msat: inFlightLimit,
    channel_reserve_satoshis: amountSat,
    htlc_minimum_msat: amountMsat,
    minimum_depth: u32,
    to_self_delay: u16,
    max_accepted_htlcs: u16,
    ...basepoints,
  },
  channelTlvs,
);
export type AcceptChannel = MessageOf<typeof AcceptChannel>;

/** BOLT 2 §The funding_created Message. */
export const FundingCreated = message("funding_created", 34, {
  temporary_channel_id: channelId,
  funding_txid: txid,
  funding_output_index: u16,
  signature,
});
export type FundingCreated = MessageOf<typeof FundingCreated>;

/** BOLT 2 §The funding_signed Message. */
export const FundingSigned = message("funding_signed", 35, { channel_id: channelId, signature });
export type FundingSigned = MessageOf<typeof FundingSigned>;

/** BOLT 2 §The channel_ready Message. */
export const ChannelReady = message(
  "channel_ready",
  36,
  { channel_id: channelId, second_per_commitment_point: point },
  { short_channel_id: tlv(1, shortChannelId) },
);
export type ChannelReady = MessageOf<typeof ChannelReady>;

/** BOLT 2 §The open_channel2 Message. */
export const OpenChannel2 = message(
  "open_channel2",
  64,
  {
    chain_hash: blockHashCodec,
    temporary_channel_id: channelId,
    funding_feerate_perkw: feerate,
    commitment_feerate_perkw: feerate,
    funding_satoshis: amountSat,
    dust_limit_satoshis: amountSat,
    max_htlc_value_in_flight_msat: inFlightLimit,
    htlc_minimum_msat: amountMsat,
    to_self_delay: u16,
    max_accepted_htlcs: u16,
    locktime: u32,
    ...basepoints,
    second_per_commitment_point: point,
    channel_flags: u8,
  },
  { ...channelTlvs, require_confirmed_inputs: tlv(2, presence) },
);
export type OpenChannel2 = MessageOf<typeof OpenChannel2>;

/** BOLT 2 §The accept_channel2 Message. */
export const AcceptChannel2 = message(
  "accept_channel2",
  65,
  {
    temporary_channel_id: channelId,
    funding_satoshis: amountSat,
    dust_limit_satoshis: amountSat,
    max_htlc_value_in_flight_msat: inFlightLimit,
    htlc_minimum_msat: amountMsat,
    minimum_depth: u32,
    to_self_delay: u16,
    max_accepted_htlcs: u16,
    ...basepoints,
    second_per_commitment_point: point,
  },
  { ...channelTlvs, require_confirmed_inputs: tlv(2, presence) },
);
export type AcceptChannel2 = MessageOf<typeof AcceptChannel2>;
