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
  /** What has been passed on lately of one edge or node, who has gone longest without first. */
  readonly spent: Map<string, Spent>;
}
interface Spent {
  /** Less one for each minute since. */
  readonly times: number;
  /** Unix seconds. */
  readonly at: number;
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

/**
 * Policy, not protocol: of one edge or node so many messages are passed on at once, and one for each minute after. The newest
 * waits for its turn, so that who changes his terms each second is heard, and others need not pay for it.
 */
const TIMES_MAX = 10;
const TIME_SECONDS = 60;

export const emptyRelay = (): RelayQueue => ({ waiting: new Map(), spent: new Map() });

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
 * Empties the queue but for what was passed on too often lately: for each peer the messages to send, in order. Each may be
 * shared between peers; none is copied.
 *
 * @param now Unix seconds
 */
export function flush(
  relay: RelayQueue,
  peers: readonly RelayPeer[],
  now: number,
): ReadonlyMap<NodeId, readonly Uint8Array[]> {
  const ordered = takeDue(relay, now).sort((a, b) => a.rank - b.rank);
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

function takeDue({ waiting, spent }: RelayQueue, now: number): Relayed[] {
  for (const [key, { at }] of spent) {
    if (now - at < TIMES_MAX * TIME_SECONDS) break;
    spent.delete(key);
  }
  const due: Relayed[] = [];
  for (const [key, relayed] of waiting) {
    const before = spent.get(key);
    const times = before === undefined ? 0 : Math.max(0, before.times - Math.max(0, now - before.at) / TIME_SECONDS);
    if (relayed.from !== undefined && times > TIMES_MAX - 1) continue;
    waiting.delete(key);
    spent.delete(key);
    spent.set(key, { times: times + 1, at: now });
    due.push(relayed);
  }
  return due;
}
