import type { Graph } from "../../routing/index.ts";
import type { Safekeeping } from "./backup/safekeeping.ts";
import type { ChainHost } from "./chain/host.ts";
import type { InStep } from "./chain/in-step.ts";
import type { StaleTip } from "./chain/stale-tip.ts";
import type { SteadyMiner } from "./chain/steady-miner.ts";
import type { SyncTeller } from "./chain/sync-teller.ts";
import type { ChannelHost } from "./channel/host.ts";
import type { NodeContext } from "./context.ts";
import type { GossipHost } from "./gossip/host.ts";
import type { OwnGossip } from "./gossip/own-gossip.ts";
import type { PaymentHost } from "./payment/host.ts";
import type { IncomingHost } from "./payment/incoming-host.ts";
import type { Peers } from "./peer/peers.ts";
import type { SiteHost } from "./stream/site-host.ts";
import type { SubscriptionHost } from "./stream/subscription-host.ts";
import type { WalletHost } from "./wallet/host.ts";
import type { LabelHost } from "./wallet/label-host.ts";
import type { WatchHost } from "./wallet/watch-host.ts";

/** The hosts of one node, as its commands use them. */
export interface Hosts extends Safekeeping {
  readonly ctx: NodeContext;
  readonly graph: Graph;
  readonly peers: Peers;
  readonly chain: ChainHost;
  readonly inStep: InStep;
  readonly wallet: WalletHost;
  readonly watching: WatchHost;
  readonly labels: LabelHost;
  readonly channels: ChannelHost;
  readonly payments: PaymentHost;
  readonly incoming: IncomingHost;
  readonly gossip: GossipHost;
  readonly ownGossip: OwnGossip;
  readonly site: SiteHost;
  readonly subscriptions: SubscriptionHost;
  readonly miner: SteadyMiner;
  readonly staleTip: StaleTip;
  readonly syncTeller: SyncTeller;
}
