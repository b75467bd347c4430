import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import type { BlockHeight, Sat } from "../../src/base/units.ts";
import { readAddresses } from "../../src/wire/addresses.ts";
import { featureBits, firstUnsupported, KEYSEND_BIT, OFFERED } from "../../src/wire/features.ts";
import type { ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "../../src/wire/gossip.ts";
import type { Direction, Graph, GraphChannel, GraphNode, Policy } from "./graph.ts";

/** A gossip message and its bytes (type in front), which are what is signed, stored and passed on. */
export interface Gossip<M = ChannelAnnouncement | ChannelUpdate | NodeAnnouncement> {
  readonly message: M;
  readonly bytes: Uint8Array;
}

const CHANNEL_FEATURES = featureBits([...OFFERED.channel_announcement]);
const NODE_FEATURES = featureBits([...OFFERED.node_announcement, KEYSEND_BIT]);
const DIRECTION_BIT = 1;
const DISABLED_BIT = 2;
/** A channel whose funding output is spent is forgotten so many blocks later. BOLT 7 §Pruning the Network View. */
const FORGET_BLOCKS = 72;
/** Without a newer update in both directions a channel is stale. BOLT 7 §Recommendation on Pruning Stale Entries. */
export const STALE_SECONDS = 14 * 24 * 60 * 60;

/** The direction that an update is about. BOLT 7 §The channel_update Message. */
export const directionOf = (update: ChannelUpdate): Direction => (update.channel_flags & DIRECTION_BIT ? 1 : 0);
/** Whether an update says that the direction cannot be used now. BOLT 7 §The channel_update Message. */
export const isDisabled = (update: ChannelUpdate): boolean => (update.channel_flags & DISABLED_BIT) !== 0;

/**
 * Adds a channel that has been judged, verified and found unspent on the chain.
 *
 * @param capacity of its funding output
 * @param now      Unix seconds
 */
export function addChannel(
  graph: Graph,
  { message, bytes }: Gossip<ChannelAnnouncement>,
  capacity: Sat,
  now: number,
): void {
  const shortChannelId = message.short_channel_id;
  assert(!graph.channels.has(shortChannelId), "a channel is added once");
  const nodes = [ensureNode(graph, message.node_id_1), ensureNode(graph, message.node_id_2)] as const;
  const channel: GraphChannel = {
    shortChannelId,
    nodes,
    capacity,
    unsupported: firstUnsupported(CHANNEL_FEATURES, message.features) !== undefined,
    addedAt: now,
    spentAt: undefined,
    policies: [undefined, undefined],
    bytes,
  };
  graph.channels.set(shortChannelId, channel);
  for (const node of nodes) node.channels.push(channel);
  graph.version++;
}

function ensureNode(graph: Graph, id: NodeId): GraphNode {
  const known = graph.nodes.get(id);
  if (known !== undefined) return known;
  const node: GraphNode = { id, channels: [], announcement: undefined };
  graph.nodes.set(id, node);
  return node;
}

/** Replaces one directed edge by an update that has been judged and verified. */
export function applyUpdate(graph: Graph, { message, bytes }: Gossip<ChannelUpdate>): void {
  const channel = present(graph.channels.get(message.short_channel_id), "an update for a known channel");
  channel.policies[directionOf(message)] = policyOf(message, bytes);
  graph.version++;
}

/** What an update says, with its bytes. */
export const policyOf = (update: ChannelUpdate, bytes: Uint8Array): Policy => ({
  timestamp: update.timestamp,
  disabled: isDisabled(update),
  cltvExpiryDelta: update.cltv_expiry_delta,
  htlcMinimumMsat: update.htlc_minimum_msat,
  htlcMaximumMsat: update.htlc_maximum_msat,
  feeBaseMsat: update.fee_base_msat,
  feeProportionalMillionths: update.fee_proportional_millionths,
  bytes,
});

/** Replaces what a node says about itself by an announcement that has been judged and verified. */
export function applyNode(graph: Graph, { message, bytes }: Gossip<NodeAnnouncement>): void {
  const node = present(graph.nodes.get(message.node_id), "an announcement of a known node");
  const read = readAddresses(message.addresses);
  node.announcement = {
    timestamp: message.timestamp,
    features: message.features,
    unsupported: firstUnsupported(NODE_FEATURES, message.features) !== undefined,
    alias: message.alias,
    color: message.rgb_color,
    addresses: read.ok ? read.value.addresses : [],
    bytes,
  };
  graph.version++;
}

/** The funding output of a channel was spent: it was spliced or closed, and is forgotten later. BOLT 7 §Pruning the Network View. */
export function markSpent(graph: Graph, shortChannelId: ShortChannelId, height: BlockHeight): void {
  const channel = graph.channels.get(shortChannelId);
  if (channel === undefined || channel.spentAt !== undefined) return;
  channel.spentAt = height;
  graph.version++;
}
/** The block that spent it is no longer in the best chain. */
export function markUnspent(graph: Graph, shortChannelId: ShortChannelId): void {
  const channel = graph.channels.get(shortChannelId);
  if (channel?.spentAt === undefined) return;
  channel.spentAt = undefined;
  graph.version++;
}

/** Removes a channel, and the nodes that it leaves without any. */
export function removeChannel(graph: Graph, shortChannelId: ShortChannelId): void {
  const channel = graph.channels.get(shortChannelId);
  if (channel === undefined) return;
  graph.channels.delete(shortChannelId);
  for (const node of channel.nodes) {
    node.channels.splice(node.channels.indexOf(channel), 1);
    if (node.channels.length === 0) graph.nodes.delete(node.id);
  }
  graph.version++;
}

/**
 * Forgets channels that were spent 72 blocks ago or have gone stale.
 *
 * @param now Unix seconds
 * @returns what was removed
 *
 * Source: BOLT 7 §Pruning the Network View.
 */
export function prune(graph: Graph, height: BlockHeight, now: number): readonly ShortChannelId[] {
  const gone: ShortChannelId[] = [];
  for (const channel of graph.channels.values()) {
    const buried = channel.spentAt !== undefined && height - channel.spentAt + 1 >= FORGET_BLOCKS;
    if (buried || isStale(channel, now)) gone.push(channel.shortChannelId);
  }
  for (const shortChannelId of gone) removeChannel(graph, shortChannelId);
  return gone;
}

/** Both sides must be alive for a channel to be of use, so the older direction counts. */
export const isStale = (channel: GraphChannel, now: number): boolean =>
  channel.policies.some((policy) => now - (policy?.timestamp ?? channel.addedAt) > STALE_SECONDS);
