import { NODE_COMPACT_FILTERS, NODE_NETWORK, NODE_NETWORK_LIMITED, NODE_WITNESS } from "../../bitcoin/messages.ts";
import type { Sync } from "./peer.ts";
import { servesFilters } from "./serve-filters.ts";

/** Of a whole node. */
export const SERVICES = NODE_NETWORK | NODE_WITNESS;

/** What we serve. A light client has nothing that others want. */
export function servicesOf(sync: Sync): bigint {
  if (sync.role === "light") return 0n;
  // A pruned node also keeps its filters, of all blocks.
  const blocks = sync.role === "pruned" ? NODE_NETWORK_LIMITED | NODE_WITNESS : SERVICES;
  return servesFilters(sync) ? blocks | NODE_COMPACT_FILTERS : blocks;
}
