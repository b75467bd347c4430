import type { NodeId } from "../base/ids.ts";
import type { UnixMs } from "../base/units.ts";
import type { ChannelHost } from "./channel-host.ts";
import type { NodeContext } from "./context.ts";
import type { GossipHost } from "./gossip-host.ts";
import type { Peers, PeersListener } from "./peers.ts";
import { peerLane } from "./turn.ts";

/** Policy, not protocol: what may wait for the disk on its way to one peer. RELIABILITY D12. */
const WAITING_MAX = 10_000;
/** Policy, not protocol: of a partner that comes and goes the log keeps one visit in so long. */
const VISIT_MS = 60_000;

/** Leads what peers do to the hosts that it concerns. */
export function peersListener(
  ctx: NodeContext,
  peers: () => Peers,
  channels: () => ChannelHost,
  gossip: GossipHost,
): PeersListener {
  const { turns, events, clock } = ctx;
  const isPartner = (peer: NodeId): boolean => channels().table.isFundedWith(peer);
  /** Partners whose visit is in the log, and since when. */
  const visits = new Map<NodeId, { readonly since: UnixMs; isOver: boolean }>();
  const arrives = (peer: NodeId): boolean => {
    const before = visits.get(peer);
    const isKept = isPartner(peer) && (before === undefined || clock.now() - before.since >= VISIT_MS);
    if (isKept) visits.set(peer, { since: clock.now(), isOver: false });
    return isKept;
  };
  const leaves = (peer: NodeId): boolean => {
    const visit = visits.get(peer);
    if (visit === undefined || visit.isOver) return false;
    visit.isOver = true;
    return true;
  };
  return {
    connected: (session, peer) => {
      turns.run((turn) => {
        events[arrives(peer) ? "record" : "tell"](turn, "peer.connected", { peer });
        channels().peerConnected(turn, peer);
      });
      gossip.peerConnected(peer, session.features);
    },
    message: (peer, message, bytes) => {
      if (gossip.peerMessage(peer, message, bytes)) return;
      turns.run((turn) => channels().peerMessage(turn, peer, message));
      // The disk is slow, and this one does not wait for our answers.
      if (turns.outbox.waitingIn(peerLane(peer)) > WAITING_MAX) peers().session(peer)?.refuse("too much at once");
    },
    disconnected: (peer, reason) => {
      turns.outbox.drop(peerLane(peer));
      gossip.peerDisconnected(peer);
      turns.run((turn) => {
        events[leaves(peer) ? "record" : "tell"](turn, "peer.disconnected", { peer, reason });
        channels().peerDisconnected(turn, peer);
      });
    },
    isPartner,
  };
}
