import { isDurable } from "../../channels/index.ts";
import { emptyGraph } from "../../routing/index.ts";
import type { NodeId } from "../base/ids.ts";
import type { Sat } from "../base/units.ts";
import { featureBits } from "../wire/features.ts";
import type { BackupHost } from "./backup/host.ts";
import { type Safekeeping, safekeepingOf, safekeptConnected, safekeptMessage } from "./backup/safekeeping.ts";
import { createChainHost, loadCursor, tellOfBlock } from "./chain/host.ts";
import { InStep } from "./chain/in-step.ts";
import { StaleTip } from "./chain/stale-tip.ts";
import { SteadyMiner } from "./chain/steady-miner.ts";
import { SyncTeller } from "./chain/sync-teller.ts";
import { channelChainEvent } from "./channel/chain.ts";
import { ClaimHost } from "./channel/claim-host.ts";
import { reserveOf } from "./channel/closing-reserve.ts";
import { PEERS_FIRST_MS } from "./channel/first-hearing.ts";
import { ChannelHost, type ChannelListener } from "./channel/host.ts";
import { hearTerms, tellTerms } from "./channel/private-channels.ts";
import { fundingsOf, paramsOf } from "./channel/table.ts";
import { forwardPolicy, localChannels, localChannelsSoon } from "./channel/views.ts";
import { HTLC_TIMING, type NodeContext, OPENING_LIMITS } from "./context.ts";
import { createEvents } from "./events.ts";
import { GossipHost, type GossipHostParts } from "./gossip/host.ts";
import { OwnGossip } from "./gossip/own-gossip.ts";
import type { Hosts } from "./hosts.ts";
import { nodeCommands } from "./node-commands.ts";
import type { NodeParts, SluiceNode } from "./node-parts.ts";
import { offeredInit } from "./offered.ts";
import { PaymentHost } from "./payment/host.ts";
import { IncomingHost } from "./payment/incoming-host.ts";
import { createPeers, type Peers, type PeersListener } from "./peer/peers.ts";
import { loadPeers } from "./peer/records.ts";
import { Visits } from "./peer/visits.ts";
import { keptBySigner } from "./signer/kept.ts";
import { SiteHost } from "./stream/site-host.ts";
import { SubscriptionHost } from "./stream/subscription-host.ts";
import { createTurns, peerLane, type Turn } from "./turn.ts";
import { WalletHost } from "./wallet/host.ts";
import { LabelHost } from "./wallet/label-host.ts";
import { WatchHost } from "./wallet/watch-host.ts";

/**
 * Puts a node together and starts it: context, hosts in the order in which they rest on each other, then what is on disk,
 * then the chain, then the peers. Rejects when the store is not this node's or a port cannot be opened.
 */
export async function createNode(parts: NodeParts): Promise<SluiceNode> {
  const ctx = contextOf(parts);
  const hosts = hostsOf(ctx, parts);
  const { turns } = ctx;
  // What came in before is told again, and judged by that block.
  const asked = hosts.inStep.start(hosts.chain.cursor());
  if (asked !== undefined) await asked;
  turns.run((turn) => {
    hosts.wallet.start(turn);
    hosts.watching.start(turn);
    hosts.recovery.start(turn);
    hosts.backup.start(turn);
    hosts.channels.start(turn);
    releaseLostFundings(hosts, turn);
  });
  hosts.payments.start();
  hosts.chain.start();
  hosts.syncTeller.start();
  hosts.staleTip.start();
  hosts.subscriptions.start();
  const listening = parts.listen === undefined ? undefined : await hosts.peers.listen(parts.listen);
  for (const { peer, address } of loadPeers(ctx.store)) hosts.peers.keep(peer, address);
  return nodeCommands(hosts, parts, listening);
}

function contextOf(parts: NodeParts): NodeContext {
  const { clock, random, store, chain, links, log, alias, params, policy, signer, onHalt } = parts;
  const turns = createTurns({ clock, store: keptBySigner(store, signer), onHalt });
  const events = createEvents(store);
  return {
    self: signer.nodeId,
    alias,
    params,
    signer,
    policy: {
      timing: HTLC_TIMING,
      openings: OPENING_LIMITS,
      peersFirstMs: PEERS_FIRST_MS,
      acceptKeysend: false,
      keysendTypes: new Set(),
      ...policy,
    },
    clock,
    random,
    log,
    store,
    chain,
    links,
    turns,
    events,
  };
}

function hostsOf(ctx: NodeContext, parts: NodeParts): Hosts {
  const graph = emptyGraph();
  const height = () => chain.height();
  const peersOf = (): Peers => peers;
  const channelsOf = (): ChannelHost => channels;
  const reserve = (): Sat => reserveOf(channels.table.settled(), ctx.policy.channel);
  const wallet = new WalletHost(ctx, loadCursor(ctx.store)?.height, reserve);
  const watching = new WatchHost(ctx, loadCursor(ctx.store)?.height, () => wallet.state());
  const labels = new LabelHost(ctx, wallet);
  const givenBack: GossipHostParts["givenBack"] = (message) => ownGossip.givenBack(message);
  const gossip = new GossipHost({ ctx, graph, peers: peersOf, height, givenBack });
  const ownGossip: OwnGossip = new OwnGossip(ctx, graph, channelsOf, gossip);
  const inStep = new InStep(ctx, height);
  const isBehind = () => inStep.isBehind();
  const site = new SiteHost(ctx, () => ({ height: height(), isBehind: isBehind() }));
  const payments: PaymentHost = new PaymentHost({
    ctx,
    channels: channelsOf,
    graph,
    height,
    isBehind,
    localChannels: () => localChannels(channels),
    localChannelsSoon: () => localChannelsSoon(channels),
    tickEnded: (turn, payment) => subscriptions.tickEnded(turn, payment),
  });
  const subscriptions = new SubscriptionHost(ctx, payments);
  const incoming = new IncomingHost({
    ctx,
    channels: channelsOf,
    height,
    isBehind,
    forwardPolicy: (id) => forwardPolicy(channels, ctx.policy.forwarding, id),
    streamTick: (turn, htlc) => site.tick(turn, htlc),
  });
  const claims = new ClaimHost(ctx, wallet, height);
  const safekeeping = safekeepingOf(ctx, parts, { wallet, channels: channelsOf, peers: peersOf });
  const { backup } = safekeeping;
  const listener = channelListener(ctx, { payments, incoming, ownGossip, backup, channels: channelsOf });
  const channels: ChannelHost = new ChannelHost({ ctx, peers: peersOf, wallet, claims, backup, listener, height });
  const peers = peersOfNode(ctx, parts, peersListener(ctx, { channels: channelsOf, payments, gossip, safekeeping }));
  // Funding confirmations reach channels only after the wallet has seen the same block.
  const chain = createChainHost(ctx, [
    (_turn, event) => inStep.chainEvent(event),
    (turn, event) => labels.chainEvent(turn, event),
    (turn, event) => watching.chainEvent(turn, event),
    (turn, event) => channelChainEvent(channels, turn, event),
    (turn, event) => safekeeping.peerStorage.chainEvent(turn, event),
    (turn, event) => safekeeping.recovery.chainEvent(turn, event),
    (_turn, event) => gossip.chainEvent(event),
    (turn, event) => tellOfBlock(ctx.events, turn, event),
  ]);
  const miner = new SteadyMiner(ctx);
  const staleTip = new StaleTip(ctx);
  const syncTeller = new SyncTeller(ctx, height);
  const money = { wallet, watching, labels, channels, ...safekeeping, payments, incoming, subscriptions };
  return { ctx, graph, peers, chain, inStep, gossip, ownGossip, site, miner, staleTip, syncTeller, ...money };
}

function peersOfNode(ctx: NodeContext, { network, observe }: NodeParts, listener: PeersListener): Peers {
  const { clock, random, log, signer, params, self, policy } = ctx;
  const features = featureBits(offeredInit(policy.channel));
  const world = { clock, random, log, nodeKey: signer.nodeKey, chain: params.genesisHash, features, observe };
  return createPeers(world, self, network, listener);
}

function channelListener(
  ctx: NodeContext,
  rooms: {
    readonly payments: PaymentHost;
    readonly incoming: IncomingHost;
    readonly ownGossip: OwnGossip;
    readonly backup: BackupHost;
    readonly channels: () => ChannelHost;
  },
): ChannelListener {
  const { payments, incoming, ownGossip, backup } = rooms;
  return {
    htlcArrived: (onion, paymentHash) => incoming.intake.arrived(onion, paymentHash),
    htlcCommitted: (turn, htlc) => incoming.intake.committed(turn, htlc),
    isDeciding: (id) => incoming.intake.isDeciding(id),
    htlcSettled: (turn, origin, settled) => {
      if (origin.tag === "payment") payments.settled(turn, origin.paymentId, origin.attempt, settled.preimage);
      else incoming.relaySettled(turn, origin, settled);
    },
    htlcFailed: (turn, origin, failure) => {
      if (origin.tag === "payment") payments.failed(turn, origin.paymentId, origin.attempt, failure);
      else incoming.relayFailed(turn, origin, failure);
    },
    offerRefused: (turn, origin, reason) => {
      if (origin.tag === "payment") payments.refused(turn, origin.paymentId, origin.attempt, reason);
      else incoming.relayRefused(turn, origin, reason.code);
    },
    committed: (turn, { state }) => {
      if (!isDurable(state)) return;
      // What a channel still held when it was buried is over with it.
      const htlcs = "commitments" in state ? state.commitments.htlcs : [];
      const received = () => new Set(htlcs.filter(({ side }) => side === "received").map(({ id }) => id));
      incoming.channelCommitted(turn, state.params.channelId, received);
      payments.roomMade(turn);
    },
    ready: (turn, entry, isNews) => {
      const id = paramsOf(entry.state)?.channelId;
      if (isNews) ctx.events.record(turn, "channel.ready", { channelId: id, peer: entry.peer });
      if (isNews) backup.peerReady(turn, entry.peer);
      ownGossip.ready(entry);
      tellTerms(ctx, rooms.channels(), turn, entry);
    },
    gone: (_turn, entry) => ownGossip.gone(entry),
    announced: (_turn, entry, announcement) => ownGossip.announced(entry, announcement),
  };
}

interface Listening {
  readonly channels: () => ChannelHost;
  readonly payments: PaymentHost;
  readonly gossip: GossipHost;
  readonly safekeeping: Safekeeping;
}
function peersListener(ctx: NodeContext, { channels, payments, gossip, safekeeping }: Listening): PeersListener {
  const hasChannel = (peer: NodeId): boolean => channels().table.hasFunded(peer);
  const visits = new Visits(hasChannel);
  const cameOrWent = (turn: Turn, type: string, data: { readonly peer: NodeId; readonly reason?: string }): void =>
    visits.isKept(data.peer, turn.now) ? ctx.events.record(turn, type, data) : ctx.events.tell(turn, type, data);
  return {
    hasChannel,
    connected: (session, peer: NodeId) => {
      ctx.turns.run((turn) => {
        cameOrWent(turn, "peer.connected", { peer });
        safekeptConnected(safekeeping, turn, peer, session);
        channels().peerConnected(turn, peer);
      });
      const { features, inbound } = session;
      gossip.peerConnected(peer, { features, isStranger: inbound && !hasChannel(peer) });
    },
    message: (peer, message, bytes) => {
      if (hearTerms(ctx, channels(), peer, message, bytes) || gossip.peerMessage(peer, message, bytes)) return;
      ctx.turns.run((turn) => {
        if (!safekeptMessage(safekeeping, turn, peer, message)) channels().peerMessage(turn, peer, message);
      });
    },
    disconnected: (peer, reason) => {
      ctx.turns.outbox.drop(peerLane(peer));
      gossip.peerDisconnected(peer);
      ctx.turns.run((turn) => {
        cameOrWent(turn, "peer.disconnected", { peer, reason });
        channels().peerDisconnected(turn, peer);
        // Its channels make no room any more.
        turn.next((later) => payments.roomMade(later));
      });
    },
  };
}

/** Coins that were kept for a channel of which nothing is on disk: the opening never happened. */
function releaseLostFundings(hosts: Hosts, turn: Parameters<Parameters<NodeContext["turns"]["run"]>[0]>[0]): void {
  const funded = new Set(
    hosts.channels.table.settled().flatMap(({ state }) => fundingsOf(state).map(({ txid }) => txid)),
  );
  for (const txid of hosts.wallet.reservations()) {
    if (!funded.has(txid)) hosts.wallet.release(turn, txid);
  }
}
