import { nextTimestamp, ownNode, ownUpdate, withSignature } from "../../routing/index.ts";
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
  /** It can no longer be used. */
  readonly gone: (entry: ChannelEntry) => void;
}

/** Of our node on maps: a colour that nobody else has asked for. */
const COLOR = Uint8Array.of(0x1f, 0x7a, 0x8c);

export function createOwnGossip(ctx: NodeContext, channels: () => ChannelHost, gossip: GossipHost): OwnGossip {
  const newest = new Map<string, number>();
  const announcedIds = new Set<bigint>();
  const sign = (digest: Uint8Array): Uint8Array => secp256k1.sign(digest, ctx.keychain.nodeSecret);
  const timestampFor = (what: string): number => {
    const next = nextTimestamp(newest.get(what), Math.floor(ctx.clock.now() / 1000));
    newest.set(what, next);
    return next;
  };
  const update = (entry: ChannelEntry, disabled: boolean): void => {
    const params = paramsOf(entry.state);
    const id = "funding" in entry.state ? entry.state.funding.confirmed?.shortChannelId : undefined;
    if (params === undefined || id === undefined || !announcedIds.has(id)) return;
    const terms = forwardPolicy(channels(), ctx.policy.forwarding, id);
    if (terms === undefined || terms.htlcMinimum > terms.htlcMaximum) return;
    const unsigned = ownUpdate({
      chain: ctx.params.genesisHash,
      shortChannelId: id,
      self: ctx.self,
      peer: entry.peer,
      capacity: params.capacity,
      terms,
      disabled,
      announced: true,
      timestamp: timestampFor(`channel/${id}`),
    });
    gossip.publish(withSignature(unsigned, sign(unsigned.digest)));
  };
  const node = (): void => {
    const unsigned = ownNode({
      self: ctx.self,
      alias: ctx.alias,
      color: COLOR,
      addresses: [],
      timestamp: timestampFor("node"),
    });
    gossip.publish(withSignature(unsigned, sign(unsigned.digest)));
  };
  return {
    announced: (entry, announcement) => {
      const params = paramsOf(entry.state);
      if (params === undefined || announcedIds.has(announcement.short_channel_id)) return;
      announcedIds.add(announcement.short_channel_id);
      const { capacity, funding } = params;
      gossip.publish({ message: announcement, bytes: encodeMessage(announcement) }, { capacity, funding });
      update(entry, false);
      node();
    },
    gone: (entry) => update(entry, true),
  };
}
