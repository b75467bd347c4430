import { type Gossip, type Graph, nextTimestamp, ownNode, ownUpdate, withSignature } from "../../../routing/index.ts";
import type { ShortChannelId } from "../../base/ids.ts";
import type { ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "../../wire/gossip.ts";
import { encodeMessage } from "../../wire/registry.ts";
import type { ChannelHost } from "../channel/host.ts";
import { type ChannelEntry, paramsOf } from "../channel/table.ts";
import { forwardPolicy } from "../channel/views.ts";
import type { NodeContext } from "../context.ts";
import { alsoOffered } from "../offered.ts";
import type { GossipHost } from "./host.ts";

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

/** What we tell the network about our own channels and ourselves. */
export class OwnGossip {
  readonly #ctx: NodeContext;
  readonly #graph: Graph;
  readonly #channels: () => ChannelHost;
  readonly #gossip: GossipHost;
  readonly #own = new Map<ShortChannelId, Own>();
  readonly #newest = new Map<string, number>();
  #cancel: () => void;

  constructor(ctx: NodeContext, graph: Graph, channels: () => ChannelHost, gossip: GossipHost) {
    this.#ctx = ctx;
    this.#graph = graph;
    this.#channels = channels;
    this.#gossip = gossip;
    this.#cancel = ctx.clock.after(LOOK_MS, () => this.#refresh());
  }
  /** All four signatures are there. */
  announced(entry: ChannelEntry, message: ChannelAnnouncement): void {
    const id = message.short_channel_id;
    // Kept as long as the channel: what a message leaves in, it shares with others.
    const announcement = { message, bytes: encodeMessage(message).slice() };
    const channel: Own = { entry, announcement, said: this.#own.get(id)?.said };
    // A splice has taken the place of what was announced before.
    for (const [before, known] of this.#own) if (known.entry === entry && before !== id) this.#own.delete(before);
    this.#own.set(id, channel);
    this.#announce(channel);
    if (channel.said?.disabled === false) return;
    this.#update(id, channel, false);
    this.#sayNode();
  }
  /** It can be used, for the first time or again. */
  ready(entry: ChannelEntry): void {
    for (const [id, channel] of this.#own) {
      if (channel.entry === entry && isPlaceOf(entry, id) && channel.said?.disabled !== false) {
        this.#update(id, channel, false);
      }
    }
  }
  /** It can no longer be used. */
  gone(entry: ChannelEntry): void {
    for (const [id, channel] of this.#own) {
      if (channel.entry !== entry) continue;
      if (channel.said?.disabled === false) this.#update(id, channel, true);
      if (entry.state.tag !== "Normal") this.#own.delete(id);
    }
  }
  /** Somebody has something newer of us than we have said in this life, as after the clock was set back: nobody takes ours before it is newer still. */
  givenBack(message: ChannelUpdate | NodeAnnouncement): void {
    if (message.name === "node_announcement") return this.#sayNode();
    const channel = this.#own.get(message.short_channel_id);
    if (channel?.said !== undefined) this.#update(message.short_channel_id, channel, channel.said.disabled);
  }
  stop(): void {
    this.#cancel();
  }

  #now(): number {
    return Math.floor(this.#ctx.clock.now() / 1000);
  }
  #sign(digest: Uint8Array): Uint8Array {
    return this.#ctx.signer.signAsNode(digest).signature;
  }
  /** Later than all before, also those of an earlier life that peers have given back. */
  #timestampFor(what: string, known = 0): number {
    const next = nextTimestamp(Math.max(this.#newest.get(what) ?? 0, known), this.#now());
    this.#newest.set(what, next);
    return next;
  }
  #announce({ entry, announcement }: Own): void {
    const params = paramsOf(entry.state);
    if (params !== undefined) {
      this.#gossip.publish(announcement, { capacity: params.capacity, funding: params.funding });
    }
  }
  #update(id: ShortChannelId, channel: Own, disabled: boolean): void {
    const { params: chain, policy, self } = this.#ctx;
    const { peer, state, toldAt = 0 } = channel.entry;
    const params = paramsOf(state);
    const terms = forwardPolicy(this.#channels(), policy.forwarding, id);
    if (params === undefined || terms === undefined || terms.htlcMinimum > terms.htlcMaximum) return;
    const known = this.#graph.channels.get(id)?.policies[self < peer ? 0 : 1];
    const unsigned = ownUpdate({
      chain: chain.genesisHash,
      shortChannelId: id,
      self,
      peer,
      capacity: params.capacity,
      terms,
      disabled,
      announced: true,
      timestamp: this.#timestampFor(`channel/${id}`, Math.max(known?.timestamp ?? 0, toldAt)),
    });
    channel.said = { disabled, at: this.#now() };
    this.#gossip.publish(withSignature(unsigned, this.#sign(unsigned.digest)));
  }
  #sayNode(): void {
    const { self, alias, policy } = this.#ctx;
    const timestamp = this.#timestampFor("node", this.#graph.nodes.get(self)?.announcement?.timestamp);
    const alsoOffers = alsoOffered(policy);
    const unsigned = ownNode({ self, alias, color: COLOR, addresses: [], alsoOffers, timestamp });
    this.#gossip.publish(withSignature(unsigned, this.#sign(unsigned.digest)));
  }
  #refresh(): void {
    const due = [...this.#own].filter(([, { said }]) => said !== undefined && this.#now() - said.at >= REFRESH_SECONDS);
    for (const [id, channel] of due) {
      this.#announce(channel);
      this.#update(id, channel, channel.said?.disabled ?? false);
    }
    if (due.length > 0) this.#sayNode();
    this.#cancel = this.#ctx.clock.after(LOOK_MS, () => this.#refresh());
  }
}

/** Where it stands in the chain now: a reorganisation may have given it another place. */
const isPlaceOf = ({ state }: ChannelEntry, id: ShortChannelId): boolean =>
  "funding" in state && state.funding.confirmed?.shortChannelId === id;
