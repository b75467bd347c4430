import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import { type BlockHeight, type Msat, type Sat, toMsat } from "../../src/base/units.ts";
import type { NodeAddress } from "../../src/wire/addresses.ts";

/**
 * The public network as announced: nodes and the channels between them. One structure, changed in place by the functions of
 * this folder and read by everything else; `version` counts the changes, so that a reader can tell whether what it
 * derived is still right. Every channel in it was proven to stand unspent on the chain, which bounds its size.
 */
export interface Graph {
  readonly nodes: Map<NodeId, GraphNode>;
  readonly channels: Map<ShortChannelId, GraphChannel>;
  version: number;
}
/** A node with at least one channel. */
export interface GraphNode {
  readonly id: NodeId;
  readonly channels: GraphChannel[];
  announcement: AnnouncedNode | undefined;
}
/** What a node says about itself. BOLT 7 §The node_announcement Message. */
export interface AnnouncedNode {
  readonly timestamp: number;
  readonly features: Uint8Array;
  /** It requires a feature that we do not have: no payment may pass through it. */
  readonly unsupported: boolean;
  /** 32 bytes, padded with zeros; may hold anything. */
  readonly alias: Uint8Array;
  readonly color: Uint8Array;
  readonly addresses: readonly NodeAddress[];
  /** The whole message, type in front, as it was signed. */
  readonly bytes: Uint8Array;
}
export interface GraphChannel {
  readonly shortChannelId: ShortChannelId;
  /** In ascending order of id: direction 0 leads from the first to the second. */
  readonly nodes: readonly [GraphNode, GraphNode];
  readonly capacity: Sat;
  /** It requires a feature that we do not have: no payment may pass over it. */
  readonly unsupported: boolean;
  /** Unix seconds at which we learnt of it: stands in for the updates that never came. */
  readonly addedAt: number;
  /** Where its funding output was spent: it is forgotten 72 blocks later. Until then it may be used, as it may have been spliced. */
  spentAt: BlockHeight | undefined;
  /** By direction. */
  readonly policies: [Policy | undefined, Policy | undefined];
  /** The whole message, type in front, as it was signed. */
  readonly bytes: Uint8Array;
}
/** 0: from the node with the smaller id. BOLT 7 §The channel_update Message. */
export type Direction = 0 | 1;

/** What the node at the start of a direction asks for using it. BOLT 7 §The channel_update Message. */
export interface Policy {
  readonly timestamp: number;
  readonly disabled: boolean;
  readonly cltvExpiryDelta: number;
  /** As announced: unlike amounts of ours, they may be any 64-bit number. */
  readonly htlcMinimumMsat: bigint;
  readonly htlcMaximumMsat: bigint;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  /** The whole message, type in front, as it was signed. */
  readonly bytes: Uint8Array;
}

export const emptyGraph = (): Graph => ({ nodes: new Map(), channels: new Map(), version: 0 });

/** The most that can ever pass over the channel. */
export const capacityMsat = (channel: GraphChannel): Msat => toMsat(channel.capacity);
/** The node at whose side a direction begins. */
export const startOf = (channel: GraphChannel, direction: Direction): GraphNode => channel.nodes[direction];
/** The direction that begins at `from`; undefined when the channel is not one of its own. */
export function directionFrom(channel: GraphChannel, from: NodeId): Direction | undefined {
  if (channel.nodes[0].id === from) return 0;
  return channel.nodes[1].id === from ? 1 : undefined;
}
