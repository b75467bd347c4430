import { type FundedState, namesOf, viewOf } from "../../../channels/index.ts";
import { nextTimestamp, ownUpdate, type RouteHintHop, verifyGossip, withSignature } from "../../../routing/index.ts";
import type { NodeId, ShortChannelId } from "../../base/ids.ts";
import type { ChannelUpdate } from "../../wire/gossip.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { NodeContext } from "../context.ts";
import { peerLane, type Turn } from "../turn.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";
import { forwardPolicy } from "./views.ts";

/** Ways to us in one invoice. Policy, not protocol. */
const HINTS_MAX = 3;

/** Of one that nobody else knows of, for good or not yet. */
const unannounced = ({ state }: ChannelEntry): FundedState | undefined =>
  "commitments" in state && !isAnnounced(state) ? state : undefined;
const isAnnounced = ({ announcement: { local, remote } }: FundedState): boolean =>
  local !== undefined && remote !== undefined;

/**
 * The name under which the peer knows the channel: one that it gave us, or where it stands in the chain unless that is to
 * stay between both. BOLT 2 §The channel_ready Message.
 */
const nameForPeer = ({ params, remoteAlias, funding }: FundedState): ShortChannelId | undefined =>
  remoteAlias ?? (params.type.scidAlias ? undefined : funding.confirmed?.shortChannelId);

/** What we ask for sending over a channel that is not announced: told to its peer alone. BOLT 7 §The channel_update Message. */
export function tellTerms(ctx: NodeContext, host: ChannelHost, turn: Turn, entry: ChannelEntry): void {
  const state = unannounced(entry);
  const shortChannelId = state && nameForPeer(state);
  const [known] = state === undefined ? [] : namesOf(state);
  const terms = known === undefined ? undefined : forwardPolicy(host, ctx.policy.forwarding, known);
  if (state === undefined || shortChannelId === undefined || terms === undefined) return;
  if (terms.htlcMinimum > terms.htlcMaximum) return;
  entry.toldAt = nextTimestamp(entry.toldAt, Math.floor(ctx.clock.now() / 1000));
  const unsigned = ownUpdate({
    chain: ctx.params.genesisHash,
    shortChannelId,
    self: ctx.self,
    peer: entry.peer,
    capacity: state.params.capacity,
    terms,
    disabled: false,
    announced: false,
    timestamp: entry.toldAt,
  });
  const { message } = withSignature(unsigned, ctx.signer.signAsNode(unsigned.digest).signature);
  turn.afterwards(peerLane(entry.peer), () => host.parts.peers().send(entry.peer, message));
}

/**
 * Whether the message was a peer's terms for a channel with us that is not public: no gossip, and nobody else's business. Those
 * for one that is to be public count until it is, and are gossip then.
 */
export function hearTerms(
  ctx: NodeContext,
  host: ChannelHost,
  peer: NodeId,
  message: WireMessage,
  bytes: Uint8Array,
): boolean {
  if (message.name !== "channel_update") return false;
  const entry = host.table.byScid(message.short_channel_id);
  const state = entry?.peer === peer ? unannounced(entry) : undefined;
  if (entry === undefined || state === undefined) return false;
  if (isNews(ctx, entry, message) && verifyGossip({ message, bytes }, peer)) {
    entry.peerTerms = {
      feeBaseMsat: message.fee_base_msat,
      feeProportionalMillionths: message.fee_proportional_millionths,
      cltvExpiryDelta: message.cltv_expiry_delta,
      timestamp: message.timestamp,
    };
  }
  return !state.params.announce;
}
function isNews(ctx: NodeContext, { peer, peerTerms }: ChannelEntry, message: ChannelUpdate): boolean {
  const isPeers = (message.channel_flags & 1) === (peer < ctx.self ? 0 : 1);
  return isPeers && message.chain_hash === ctx.params.genesisHash && message.timestamp > (peerTerms?.timestamp ?? 0);
}

/**
 * Ways to us for an invoice of a node that has no public channel: by names that the peers know, over those that can carry
 * the most. BOLT 11 §Tagged Fields.
 */
export function routeHints(host: ChannelHost): readonly (readonly RouteHintHop[])[] {
  const views = host.table.settled().flatMap((entry) => {
    return "commitments" in entry.state
      ? [{ entry, state: entry.state, view: viewOf(host.env(entry), entry.state) }]
      : [];
  });
  if (views.some(({ view }) => view.announced && view.state === "Normal")) return [];
  const ways = views.flatMap(({ entry: { peer, peerTerms }, state, view }) => {
    const shortChannelId = nameForPeer(state);
    if (peerTerms === undefined || shortChannelId === undefined || view.receivable === 0n) return [];
    const { timestamp: _, ...terms } = peerTerms;
    return [{ receivable: view.receivable, hop: { nodeId: peer, shortChannelId, ...terms } }];
  });
  const best = ways.sort((a, b) => (a.receivable < b.receivable ? 1 : a.receivable > b.receivable ? -1 : 0));
  return best.slice(0, HINTS_MAX).map(({ hop }) => [hop]);
}
