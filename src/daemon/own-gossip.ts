import { type Gossip, type Graph, nextTimestamp, ownNode, ownUpdate, withSignature } from "../../routing/index.ts";
import type { ShortChannelId } from "../base/ids.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import type { ChannelAnnouncement } from "../wire/gossip.ts";
import { encodeMessage } from "../wire/registry.ts";
import type { ChannelHost } from "./channel-host.ts";
import { type ChannelEntry, paramsOf } from "./channel-table.ts";
import { forwardPolicy } from "./channel-views.ts";
import type { NodeContext } from "./context.ts";
import type { GossipHost } from "./gossip-host.ts";

/** What we tell the network about our own channels and ourselves. */
export interface OwnGossip {
  /** All four signatures are there. */
  readonly announced: (entry: ChannelEntry, announcement: ChannelAnnouncement) => void;
  /** It can be used, for the first time or again. */
  readonly ready: (entry: ChannelEntry) => void;
  /** It can no longer be used. */
  readonly gone: (entry: ChannelEntry) => void;
  readonly stop: () => void;
}
/** A public channel of ours and what was said of it last. */
interface Own {
  readonly entry: ChannelEntry;
  readonly announcement: Gossip<ChannelAnnouncement>;
  said: { readonly disabled: boolean; readonly at: number } | undefined;
}

/** Of our node on maps: a colour that nobody else has asked for. */
const COLOR = Uint8Array.of(0x1f, 0x7a, 0x8c);
/**
 * Said again after a week, as others forget a channel after two without news of it.
 * BOLT 7 §Recommendation on Pruning Stale Entries.
 */
const REFRESH_SECONDS = 7 * 24 * 60 * 60;
/** Policy, not protocol: how often that is looked at. */
const LOOK_MS = 60 * 60 * 1000;

export function createOwnGossip(
  ctx: NodeContext,
  graph: Graph,
  channels: () => ChannelHost,
  gossip: GossipHost,
): OwnGossip {
  const own = new Map<ShortChannelId, Own>();
  const newest = new Map<string, number>();
  const now = (): number => Math.floor(ctx.clock.now() / 1000);
  const sign = (digest: Uint8Array): Uint8Array => secp256k1.sign(digest, ctx.keychain.nodeSecret);
  /** Later than all before, also those of an earlier life that peers have given back. */
  const timestampFor = (what: string, known = 0): number => {
    const next = nextTimestamp(Math.max(newest.get(what) ?? 0, known), now());
    newest.set(what, next);
    return next;
  };
  const announce = ({ entry, announcement }: Own): void => {
    const params = paramsOf(entry.state);
    if (params !== undefined) {
      gossip.publish(announcement, { capacity: params.capacity, funding: params.funding });
    }
  };
  const update = (id: ShortChannelId, channel: Own, disabled: boolean): void => {
    const params = paramsOf(channel.entry.state);
    const terms = forwardPolicy(channels(), ctx.policy.forwarding, id);
    if (params === undefined || terms === undefined || terms.htlcMinimum > terms.htlcMaximum) return;
    const known = graph.channels.get(id)?.policies[ctx.self < channel.entry.peer ? 0 : 1];
    const unsigned = ownUpdate({
      chain: ctx.params.genesisHash,
      shortChannelId: id,
      self: ctx.self,
      peer: channel.entry.peer,
      capacity: params.capacity,
      terms,
      disabled,
      announced: true,
      timestamp: timestampFor(`channel/${id}`, known?.timestamp),
    });
    channel.said = { disabled, at: now() };
    gossip.publish(withSignature(unsigned, sign(unsigned.digest)));
  };
  const node = (): void => {
    const unsigned = ownNode({
      self: ctx.self,
      alias: ctx.alias,
      color: COLOR,
      addresses: [],
      timestamp: timestampFor("node", graph.nodes.get(ctx.self)?.announcement?.timestamp),
    });
    gossip.publish(withSignature(unsigned, sign(unsigned.digest)));
  };
  const refresh = (): void => {
    const due = [...own].filter(([, { said }]) => said !== undefined && now() - said.at >= REFRESH_SECONDS);
    for (const [id, channel] of due) {
      announce(channel);
      update(id, channel, channel.said?.disabled ?? false);
    }
    if (due.length > 0) node();
    cancel = ctx.clock.after(LOOK_MS, refresh);
  };
  let cancel = ctx.clock.after(LOOK_MS, refresh);
  return {
    announced: (entry, message) => {
      const id = message.short_channel_id;
      const known = own.get(id);
      const announcement = { message, bytes: encodeMessage(message) };
      const channel: Own = { entry, announcement, said: known?.said };
      own.set(id, channel);
      announce(channel);
      if (channel.said?.disabled === false) return;
      update(id, channel, false);
      node();
    },
    ready: (entry) => {
      for (const [id, channel] of own) {
        if (channel.entry === entry && isPlaceOf(entry, id) && channel.said?.disabled !== false) {
          update(id, channel, false);
        }
      }
    },
    gone: (entry) => {
      for (const [id, channel] of own) {
        if (channel.entry !== entry) continue;
        if (channel.said?.disabled === false) update(id, channel, true);
        if (entry.state.tag !== "Normal") own.delete(id);
      }
    },
    stop: () => cancel(),
  };
}

/** Where it stands in the chain now: a reorganisation may have given it another place. */
const isPlaceOf = ({ state }: ChannelEntry, id: ShortChannelId): boolean =>
  "funding" in state && state.funding.confirmed?.shortChannelId === id;
