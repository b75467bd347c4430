import type { BindingMessage, Effect } from "../../../channels/index.ts";
import { peerLane, type Turn } from "../turn.ts";
import type { ChannelHost } from "./host.ts";
import type { ChannelEntry } from "./table.ts";

/** A promise leaves when it is durable. */
export function bind(host: ChannelHost, turn: Turn, entry: ChannelEntry, message: BindingMessage): void {
  const tell = (later: Turn): void => host.tell(later, entry.peer, message);
  if (message.name === "tx_signatures") keep(host, turn, entry, tell);
  else inOrder(host, turn, entry, tell);
}

/**
 * Most proposals wait for the group all the same. An opening's messages show keys, whose index must be on disk; a failure
 * and a forward act on a `revoke_and_ack` of another channel, which must be on disk as well. RELIABILITY §4a. What we
 * offer of our own, and fees, rest on nothing that a crash could take back.
 */
export function propose(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  message: Extract<Effect, { tag: "Propose" }>["message"],
): void {
  const ours = message.name === "update_fee" || (message.name === "update_add_htlc" && isOwn(entry, message.id));
  inOrder(host, turn, entry, (later) => {
    if (!ours) return host.tell(later, entry.peer, message);
    later.meanwhile(peerLane(entry.peer), () => host.parts.peers().send(entry.peer, message));
  });
}
function isOwn({ state }: ChannelEntry, id: bigint): boolean {
  if (!("commitments" in state)) return false;
  const htlc = state.commitments.htlcs.findLast((known) => known.side === "offered" && known.id === id);
  return htlc?.side === "offered" && htlc.origin.tag === "payment";
}

/**
 * With our witnesses the peer can bring a funding transaction into the chain: the backup tells of that before. What comes
 * after them, as `channel_ready` or what a splice has held, is to be heard after them.
 */
function keep(
  { parts: { backup, peers } }: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  say: (turn: Turn) => void,
): void {
  const session = peers().session(entry.peer);
  entry.waiting++;
  backup.whenKept(turn, (later) => {
    entry.waiting--;
    // On another connection all of it is said again when it is its turn.
    if (peers().session(entry.peer) === session) say(later);
  });
}
function inOrder(host: ChannelHost, turn: Turn, entry: ChannelEntry, say: (turn: Turn) => void): void {
  if (entry.waiting > 0) keep(host, turn, entry, say);
  else say(turn);
}
