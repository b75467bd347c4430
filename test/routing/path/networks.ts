import { addChannel, applyUpdate, type Gossip } from "../../../routing/graph/apply.ts";
import { emptyGraph, type Graph } from "../../../routing/graph/graph.ts";
import { type BlockHash, type NodeId, nodeId, type ShortChannelId, shortChannelId } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import type { ChannelAnnouncement, ChannelUpdate } from "../../../src/wire/gossip.ts";

/** A node id that ends in a number: ids sort as the numbers do. Not a point of the curve. */
export function node(number: number): NodeId {
  const bytes = new Uint8Array(33).fill(2, 0, 1);
  bytes[32] = number;
  return nodeId(bytes);
}
export const scid = (number: number): ShortChannelId => shortChannelId(100, number, 0);
export const CHAIN = "00".repeat(32) as BlockHash;
const SIGNATURE = new Uint8Array(64);

/** What one side of a channel asks for; what is left out costs nothing and limits nothing. */
export interface Side {
  readonly base?: number;
  readonly ppm?: number;
  readonly delta?: number;
  readonly minimum?: bigint;
  readonly maximum?: bigint;
  readonly disabled?: boolean;
  readonly timestamp?: number;
}
export interface Channel {
  readonly id: number;
  readonly between: readonly [number, number];
  readonly capacity?: bigint;
  /** From the first of `between`, and from the second; undefined: no update is known. */
  readonly sides: readonly [Side | undefined, Side | undefined];
}

const capacityOf = (channel: Channel): bigint => channel.capacity ?? 1_000_000n;

export const announcement = (channel: Channel): Gossip<ChannelAnnouncement> => {
  const [a, b] = [...channel.between].sort((x, y) => x - y) as [number, number];
  return {
    bytes: new Uint8Array(0),
    message: {
      name: "channel_announcement",
      node_signature_1: SIGNATURE,
      node_signature_2: SIGNATURE,
      bitcoin_signature_1: SIGNATURE,
      bitcoin_signature_2: SIGNATURE,
      features: new Uint8Array(0),
      chain_hash: CHAIN,
      short_channel_id: scid(channel.id),
      node_id_1: node(a),
      node_id_2: node(b),
      bitcoin_key_1: new Uint8Array(33),
      bitcoin_key_2: new Uint8Array(33),
    },
  };
};
/** The update of the side at `from`. */
export const update = (channel: Channel, from: 0 | 1, side: Side): Gossip<ChannelUpdate> => ({
  bytes: new Uint8Array(0),
  message: {
    name: "channel_update",
    signature: SIGNATURE,
    chain_hash: CHAIN,
    short_channel_id: scid(channel.id),
    timestamp: side.timestamp ?? 1,
    message_flags: 1,
    channel_flags: (channel.between[from] < channel.between[(1 - from) as 0 | 1] ? 0 : 1) | (side.disabled ? 2 : 0),
    cltv_expiry_delta: side.delta ?? 0,
    htlc_minimum_msat: side.minimum ?? 0n,
    fee_base_msat: side.base ?? 0,
    fee_proportional_millionths: side.ppm ?? 0,
    htlc_maximum_msat: side.maximum ?? capacityOf(channel) * 1000n,
  },
});

/** A graph of these channels, as if they had been announced, proven and updated. */
export function network(channels: readonly Channel[]): Graph {
  const graph = emptyGraph();
  for (const channel of channels) {
    addChannel(graph, announcement(channel), sat(capacityOf(channel)), 0);
    for (const from of [0, 1] as const) {
      const side = channel.sides[from];
      if (side !== undefined) applyUpdate(graph, update(channel, from, side));
    }
  }
  return graph;
}
