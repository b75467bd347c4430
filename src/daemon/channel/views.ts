import {
  type ChannelState,
  type ChannelView,
  type FundedState,
  namesOf,
  type Room,
  roomNow,
  roomSoon,
  viewOf,
} from "../../../channels/index.ts";
import type { ForwardPolicy, LocalChannel } from "../../../routing/index.ts";
import type { ShortChannelId } from "../../base/ids.ts";
import { type Msat, minMsat, msat, subMsat, sumMsat, toMsat, ZERO_MSAT } from "../../base/units.ts";
import type { ForwardingPolicy } from "../context.ts";
import type { Balance } from "../views.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelInfo } from "./info.ts";
import { type ChannelEntry, paramsOf, promisedScript } from "./table.ts";

const isFunded = (state: ChannelState): state is FundedState => "commitments" in state;

/** Undefined for channels that have no commitments yet, or none any more. */
export const viewOfEntry = (host: ChannelHost, entry: ChannelEntry): ChannelView | undefined =>
  isFunded(entry.state) ? viewOf(host.env(entry), entry.state) : undefined;

/** A channel as people see it; undefined while it has no funding outpoint. */
export function channelInfo(host: ChannelHost, entry: ChannelEntry): ChannelInfo | undefined {
  const params = paramsOf(entry.state);
  if (params === undefined) return undefined;
  const { channelId: id, opener, type, funding, capacity } = params;
  const view = viewOfEntry(host, entry) ?? OVER;
  const script = promisedScript(entry.state);
  const closeAddress = script && host.parts.wallet.addressOf(script);
  return { id, peer: entry.peer, opener, type, funding, capacity, ...view, state: entry.state.tag, closeAddress };
}
const OVER: Omit<ChannelView, "state"> = {
  active: false,
  shortChannelId: undefined,
  localAlias: undefined,
  remoteAlias: undefined,
  announced: false,
  local: ZERO_MSAT,
  remote: ZERO_MSAT,
  pending: ZERO_MSAT,
  htlcs: 0,
  spendable: ZERO_MSAT,
  receivable: ZERO_MSAT,
  localCommitmentNumber: 0n,
  remoteCommitmentNumber: 0n,
  closingTxid: undefined,
  splices: [],
};

/** Our channels as first hops. */
export const localChannels = (host: ChannelHost): readonly LocalChannel[] => firstHops(host, roomNow);

/** Those that will carry more than now, as they will be once what is in them is over, whatever comes of it. */
export const localChannelsSoon = (host: ChannelHost): readonly LocalChannel[] => firstHops(host, roomMade);
function roomMade(...channel: Parameters<typeof roomNow>): Room | undefined {
  const [now, soon] = [roomNow(...channel), roomSoon(...channel)];
  if (now === undefined || soon === undefined) return soon;
  return soon.spendable > now.spendable || soon.dust.spendable > now.dust.spendable ? soon : undefined;
}

function firstHops(host: ChannelHost, roomOf: typeof roomNow): readonly LocalChannel[] {
  return host.table.settled().flatMap((entry): readonly LocalChannel[] => {
    const { state, peer } = entry;
    const [shortChannelId] = isFunded(state) ? namesOf(state) : [];
    if (!isFunded(state) || shortChannelId === undefined) return [];
    const room = roomOf(host.env(entry), state);
    return room === undefined ? [] : [{ shortChannelId, peer, ...room, htlcMinimum: state.params.remote.htlcMinimum }];
  });
}

/** What we advertise for a channel of ours; undefined when it is none. */
export function forwardPolicy(
  host: ChannelHost,
  policy: ForwardingPolicy,
  id: ShortChannelId,
): ForwardPolicy | undefined {
  const entry = host.table.byScid(id);
  if (entry === undefined || !isFunded(entry.state)) return undefined;
  const { feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta } = policy;
  return {
    feeBaseMsat,
    feeProportionalMillionths,
    cltvExpiryDelta,
    htlcMinimum: entry.state.params.remote.htlcMinimum,
    htlcMaximum: htlcMaximum(entry.state),
    enabled: entry.state.tag === "Normal",
  };
}
/** Never more than the channel can carry or the peer takes. BOLT 7 §The channel_update Message. */
function htlcMaximum({ params }: FundedState): Msat {
  const carried = subMsat(toMsat(params.capacity), toMsat(params.remote.channelReserve)) ?? ZERO_MSAT;
  const inFlight = params.remote.maxHtlcValueInFlight;
  return inFlight < carried ? minMsat(carried, msat(inFlight)) : carried;
}

/** All channels together. `pending`: in HTLCs, whichever way they go. */
export function channelBalance(host: ChannelHost): Balance["channels"] {
  const views = host.table.settled().flatMap((entry) => viewOfEntry(host, entry) ?? []);
  const total = (of: (view: ChannelView) => Msat): Msat => sumMsat(views.map(of));
  return {
    spendable: total((view) => view.spendable),
    receivable: total((view) => view.receivable),
    pending: total((view) => view.pending),
  };
}
