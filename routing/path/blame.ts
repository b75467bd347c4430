import type { NodeId } from "../../src/base/ids.ts";
import type { ReadFailure } from "../onion/failure.ts";
import { FAILURE_FLAGS, type FailureName, failureCode } from "../onion/failure-messages.ts";
import type { Edge, Route } from "./route.ts";

/** Who or what is held responsible for a failed attempt, and whether trying again later makes sense. */
export type Blame =
  | { readonly tag: "Edge"; readonly edge: Edge; readonly permanent: boolean }
  | { readonly tag: "Node"; readonly nodeId: NodeId; readonly permanent: boolean }
  /** The payee itself has answered: no other route will help. */
  | { readonly tag: "Payee" }
  /** Unreadable, and nothing tells where: any hop may be lying. */
  | { readonly tag: "Unknown" };

/** From the payee, these tell of what the hop before it has sent. BOLT 4 §Failure Messages. */
const LAST_EDGE: readonly FailureName[] = ["final_incorrect_cltv_expiry", "final_incorrect_htlc_amount"];
/** No channel is to blame for these, whatever their flags. */
const OF_NODE: readonly FailureName[] = [
  "invalid_onion_payload",
  "incorrect_or_unknown_payment_details",
  "final_incorrect_cltv_expiry",
  "final_incorrect_htlc_amount",
  "mpp_timeout",
];

/**
 * What to leave out of the next search. A `channel_update` inside the failure is not looked at. BOLT 4 §Receiving
 * Failure Codes.
 *
 * @param source our own node, where the route begins
 */
export function blame(route: Route, source: NodeId, read: ReadFailure): Blame {
  if (read.tag === "Unreadable") return changedOnItsWay(route, source, read.followed);
  const { hop, failure } = read;
  const code = failureCode(failure);
  const permanent = (code & FAILURE_FLAGS.PERM) !== 0;
  const named = (list: readonly FailureName[]): boolean => failure.name !== "unknown" && list.includes(failure.name);
  const last = route.hops.length - 1;
  if (hop >= last) return named(LAST_EDGE) ? edgeInto(route, source, last, false) : { tag: "Payee" };
  if ((code & FAILURE_FLAGS.BADONION) !== 0) return edgeInto(route, source, hop + 1, false);
  const node = route.hops[hop];
  if (node !== undefined && ((code & FAILURE_FLAGS.NODE) !== 0 || named(OF_NODE)))
    return { tag: "Node", nodeId: node.nodeId, permanent };
  return edgeInto(route, source, hop + 1, permanent);
}

/** One of the two nodes at the place where the codes stop to fit has changed the answer. BOLT 4 §Origin node. */
function changedOnItsWay(route: Route, source: NodeId, followed: number | undefined): Blame {
  if (followed === undefined) return { tag: "Unknown" };
  return followed === route.hops.length ? { tag: "Payee" } : edgeInto(route, source, followed, false);
}

/** The channel over which the hop is reached. */
function edgeInto(route: Route, source: NodeId, hop: number, permanent: boolean): Blame {
  const reached = route.hops[hop];
  if (reached === undefined) return { tag: "Unknown" };
  const from = route.hops[hop - 1]?.nodeId ?? source;
  return { tag: "Edge", edge: { from, shortChannelId: reached.shortChannelId }, permanent };
}
