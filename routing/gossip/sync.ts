import { type BlockHash, unpackShortChannelId } from "../../src/base/ids.ts";
import type {
  GossipTimestampFilter,
  QueryChannelRange,
  QueryShortChannelIds,
  ReplyChannelRange,
  ReplyShortChannelIdsEnd,
} from "../../src/wire/gossip-queries.ts";
import type { Graph } from "../graph/graph.ts";
import { IdList } from "./id-list.ts";
import { decodeShortIds, encodeShortIds } from "./short-ids.ts";

/**
 * Asking one peer for the channels that we do not know: first which there are, then those that are missing, a batch after
 * the other, never two queries of one kind at a time. Changed in place; forgotten with the connection.
 */
export interface Asking {
  /** A `query_channel_range` that is not answered to its end. */
  range: RangeQuery | undefined;
  /** To be asked for, in ascending order. */
  wanted: BigUint64Array;
  /** A `query_short_channel_ids` is not answered to its end. */
  inFlight: boolean;
}
interface RangeQuery {
  /** The block behind the last one that we asked for. */
  readonly end: number;
  /** `first_blocknum` of the last reply. */
  last: number;
  replies: number;
  readonly unknown: IdList;
}
export type AskingMessage = GossipTimestampFilter | QueryChannelRange | QueryShortChannelIds;
/** What to send, or why the peer is at fault: then all that it told us is forgotten. */
export interface AskingStep {
  readonly send: readonly AskingMessage[];
  readonly warning: string | undefined;
}

const U32_MAX = 0xffff_ffff;
/** Policy, not protocol: more than all channels that there are (RELIABILITY D5). */
const WANTED_MAX = 100_000;
const REPLIES_MAX = 10_000;
/** Policy, not protocol: ids in one query. */
const BATCH_IDS = 500;

const NO_IDS = new BigUint64Array(0);
export const emptyAsking = (): Asking => ({ range: undefined, wanted: NO_IDS, inFlight: false });
/** Everything that the peer told us of has been asked for and answered. */
export const isSynced = ({ range, wanted, inFlight }: Asking): boolean =>
  range === undefined && wanted.length === 0 && !inFlight;

const NOTHING: AskingStep = { send: [], warning: undefined };
const sending = (...send: readonly AskingMessage[]): AskingStep => ({ send, warning: undefined });
function atFault(asking: Asking, warning: string): AskingStep {
  asking.range = undefined;
  asking.wanted = NO_IDS;
  return { send: [], warning };
}

/**
 * The first messages to a peer: what it is to send us from now on, and the question which channels it knows.
 *
 * @param since         Unix seconds; news from then on, also those that it has already
 * @param offersQueries feature `gossip_queries`; without it the peer is not worth asking
 *
 * Source: BOLT 7 §The query_channel_range and reply_channel_range Messages.
 */
export function beginSync(asking: Asking, chain: BlockHash, since: number, offersQueries: boolean): AskingStep {
  const filter = (first_timestamp: number, timestamp_range: number): GossipTimestampFilter => ({
    name: "gossip_timestamp_filter",
    chain_hash: chain,
    first_timestamp,
    timestamp_range,
  });
  if (!offersQueries) return sending(filter(U32_MAX, 0));
  if (asking.range !== undefined) return sending(filter(since, U32_MAX));
  asking.range = { end: U32_MAX, last: 0, replies: 0, unknown: new IdList() };
  const query: QueryChannelRange = {
    name: "query_channel_range",
    chain_hash: chain,
    first_blocknum: 0,
    number_of_blocks: U32_MAX,
  };
  return sending(filter(since, U32_MAX), query);
}

/** Takes a `reply_channel_range`. One that was not asked for is ignored. Its `sync_complete` is not looked at: older nodes set it on all. */
export function receiveRange(asking: Asking, graph: Graph, chain: BlockHash, reply: ReplyChannelRange): AskingStep {
  const { range } = asking;
  if (range === undefined || reply.chain_hash !== chain) return NOTHING;
  const ids = decodeShortIds(reply.encoded_short_ids);
  if (!ids.ok) return atFault(asking, `reply_channel_range: ${ids.error}`);
  if (reply.first_blocknum < range.last) return atFault(asking, "reply_channel_range: blocks out of order");
  range.last = reply.first_blocknum;
  range.replies++;
  for (const id of ids.value) if (!graph.channels.has(id)) range.unknown.push(id);
  if (range.unknown.length > WANTED_MAX || range.replies > REPLIES_MAX)
    return atFault(asking, "reply_channel_range: more than there can be");
  if (reply.first_blocknum + reply.number_of_blocks < range.end) return NOTHING;
  asking.range = undefined;
  return wantChannels(asking, chain, range.unknown.all());
}

/** Asks for these channels, now or after what is being asked for already. */
export function wantChannels(asking: Asking, chain: BlockHash, ids: Iterable<bigint>): AskingStep {
  const wanted = BigUint64Array.from([...asking.wanted, ...ids]).sort();
  asking.wanted = wanted.filter((id, at) => id !== wanted[at - 1]).subarray(0, WANTED_MAX);
  return asking.inFlight ? NOTHING : nextBatch(asking, chain);
}

/** Takes a `reply_short_channel_ids_end` and asks for the next batch. One that was not asked for is ignored (RELIABILITY D7). */
export function receiveEnd(asking: Asking, chain: BlockHash, reply: ReplyShortChannelIdsEnd): AskingStep {
  if (!asking.inFlight || reply.chain_hash !== chain) return NOTHING;
  asking.inFlight = false;
  return nextBatch(asking, chain);
}

function nextBatch(asking: Asking, chain: BlockHash): AskingStep {
  const batch = asking.wanted.subarray(0, BATCH_IDS);
  if (batch.length === 0) return NOTHING;
  asking.wanted = asking.wanted.subarray(BATCH_IDS);
  asking.inFlight = true;
  return sending({
    name: "query_short_channel_ids",
    chain_hash: chain,
    encoded_short_ids: encodeShortIds(Array.from(batch, unpackShortChannelId)),
  });
}
