import { openChannels } from "./batch/open-batch.ts";
import { bumpFunding } from "./channel/bump-funding.ts";
import { closeChannel, explainChannel } from "./channel/commands.ts";
import { openChannel } from "./channel/open-channel.ts";
import { spliceChannel } from "./channel/splice-channel.ts";
import { channelInfo } from "./channel/views.ts";
import type { NodeCommands } from "./commands.ts";
import { graphChannels, graphNodes, routeQuote } from "./gossip/graph-views.ts";
import type { Hosts } from "./hosts.ts";
import { connectPeer, disconnectPeer, peerInfos } from "./peer/commands.ts";

type PeerCommands = Pick<
  NodeCommands,
  | "peers"
  | "connect"
  | "disconnect"
  | "channels"
  | "openChannel"
  | "openChannels"
  | "bumpFunding"
  | "spliceChannel"
  | "closeChannel"
  | "explainChannel"
  | "graphNodes"
  | "graphChannels"
  | "route"
>;
/** What people ask of peers, of channels, and of the graph. */
export const peerAndChannelCommands = (hosts: Hosts): PeerCommands => ({
  peers: () => peerInfos(hosts),
  connect: (peer) => connectPeer(hosts, peer),
  disconnect: (nodeId) => disconnectPeer(hosts, nodeId),
  channels: () => hosts.channels.table.settled().flatMap((entry) => channelInfo(hosts.channels, entry) ?? []),
  openChannel: (request) => openChannel(hosts, request),
  openChannels: (request) => openChannels(hosts, request),
  bumpFunding: (request) => bumpFunding(hosts, request),
  spliceChannel: (request) => spliceChannel(hosts, request),
  closeChannel: (request) => closeChannel(hosts, request),
  explainChannel: (id) => explainChannel(hosts, id),
  graphNodes: () => graphNodes(hosts.graph),
  graphChannels: () => graphChannels(hosts.graph),
  route: (request) => routeQuote(hosts, request),
});
