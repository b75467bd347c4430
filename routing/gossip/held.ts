import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import type { ChannelAnnouncement, ChannelUpdate } from "../../src/wire/gossip.ts";
import type { Gossip } from "../graph/apply.ts";

/**
 * Messages that came too early: an update before its channel's announcement, an announcement before its funding is deep
 * enough. Bounded by peer, so that one who floods us pushes out only what it has sent itself (RELIABILITY D9).
 */
export interface Held {
  readonly byPeer: Map<NodeId, HeldMessage[]>;
}
export interface HeldMessage {
  readonly gossip: Gossip<ChannelAnnouncement | ChannelUpdate>;
  readonly until: ShortChannelId;
  readonly from: NodeId;
  /** Unix seconds. */
  readonly since: number;
}

/** Policy, not protocol. */
const HELD_PER_PEER_MAX = 200;
const HELD_SECONDS_MAX = 20 * 60;

export const emptyHeld = (): Held => ({ byPeer: new Map() });

/** Keeps a message; beyond the peer's share its oldest one is dropped. */
export function hold(held: Held, message: HeldMessage): void {
  const messages = held.byPeer.get(message.from) ?? [];
  messages.push(message);
  if (messages.length > HELD_PER_PEER_MAX) messages.shift();
  held.byPeer.set(message.from, messages);
}

/** Takes out what waited for this channel, in the order in which it came: to be judged again once it is announced. */
export const releaseFor = (held: Held, shortChannelId: ShortChannelId): readonly HeldMessage[] =>
  take(held, ({ until }) => until === shortChannelId);

/** Takes out all announcements: to be judged again after a block. */
export const releaseAnnouncements = (held: Held): readonly HeldMessage[] =>
  take(held, ({ gossip }) => gossip.message.name === "channel_announcement");

/** Drops what has waited for too long. `now` in Unix seconds. */
export const expireHeld = (held: Held, now: number): readonly HeldMessage[] =>
  take(held, ({ since }) => now - since > HELD_SECONDS_MAX);

function take(held: Held, wanted: (message: HeldMessage) => boolean): readonly HeldMessage[] {
  const taken: HeldMessage[] = [];
  for (const [peer, messages] of held.byPeer) {
    const kept = messages.filter((message) => !wanted(message));
    if (kept.length === messages.length) continue;
    taken.push(...messages.filter(wanted));
    if (kept.length === 0) held.byPeer.delete(peer);
    else held.byPeer.set(peer, kept);
  }
  return taken;
}
