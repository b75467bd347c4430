import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import { MSAT_MAX } from "../../src/base/units.ts";
import { capacityMsat, type Graph, type GraphChannel } from "../graph/graph.ts";
import type { FeePolicy } from "./cost.ts";
import type { RouteHintHop } from "./route.ts";

/** One direction of a channel as the search sees it: what may pass and what it takes. */
export interface SearchEdge extends FeePolicy {
  readonly from: NodeId;
  readonly shortChannelId: ShortChannelId;
  readonly cltvExpiryDelta: number;
  readonly htlcMinimumMsat: bigint;
  readonly htlcMaximumMsat: bigint;
  /** Its funding output is spent: it was spliced, and goes on by this name for a while, or closed. */
  readonly isSpent: boolean;
}
/** Edges of route hints, by the node they lead to. */
export type HintEdges = ReadonlyMap<NodeId, readonly SearchEdge[]>;

/** Policy, not protocol: more than any invoice needs; what an invoice says beyond is not looked at (RELIABILITY D25). */
const HINTS_MAX = 20;
const HINT_HOPS_MAX = 20;

/** The channels that the payee's invoice tells of. Nothing is known of their sizes. BOLT 11 §Tagged Fields. */
export function hintEdges(routeHints: readonly (readonly RouteHintHop[])[], target: NodeId): HintEdges {
  const edges = new Map<NodeId, SearchEdge[]>();
  for (const hint of routeHints.slice(0, HINTS_MAX)) {
    if (hint.length > HINT_HOPS_MAX) continue;
    for (const [index, hop] of hint.entries()) {
      const to = hint[index + 1]?.nodeId ?? target;
      const edge = { ...hop, from: hop.nodeId, htlcMinimumMsat: 0n, htlcMaximumMsat: MSAT_MAX, isSpent: false };
      const known = edges.get(to);
      if (known === undefined) edges.set(to, [edge]);
      else known.push(edge);
    }
  }
  return edges;
}

/** Every usable edge that ends at `to`: the graph's, then those of hints. */
export function* edgesInto(graph: Graph, hints: HintEdges, to: NodeId): Iterable<SearchEdge> {
  for (const channel of graph.nodes.get(to)?.channels ?? []) {
    const edge = edgeInto(channel, to);
    if (edge !== undefined) yield edge;
  }
  yield* hints.get(to) ?? [];
}

/**
 * Undefined when nothing can be sent over the channel to that side now, or its update claims more than the channel
 * holds. BOLT 7 §The channel_update Message.
 */
function edgeInto(channel: GraphChannel, to: NodeId): SearchEdge | undefined {
  const direction = channel.nodes[1].id === to ? 0 : 1;
  const policy = channel.policies[direction];
  if (policy === undefined || policy.disabled || channel.unsupported) return undefined;
  const start = channel.nodes[direction];
  if (start.announcement?.unsupported || policy.htlcMaximumMsat > capacityMsat(channel)) return undefined;
  return {
    from: start.id,
    shortChannelId: channel.shortChannelId,
    cltvExpiryDelta: policy.cltvExpiryDelta,
    feeBaseMsat: policy.feeBaseMsat,
    feeProportionalMillionths: policy.feeProportionalMillionths,
    htlcMinimumMsat: policy.htlcMinimumMsat,
    htlcMaximumMsat: policy.htlcMaximumMsat,
    isSpent: channel.spentAt !== undefined,
  };
}
