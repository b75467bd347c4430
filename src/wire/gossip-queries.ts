import { listToEnd, struct } from "../codec/codec.ts";
import { blockHashCodec, bytesOf, rest, u8, u16, u32 } from "../codec/primitives.ts";
import { tlv } from "../codec/tlv.ts";
import { bigSize } from "../codec/varint.ts";
import { type MessageOf, message } from "./declare.ts";

/** BOLT 7 §The query_short_channel_ids/reply_short_channel_ids_end Messages. */
export const QueryShortChannelIds = message(
  "query_short_channel_ids",
  261,
  { chain_hash: blockHashCodec, encoded_short_ids: bytesOf(u16) },
  { query_flags: tlv(1, struct({ encoding_type: u8, encoded_query_flags: rest })) },
);
export type QueryShortChannelIds = MessageOf<typeof QueryShortChannelIds>;
/** BOLT 7 §The query_short_channel_ids/reply_short_channel_ids_end Messages. */
export const ReplyShortChannelIdsEnd = message("reply_short_channel_ids_end", 262, {
  chain_hash: blockHashCodec,
  full_information: u8,
});
export type ReplyShortChannelIdsEnd = MessageOf<typeof ReplyShortChannelIdsEnd>;

/** BOLT 7 §The query_channel_range and reply_channel_range Messages. */
export const QueryChannelRange = message(
  "query_channel_range",
  263,
  { chain_hash: blockHashCodec, first_blocknum: u32, number_of_blocks: u32 },
  { query_option: tlv(1, bigSize) },
);
export type QueryChannelRange = MessageOf<typeof QueryChannelRange>;
/** BOLT 7 §The query_channel_range and reply_channel_range Messages. */
export const ReplyChannelRange = message(
  "reply_channel_range",
  264,
  {
    chain_hash: blockHashCodec,
    first_blocknum: u32,
    number_of_blocks: u32,
    sync_complete: u8,
    encoded_short_ids: bytesOf(u16),
  },
  {
    timestamps_tlv: tlv(1, struct({ encoding_type: u8, encoded_timestamps: rest })),
    checksums_tlv: tlv(3, listToEnd(struct({ checksum_node_id_1: u32, checksum_node_id_2: u32 }))),
  },
);
export type ReplyChannelRange = MessageOf<typeof ReplyChannelRange>;

/** BOLT 7 §The gossip_timestamp_filter Message. */
export const GossipTimestampFilter = message("gossip_timestamp_filter", 265, {
  chain_hash: blockHashCodec,
  first_timestamp: u32,
  timestamp_range: u32,
});
export type GossipTimestampFilter = MessageOf<typeof GossipTimestampFilter>;
