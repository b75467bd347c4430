import { type BlockHash, type NodeId, type ShortChannelId, scidBlock } from "../../src/base/ids.ts";
import type { Result } from "../../src/base/result.ts";
import type {
  GossipTimestampFilter,
  QueryChannelRange,
  QueryShortChannelIds,
  ReplyChannelRange,
} from "../../src/wire/gossip-queries.ts";
import { encodeMessage } from "../../src/wire/registry.ts";
import type { Graph, GraphChannel, GraphNode } from "../graph/graph.ts";
import { type GossipFilter, passes } from "./relay.ts";
import { decodeQueryFlags, decodeShortIds, encodeShortIds, type ShortIdsFault } from "./short-ids.ts";

/**
 * Answering one peer. What it asked for is read from the graph piece by piece, as it is taken from us, so that no peer can
 * make us hold the graph for it (RELIABILITY D2). Changed in place; forgotten with the connection.
 */
export interface Answering {
  /** What the peer wants to hear of; undefined until it says. */
  filter: GossipFilter | undefined;
  /** What it asked for by `gossip_timestamp_filter` and has not got yet. */
  backlog: Backlog | undefined;
  /** A `query_short_channel_ids` that is not answered to its end. */
  query: IdsQuery | undefined;
  /** Range queries that it may still make, and when that was last counted. */
  ranges: number;
  countedAt: number;
}
interface Backlog {
  readonly channels: Iterator<GraphChannel>;
  readonly nodes: Iterator<GraphNode>;
}
interface IdsQuery {
  readonly items: readonly { readonly id: ShortChannelId; readonly flags: number }[];
  at: number;
  readonly nodesSent: Set<NodeId>;
}

/** Policy, not protocol: range queries of one peer, at once and for each second after (RELIABILITY D6). */
const RANGES_MAX = 10;
/** Policy, not protocol: channels and nodes that are looked at for one piece of what passes a filter, which may be nothing. */
const LOOKED_AT_MAX = 2_000;
/** As many ids as fit into one message beside its other fields. */
const IDS_PER_REPLY = 8_000;
/** Bits of a query flag. BOLT 7 §The query_short_channel_ids/reply_short_channel_ids_end Messages. */
const WANTS = { announcement: 1, updates: [2, 4], nodes: [8, 16] } as const;
const WANTS_ALL = 31;

export const emptyAnswering = (): Answering => ({
  filter: undefined,
  backlog: undefined,
  query: undefined,
  ranges: RANGES_MAX,
  countedAt: 0,
});

/** Takes a `gossip_timestamp_filter`, which replaces the one before. BOLT 7 §The gossip_timestamp_filter Message. */
export function receiveFilter(
  answering: Answering,
  graph: Graph,
  chain: BlockHash,
  message: GossipTimestampFilter,
): void {
  if (message.chain_hash !== chain) return;
  answering.filter = { first: message.first_timestamp, range: message.timestamp_range };
  answering.backlog = { channels: graph.channels.values(), nodes: graph.nodes.values() };
}

/**
 * The answer to a `query_channel_range`, in as many messages as it takes. One for another chain, for no blocks, or one too
 * many, is not answered.
 *
 * @param now Unix seconds
 *
 * Source: BOLT 7 §The query_channel_range and reply_channel_range Messages.
 */
export function answerRange(
  answering: Answering,
  graph: Graph,
  chain: BlockHash,
  query: QueryChannelRange,
  now: number,
): readonly ReplyChannelRange[] {
  if (query.chain_hash !== chain || query.number_of_blocks === 0 || !takeRange(answering, now)) return [];
  const { first_blocknum: first } = query;
  const end = first + query.number_of_blocks;
  const ids: ShortChannelId[] = [];
  for (const channel of graph.channels.values()) {
    const block = scidBlock(channel.shortChannelId);
    if (block >= first && block < end && isShown(channel)) ids.push(channel.shortChannelId);
  }
  ids.sort((a, b) => (a < b ? -1 : 1));
  const replies: ReplyChannelRange[] = [];
  let from = first;
  for (let at = 0; at === 0 || at < ids.length; at += IDS_PER_REPLY) {
    const chunk = ids.slice(at, at + IDS_PER_REPLY);
    const following = ids[at + IDS_PER_REPLY];
    // A block that goes on in the next message is named by both.
    const until = following === undefined ? end : scidBlock(chunk[chunk.length - 1] as ShortChannelId) + 1;
    replies.push({
      name: "reply_channel_range",
      chain_hash: chain,
      first_blocknum: from,
      number_of_blocks: until - from,
      sync_complete: following === undefined ? 1 : 0,
      encoded_short_ids: encodeShortIds(chunk),
    });
    if (following !== undefined) from = Math.min(until, scidBlock(following));
  }
  return replies;
}

function takeRange(answering: Answering, now: number): boolean {
  answering.ranges = Math.min(RANGES_MAX, answering.ranges + Math.max(0, now - answering.countedAt));
  answering.countedAt = now;
  if (answering.ranges < 1) return false;
  answering.ranges--;
  return true;
}

/** Others hear of a channel once there is an update for it, and until it is spent. BOLT 7 §The gossip_timestamp_filter Message. */
const isShown = (channel: GraphChannel): boolean =>
  channel.spentAt === undefined && channel.policies.some((policy) => policy !== undefined);

/**
 * Takes a `query_short_channel_ids`; its answer comes out of `nextFrames`. Ids named twice count once (RELIABILITY D6).
 *
 * @returns a warning for the peer when the query makes no sense or comes before the end of another
 */
export function receiveIdsQuery(
  answering: Answering,
  chain: BlockHash,
  query: QueryShortChannelIds,
): string | undefined {
  if (query.chain_hash !== chain) return undefined;
  if (answering.query !== undefined) return "query_short_channel_ids: the last one is not yet answered";
  const items = itemsOf(query);
  if (!items.ok) return `query_short_channel_ids: ${items.error}`;
  answering.query = { items: items.value, at: 0, nodesSent: new Set() };
  return undefined;
}

function itemsOf(query: QueryShortChannelIds): Result<IdsQuery["items"], ShortIdsFault> {
  const ids = decodeShortIds(query.encoded_short_ids);
  if (!ids.ok) return ids;
  const items = new Map<ShortChannelId, { readonly id: ShortChannelId; readonly flags: number }>();
  if (query.query_flags === undefined) {
    for (const id of ids.value) items.set(id, { id, flags: WANTS_ALL });
    return { ok: true, value: [...items.values()] };
  }
  const { encoding_type, encoded_query_flags } = query.query_flags;
  const flags = decodeQueryFlags(encoding_type, encoded_query_flags, ids.value.length);
  if (!flags.ok) return flags;
  for (const [index, id] of ids.value.entries())
    items.set(id, { id, flags: Number((flags.value[index] as bigint) & BigInt(WANTS_ALL)) });
  return { ok: true, value: [...items.values()] };
}

/** Whether the peer waits for something that `nextFrames` has. */
export const hasAnswers = (answering: Answering): boolean =>
  answering.query !== undefined || answering.backlog !== undefined;

/**
 * The next whole messages of what the peer asked for: about `bytesMax` bytes, fewer where little of the graph is wanted. To be
 * called whenever the peer has taken what it was given.
 */
export function nextFrames(
  answering: Answering,
  graph: Graph,
  chain: BlockHash,
  bytesMax: number,
): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  let bytes = 0;
  const add = (frame: Uint8Array | undefined): void => {
    if (frame === undefined) return;
    frames.push(frame);
    bytes += frame.length;
  };
  while (bytes < bytesMax && answering.query !== undefined) {
    const item = answering.query.items[answering.query.at++];
    if (item !== undefined) answerItem(graph, answering.query, item, add);
    else {
      add(encodeMessage({ name: "reply_short_channel_ids_end", chain_hash: chain, full_information: 1 }));
      answering.query = undefined;
    }
  }
  for (let looked = 0; bytes < bytesMax && looked < LOOKED_AT_MAX; looked++)
    if (answering.backlog === undefined || answering.filter === undefined) break;
    else if (!answerBacklog(answering.backlog, answering.filter, add)) answering.backlog = undefined;
  return frames;
}

type Add = (frame: Uint8Array | undefined) => void;

function answerItem(graph: Graph, query: IdsQuery, item: IdsQuery["items"][number], add: Add): void {
  const channel = graph.channels.get(item.id);
  if (channel === undefined || !isShown(channel)) return;
  if (item.flags & WANTS.announcement) add(channel.bytes);
  for (const direction of [0, 1] as const)
    if (item.flags & WANTS.updates[direction]) add(channel.policies[direction]?.bytes);
  for (const direction of [0, 1] as const) {
    const node = channel.nodes[direction];
    if ((item.flags & WANTS.nodes[direction]) === 0 || query.nodesSent.has(node.id)) continue;
    query.nodesSent.add(node.id);
    add(node.announcement?.bytes);
  }
}

/** One channel, or when there is none left one node. False at the end. */
function answerBacklog({ channels, nodes }: Backlog, filter: GossipFilter, add: Add): boolean {
  const channel = channels.next();
  if (channel.done !== true) {
    const updates = channel.value.policies.filter((policy) => policy !== undefined && passes(filter, policy.timestamp));
    if (updates.length === 0 || !isShown(channel.value)) return true;
    add(channel.value.bytes);
    for (const update of updates) add(update?.bytes);
    return true;
  }
  const node = nodes.next();
  if (node.done === true) return false;
  const { announcement } = node.value;
  if (announcement !== undefined && passes(filter, announcement.timestamp)) add(announcement.bytes);
  return true;
}
