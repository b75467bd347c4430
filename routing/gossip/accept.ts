import type { NodeId } from "../../src/base/ids.ts";
import { present, unreachable } from "../../src/base/result.ts";
import type { Sat } from "../../src/base/units.ts";
import { addChannel, applyNode, applyUpdate, type Gossip } from "../graph/apply.ts";
import type { Graph } from "../graph/graph.ts";
import { type RelayQueue, relayNode, relayUpdate } from "./relay.ts";

/** How an accepted message came. */
export interface Acceptance {
  /** The peer that sent it; undefined when it is our own. */
  readonly from: NodeId | undefined;
  /** The verdict's. */
  readonly relay: boolean;
  /** Of the funding output; for announcements of channels. */
  readonly capacity?: Sat;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Puts a message that was judged, verified and (a channel's announcement) proven into the graph, and in the queue for the
 * peers. An announcement alone is not passed on: it goes out with its channel's first update.
 */
export function accept(graph: Graph, relay: RelayQueue, gossip: Gossip, acceptance: Acceptance): void {
  const { message, bytes } = gossip;
  switch (message.name) {
    case "channel_announcement": {
      const capacity = present(acceptance.capacity, "the capacity of an announced channel");
      return addChannel(graph, { message, bytes }, capacity, acceptance.now);
    }
    case "channel_update":
      applyUpdate(graph, { message, bytes });
      if (acceptance.relay) relayUpdate(relay, graph, { message, bytes }, acceptance.from);
      return;
    case "node_announcement":
      applyNode(graph, { message, bytes });
      if (acceptance.relay) relayNode(relay, { message, bytes }, acceptance.from);
      return;
    default:
      return unreachable(message);
  }
}
