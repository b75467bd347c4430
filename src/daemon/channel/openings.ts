import { type ChannelPolicy, channelTypeOf } from "../../../channels/index.ts";
import { utf8 } from "../../base/bytes.ts";
import { type ChannelId, channelId, type NodeId } from "../../base/ids.ts";
import { type BlockHeight, type Sat, sumSat } from "../../base/units.ts";
import type { OpenChannel, OpenChannel2 } from "../../wire/opening.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { OpeningLimits } from "../context.ts";
import type { ChannelEntry, ChannelTable } from "./table.ts";

/** In an `error` or `warning`: all channels with the peer. BOLT 1 §The error and warning Messages. */
export const ALL_CHANNELS: ChannelId = channelId(new Uint8Array(32));

/** What the operator lets peers do that open channels. */
export interface OpeningPolicy {
  readonly channel: ChannelPolicy;
  readonly openings: OpeningLimits;
}

/**
 * Why a peer may not open a channel, as it is told. A channel that is never funded costs the peer nothing and us a record,
 * a watch and 2,016 blocks of waiting, so there are only so many (RELIABILITY C29); one that is used before a block holds
 * it may be taken back, so all of them together hold only so much (RELIABILITY U8). A block may be taken back too: they count
 * until they are as deep as any other channel has to be.
 */
export function openingRefusal(
  { channel, openings }: OpeningPolicy,
  table: ChannelTable,
  peer: NodeId,
  open: OpenChannel | OpenChannel2,
  height: BlockHeight,
): WireMessage | undefined {
  const id = open.temporary_channel_id;
  // An error under that id would end every channel with the peer.
  if (id === ALL_CHANNELS) {
    return { name: "warning", channel_id: id, data: utf8("a temporary_channel_id of zeros names all channels") };
  }
  const refuse = (text: string): WireMessage => ({ name: "error", channel_id: id, data: utf8(text) });
  if (table.opening(peer, id) !== undefined || table.byId(id) !== undefined) return refuse("id is in use");
  const unfunded = table.unfunded();
  const full = unfunded.length >= openings.unfunded;
  if (full || unfunded.filter((entry) => entry.peer === peer).length >= openings.unfundedPerPeer) {
    return refuse("too many openings at once");
  }
  if (table.of(peer).length >= openings.channelsPerPeer) return refuse("too many channels with this node");
  if (!isZeroConf(open)) return undefined;
  const held = sumSat(table.all().flatMap((entry) => zeroConfCapacity(entry, height - channel.minimumDepth) ?? []));
  return held + open.funding_satoshis > channel.zeroConfMax
    ? refuse("too much in channels that are not deep in the chain yet")
    : undefined;
}

const isZeroConf = ({ channel_type: bits }: OpenChannel | OpenChannel2): boolean =>
  bits !== undefined && channelTypeOf(bits)?.zeroConf === true;

function agreedParams(state: ChannelEntry["state"]) {
  if ("params" in state) return state.params;
  if ("proposal" in state) return state.proposal.params;
  if (state.tag !== "ConstructingFunding" || state.negotiation.stage === "aborting") return undefined;
  const { negotiation } = state;
  return negotiation.stage === "signing" ? negotiation.attempt.params : negotiation.proposal.params;
}
/** What a peer's channel holds that is used, or is about to be, before it is deep; in a block up to `deep` it is. */
function zeroConfCapacity({ state }: ChannelEntry, deep: number): Sat | undefined {
  const params = agreedParams(state);
  if (params === undefined || !("type" in params) || params.opener === "local") return undefined;
  const isDeep =
    "funding" in state && state.funding.confirmed !== undefined && state.funding.confirmed.height <= deep + 1;
  return params.type.zeroConf && !isDeep && state.tag !== "Closed" ? params.capacity : undefined;
}
