import { unreachable } from "../../base/result.ts";
import { FILTERS_MAX } from "../../bitcoin/filter-messages.ts";
import type { BitcoinMessageOf } from "../../bitcoin/messages.ts";
import {
  answerCheckpoints,
  answerFilterHeaders,
  answerFilters,
  type FilterIndex,
  type FilterRequestFault,
  filterMessage,
} from "../filters.ts";
import { disconnect, type Peer, type Sync, type SyncEffect, send } from "./peer.ts";

/** Filters that one peer may have asked for and not been sent yet: two questions of the longest kind. */
const ASKED_FILTERS_MAX = 2 * FILTERS_MAX;

/** Whether peers are told that they may ask us for filters: only once every block of the best chain has one. */
export const servesFilters = ({ filters, brain }: Sync): boolean =>
  filters !== undefined && filters.tip === brain.chain.tip;

/** What a light client asks. BIP 157 §Node Operation. */
export function onFilterRequest(
  { filters }: Sync,
  peer: Peer,
  message: BitcoinMessageOf<"getcfilters" | "getcfheaders" | "getcfcheckpt">,
): readonly SyncEffect[] {
  if (filters === undefined) return [];
  if (message.name === "getcfilters") return queueFilters(filters, peer, message);
  const answer =
    message.name === "getcfheaders" ? answerFilterHeaders(filters, message) : answerCheckpoints(filters, message);
  return answer.ok ? [send(peer, answer.value)] : refuse(peer, answer.error);
}

/** Many and large: they are sent one at a time, as the peer takes them. */
function queueFilters(
  filters: FilterIndex,
  peer: Peer,
  message: BitcoinMessageOf<"getcfilters">,
): readonly SyncEffect[] {
  const blocks = answerFilters(filters, message);
  if (!blocks.ok) return refuse(peer, blocks.error);
  if (peer.askedFilters.length + blocks.value.length > ASKED_FILTERS_MAX)
    return [disconnect(peer, "asks for too many filters")];
  peer.askedFilters.push(...blocks.value);
  return [];
}

/** A peer may have heard of a block elsewhere, or before its filter is made. What cannot be honest is not answered at all. */
function refuse(peer: Peer, fault: FilterRequestFault): readonly SyncEffect[] {
  switch (fault) {
    case "unknown_block":
    case "not_indexed":
      return [];
    case "bad_range":
    case "unsupported_filter_type":
      return [disconnect(peer, fault)];
    default:
      return unreachable(fault);
  }
}

/** Sends one of the filters that a peer asked for. Undefined when there are none. */
export function serveNextFilter({ filters }: Sync, peer: Peer): readonly SyncEffect[] | undefined {
  const block = peer.askedFilters.shift();
  if (block === undefined) return undefined;
  const message = filters && filterMessage(filters, block);
  return message === undefined ? [] : [send(peer, message)];
}
