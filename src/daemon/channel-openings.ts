import { utf8 } from "../base/bytes.ts";
import { type ChannelId, channelId, type NodeId } from "../base/ids.ts";
import type { WireMessage } from "../wire/registry.ts";
import type { ChannelTable } from "./channel-table.ts";

/** In an `error` or `warning`: all channels with the peer. BOLT 1 §The error and warning Messages. */
export const ALL_CHANNELS: ChannelId = channelId(new Uint8Array(32));

/** Policy, not protocol: channels without money in them, of one peer and of all together. */
const UNFUNDED_MAX = 4;
const UNFUNDED_TOTAL_MAX = 200;

/**
 * Why a peer may not open a channel, as it is told. A channel that is never funded costs the peer nothing and us a record,
 * a watch and 2,016 blocks of waiting, so there are only so many (RELIABILITY C29).
 */
export function openingRefusal(table: ChannelTable, peer: NodeId, id: ChannelId): WireMessage | undefined {
  // An error under that id would end every channel with the peer.
  if (id === ALL_CHANNELS) {
    return { name: "warning", channel_id: id, data: utf8("a temporary_channel_id of zeros names all channels") };
  }
  const refuse = (text: string): WireMessage => ({ name: "error", channel_id: id, data: utf8(text) });
  if (table.opening(peer, id) !== undefined || table.byId(id) !== undefined) return refuse("id is in use");
  const unfunded = table.unfunded();
  const full = unfunded.length >= UNFUNDED_TOTAL_MAX;
  if (full || unfunded.filter((entry) => entry.peer === peer).length >= UNFUNDED_MAX) {
    return refuse("too many openings at once");
  }
  return undefined;
}
