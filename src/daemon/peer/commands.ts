import { toHex } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandFault } from "../commands.ts";
import { answeredAfter } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import type { PeerInfo } from "../views.ts";
import { dropPeer, loadPeers, putPeer } from "./records.ts";
import type { PeerSession } from "./session.ts";

/** Connects, and dials again after each loss and each start: where the peer was reached, not where somebody says it is. */
export async function connectPeer(
  hosts: Hosts,
  { nodeId, host, port }: { readonly nodeId: NodeId; readonly host: string; readonly port: number },
): Promise<Result<PeerInfo, CommandFault>> {
  const isConnected = hosts.peers.session(nodeId) !== undefined;
  const connected = await hosts.peers.connect(nodeId, { host, port });
  if (!connected.ok) return connected;
  const isKept = loadPeers(hosts.ctx.store).some(({ peer }) => peer === nodeId);
  if (!isConnected || !isKept) {
    await answeredAfter(hosts.ctx)((turn) => putPeer(turn, nodeId, { host, port }));
    hosts.peers.keep(nodeId, { host, port });
  }
  return ok(infoOf(nodeId, connected.value));
}

export async function disconnectPeer(hosts: Hosts, nodeId: NodeId): Promise<Result<void, CommandFault>> {
  await answeredAfter(hosts.ctx)((turn) => dropPeer(turn, nodeId));
  const found = hosts.peers.disconnect(nodeId, "disconnected by its operator");
  return found ? ok(undefined) : err({ code: "not_found", detail: "not connected to this node" });
}

/** Connected peers, then those that are dialled and away. */
export function peerInfos({ peers, ctx }: Hosts): readonly PeerInfo[] {
  const live = peers.live().flatMap((session) => (session.remote === undefined ? [] : infoOf(session.remote, session)));
  const away = loadPeers(ctx.store).filter(({ peer }) => peers.session(peer) === undefined);
  return [
    ...live,
    ...away.map(({ peer, address }) => ({
      nodeId: peer,
      address: `${address.host}:${address.port}`,
      connected: false,
      inbound: false,
      features: "",
    })),
  ];
}

const infoOf = (nodeId: NodeId, session: PeerSession): PeerInfo => ({
  nodeId,
  address: session.address,
  connected: true,
  inbound: session.inbound,
  features: toHex(session.features),
});
