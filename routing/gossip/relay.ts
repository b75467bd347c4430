import type { NodeId } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import type { ChannelUpdate, NodeAnnouncement } from "../../src/wire/gossip.ts";
import { directionOf, type Gossip } from "../graph/apply.ts";
import type { Graph } from "../graph/graph.ts";

/** Which gossip a peer has asked for, by timestamp: from `first` on, for `range` seconds. BOLT 7 §The gossip_timestamp_filter Message. */
export interface GossipFilter {
  readonly first: number;
  readonly range: number;
}
export const passes = ({ first, range }: GossipFilter, timestamp: number): boolean =>
  timestamp >= first && timestamp < first + range;

/**
 * What has been accepted since the last flush and goes to the peers with the next: the newest of each edge and node.
 * BOLT 7 §Rebroadcasting.
 */
export interface RelayQueue {
  readonly waiting: Map<string, Relayed>;
}
interface Relayed {
  /** Announcements of channels before their updates, nodes last. */
  readonly rank: 0 | 1 | 2;
  readonly timestamp: number;
  readonly bytes: Uint8Array;
  /** Who has it already; undefined when it is our own, which goes to every peer whatever its filter. */
  readonly from: NodeId | undefined;
}
/** A connected peer; without a filter it gets our own gossip alone. */
export interface RelayPeer {
  readonly nodeId: NodeId;
  readonly filter: GossipFilter | undefined;
}

/** Policy, not protocol: what does not fit is left to queries. */
const WAITING_MAX = 20_000;

export const emptyRelay = (): RelayQueue => ({ waiting: new Map() });

/**
 * Queues an update that has just been applied. A channel's announcement goes out with its first update, never alone.
 * BOLT 7 §The gossip_timestamp_filter Message.
 *
 * @param from the peer that sent it; undefined when it is our own
 */
export function relayUpdate(
  relay: RelayQueue,
  graph: Graph,
  gossip: Gossip<ChannelUpdate>,
  from: NodeId | undefined,
): void {
  const { short_channel_id: shortChannelId, timestamp } = gossip.message;
  const channel = present(graph.channels.get(shortChannelId), "an update that was applied");
  const direction = directionOf(gossip.message);
  const isFirst = channel.policies[direction === 0 ? 1 : 0] === undefined;
  assert(channel.policies[direction] !== undefined, "an update that was applied");
  if (isFirst && channel.spentAt === undefined)
    put(relay, `channel/${shortChannelId}`, { rank: 0, timestamp, bytes: channel.bytes, from });
  put(relay, `update/${shortChannelId}/${direction}`, { rank: 1, timestamp, bytes: gossip.bytes, from });
}

/** Queues what a node has said about itself and was applied. */
export function relayNode(relay: RelayQueue, gossip: Gossip<NodeAnnouncement>, from: NodeId | undefined): void {
  const { node_id, timestamp } = gossip.message;
  put(relay, `node/${node_id}`, { rank: 2, timestamp, bytes: gossip.bytes, from });
}

function put(relay: RelayQueue, key: string, relayed: Relayed): void {
  if (relay.waiting.size >= WAITING_MAX && !relay.waiting.has(key)) return;
  relay.waiting.set(key, relayed);
}

/**
 * Empties the queue: for each peer the messages to send, in order. Each may be shared between peers; none is copied.
 */
export function flush(relay: RelayQueue, peers: readonly RelayPeer[]): ReadonlyMap<NodeId, readonly Uint8Array[]> {
  const ordered = [...relay.waiting.values()].sort((a, b) => a.rank - b.rank);
  relay.waiting.clear();
  const batches = new Map<NodeId, readonly Uint8Array[]>();
  for (const { nodeId, filter } of peers) {
    const wanted = ordered.filter(({ from, timestamp }) => {
      if (from === undefined) return true;
      return from !== nodeId && filter !== undefined && passes(filter, timestamp);
    });
    if (wanted.length > 0)
      batches.set(
        nodeId,
        wanted.map(({ bytes }) => bytes),
      );
  }
  return batches;
}
