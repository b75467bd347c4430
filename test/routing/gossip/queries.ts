import { encodeShortIds } from "../../../routing/gossip/short-ids.ts";
import type { BlockHash, ShortChannelId } from "../../../src/base/ids.ts";
import type { QueryChannelRange, QueryShortChannelIds, ReplyChannelRange } from "../../../src/wire/gossip-queries.ts";
import { CHAIN } from "./messages.ts";

export const OTHER_CHAIN = "ee".repeat(32) as BlockHash;
export const U32_MAX = 0xffff_ffff;
export const range = (first: number, count: number, chain = CHAIN): QueryChannelRange => ({
  name: "query_channel_range",
  chain_hash: chain,
  first_blocknum: first,
  number_of_blocks: count,
});
export const reply = (
  first: number,
  count: number,
  ids: readonly ShortChannelId[],
  chain = CHAIN,
): ReplyChannelRange => ({
  name: "reply_channel_range",
  chain_hash: chain,
  first_blocknum: first,
  number_of_blocks: count,
  sync_complete: 1,
  encoded_short_ids: encodeShortIds(ids),
});
export const query = (ids: readonly ShortChannelId[], chain = CHAIN): QueryShortChannelIds => ({
  name: "query_short_channel_ids",
  chain_hash: chain,
  encoded_short_ids: encodeShortIds(ids),
});
