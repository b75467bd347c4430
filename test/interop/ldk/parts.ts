import * as ldk from "lightningdevkit";
import { toHex } from "../../../src/base/bytes.ts";
import { decodeBlock } from "../../../src/bitcoin/block.ts";
import { encodeTx } from "../../../src/bitcoin/tx.ts";
import type { ChainListener, FollowedChain } from "./chain.ts";
import type { LdkSettings } from "./defaults.ts";
import type { Said } from "./events.ts";
import { GroupPersister } from "./group-persister.ts";
import { configOf } from "./settings.ts";
import type { FolderStore } from "./store.ts";
import { KeyWallet } from "./wallet.ts";

export const MANAGER = "manager";
const UPDATES_KEPT = 100n;

/** What a node of LDK consists of. */
export interface LdkParts {
  readonly manager: ldk.ChannelManager;
  readonly monitor: ldk.ChainMonitor;
  readonly peers: ldk.PeerManager;
  readonly graph: ldk.NetworkGraph;
  readonly keys: ldk.KeysManager;
  readonly wallet: KeyWallet;
  readonly bumps: ldk.BumpTransactionEventHandler;
  readonly settings: LdkSettings;
  readonly habits: Habits;
  say(said: Said): void;
  /** Gives transactions to the Bitcoin node. */
  broadcast(txs: readonly Uint8Array[]): void;
  /** Resolves when the Bitcoin node has answered to all of them. */
  broadcasts(): Promise<void>;
}
/** What its application does of its own accord, as long as a test does not want it otherwise. */
export interface Habits {
  /** Satoshis for 1,000 weight, for every purpose. */
  feerate: number;
  /** Payments that come in wait until they are claimed or failed by command. */
  holds: boolean;
  /** Told of the end of each payment of ours, instead of the test, which then hears of nothing. */
  ended: ((hash: string, isPaid: boolean) => void) | undefined;
}
/** What everything in it stands on. */
export interface Ground {
  readonly store: FolderStore;
  readonly chain: FollowedChain;
  readonly settings: LdkSettings;
  say(said: Said): void;
  /** Has everything done that waits. */
  turn(): void;
}
interface Base extends Ground {
  readonly habits: Habits;
  readonly keys: ldk.KeysManager;
  readonly logger: ldk.Logger;
  readonly fees: ldk.FeeEstimator;
  readonly broadcaster: ldk.BroadcasterInterface;
  readonly persister: ldk.MonitorUpdatingPersister;
  readonly monitor: ldk.ChainMonitor;
  readonly graph: ldk.NetworkGraph;
  readonly router: ldk.Router;
  readonly messageRouter: ldk.MessageRouter;
  broadcast(txs: readonly Uint8Array[]): void;
  broadcasts(): Promise<void>;
}

/** A node put together as LDK's guide says, new or as its store has it, that has heard of every block. */
export async function assemble(ground: Ground): Promise<LdkParts> {
  const { settings, chain, store, say } = ground;
  const base = baseOf(ground);
  const { keys, logger, monitor, graph, broadcaster, broadcast, broadcasts, habits } = base;
  const wallet = new KeyWallet(new Uint8Array(32).fill(settings.seed + 1));
  const begun = await chain.beginAt(settings.fromHeight);
  chain.listen(wallet);
  const written = store.get(MANAGER);
  const manager = written === undefined ? newChannels(base, begun.hash) : await readChannels(base, written);
  if (written === undefined) chain.listen(listenerOf(manager.as_Listen(), settings.fromHeight));
  chain.listen(listenerOf(monitor.as_Listen(), chain.height));
  const gossip = ldk.P2PGossipSync.constructor_new(graph, ldk.Option_UtxoLookupZ.constructor_none(), logger);
  const ignoring = ldk.IgnoringMessageHandler.constructor_new();
  const peers = ldk.PeerManager.constructor_new(
    manager.as_ChannelMessageHandler(),
    gossip.as_RoutingMessageHandler(),
    ignoring.as_OnionMessageHandler(),
    ignoring.as_CustomMessageHandler(),
    seconds(),
    keys.as_EntropySource().get_secure_random_bytes(),
    logger,
    keys.as_NodeSigner(),
  );
  const coins = ldk.Wallet.constructor_new(ldk.WalletSource.new_impl(wallet), logger).as_CoinSelectionSource();
  const bumps = ldk.BumpTransactionEventHandler.constructor_new(broadcaster, coins, keys.as_SignerProvider(), logger);
  return { manager, monitor, peers, graph, keys, wallet, bumps, settings, habits, say, broadcast, broadcasts };
}
const seconds = (): number => Math.floor(Date.now() / 1000);

function baseOf(ground: Ground): Base {
  const { store, chain, settings, say } = ground;
  const keys = ldk.KeysManager.constructor_new(new Uint8Array(32).fill(settings.seed), BigInt(seconds()), 0);
  const [entropy, signer] = [keys.as_EntropySource(), keys.as_SignerProvider()];
  const logger = ldk.Logger.new_impl({
    log: (record) => {
      if (record.get_level() >= settings.logLevel)
        say({ name: "log", text: `${record.get_module_path()}:${record.get_line()} ${record.get_args()}` });
    },
  });
  let sending = Promise.resolve();
  const broadcast = (txs: readonly Uint8Array[]): void => {
    sending = sending.then(() => send(chain, txs, say));
  };
  const broadcasts = (): Promise<void> => sending;
  const habits: Habits = { feerate: settings.feerate, holds: false, ended: undefined };
  const fees = ldk.FeeEstimator.new_impl({ get_est_sat_per_1000_weight: () => habits.feerate });
  const broadcaster = ldk.BroadcasterInterface.new_impl({ broadcast_transactions: broadcast });
  const persister = ldk.MonitorUpdatingPersister.constructor_new(
    ldk.KVStore.new_impl(store),
    logger,
    UPDATES_KEPT,
    entropy,
    signer,
    broadcaster,
    fees,
  );
  const none = ldk.Option_FilterZ.constructor_none();
  const persist = settings.grouped ? groupsOf(ground, () => monitor).persist : persister.as_Persist();
  const monitor: ldk.ChainMonitor = ldk.ChainMonitor.constructor_new(none, broadcaster, logger, fees, persist);
  const graph = ldk.NetworkGraph.constructor_new(ldk.Network.LDKNetwork_Regtest, logger);
  const router = routerOf(graph, logger, entropy);
  const messageRouter = ldk.DefaultMessageRouter.constructor_new(graph, entropy).as_MessageRouter();
  return {
    ...ground,
    habits,
    keys,
    logger,
    fees,
    broadcaster,
    persister,
    monitor,
    graph,
    router,
    messageRouter,
    broadcast,
    broadcasts,
  };
}
function groupsOf({ store, turn }: Ground, monitor: () => ldk.ChainMonitor): GroupPersister {
  return new GroupPersister(store.folder, (updates) => {
    for (const { of, id } of updates) monitor().channel_monitor_updated(of, id);
    turn();
  });
}
function routerOf(graph: ldk.NetworkGraph, logger: ldk.Logger, entropy: ldk.EntropySource): ldk.Router {
  const decay = ldk.ProbabilisticScoringDecayParameters.constructor_default();
  const scorer = ldk.ProbabilisticScorer.constructor_new(decay, graph, logger);
  const lockable = ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score()).as_LockableScore();
  const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
  return ldk.DefaultRouter.constructor_new(graph, logger, entropy, lockable, scoring).as_Router();
}
/** One after the other, as later ones may spend earlier ones; what is known already is no fault. */
async function send(chain: FollowedChain, txs: readonly Uint8Array[], say: (said: Said) => void): Promise<void> {
  const hexes = txs.map(toHex);
  for (const tx of hexes) say({ name: "broadcast", tx });
  try {
    if (hexes.length > 1) await chain.ask("submitpackage", hexes);
    else await chain.ask("sendrawtransaction", hexes[0]);
  } catch (error) {
    say({ name: "not_taken", text: (error as Error).message });
  }
}

function newChannels(base: Base, hash: string): ldk.ChannelManager {
  const { keys, fees, monitor, broadcaster, router, messageRouter, logger, settings } = base;
  const best = ldk.BestBlock.constructor_new(new Uint8Array(Buffer.from(hash, "hex").reverse()), settings.fromHeight);
  return ldk.ChannelManager.constructor_new(
    fees,
    monitor.as_Watch(),
    broadcaster,
    router,
    messageRouter,
    logger,
    keys.as_EntropySource(),
    keys.as_NodeSigner(),
    keys.as_SignerProvider(),
    configOf(settings),
    ldk.ChainParameters.constructor_new(ldk.Network.LDKNetwork_Regtest, best),
    seconds(),
  );
}

/** Each monitor and the manager were written at a block of their own: they hear what came after it before they are put together. */
async function readChannels(base: Base, written: Uint8Array): Promise<ldk.ChannelManager> {
  const { persister, keys, fees, monitor, broadcaster, router, messageRouter, logger, settings, chain } = base;
  const read = persister.read_all_channel_monitors_with_updates();
  if (!(read instanceof ldk.Result_CVec_C2Tuple_ThirtyTwoBytesChannelMonitorZZIOErrorZ_OK))
    throw new Error("LDK does not read its monitors");
  const monitors = read.res.map((pair) => pair.get_b());
  const manager = ldk.UtilMethods.constructor_C2Tuple_ThirtyTwoBytesChannelManagerZ_read(
    written,
    keys.as_EntropySource(),
    keys.as_NodeSigner(),
    keys.as_SignerProvider(),
    fees,
    monitor.as_Watch(),
    broadcaster,
    router,
    messageRouter,
    logger,
    configOf(settings),
    monitors,
  );
  if (!(manager instanceof ldk.Result_C2Tuple_ThirtyTwoBytesChannelManagerZDecodeErrorZ_OK))
    throw new Error("LDK does not read its manager");
  const restored = manager.res.get_b();
  chain.listen(listenerOf(restored.as_Listen(), restored.current_best_block().get_height()));
  const catchingUp = monitors.map((each) => monitorListener(base, each));
  for (const each of catchingUp) chain.listen(each);
  await chain.sync();
  for (const each of catchingUp) chain.unlisten(each);
  for (const each of monitors) monitor.as_Watch().watch_channel(each.get_funding_txo().get_a(), each);
  return restored;
}

/** Blocks up to `known` are told already. */
function listenerOf(listen: ldk.Listen, known: number): ChainListener {
  let best = known;
  return {
    connected: (block, height) => {
      if (height <= best) return;
      listen.block_connected(block, height);
      best = height;
    },
    disconnected: (header, height) => {
      listen.block_disconnected(header, height);
      best = height - 1;
    },
  };
}
function monitorListener(base: Base, monitor: ldk.ChannelMonitor): ChainListener {
  const known = monitor.current_best_block().get_height();
  const { broadcaster, fees, logger } = base;
  return {
    connected: (block, height) => {
      if (height <= known) return;
      const txs = transactionsOf(block).map((tx, at) => ldk.TwoTuple_usizeTransactionZ.constructor_new(at, tx));
      monitor.block_connected(block.slice(0, 80), txs, height, broadcaster, fees, logger);
    },
    disconnected: (header, height) => monitor.block_disconnected(header, height, broadcaster, fees, logger),
  };
}
function transactionsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const block = decodeBlock(bytes);
  if (!block.ok) throw new Error("a block that does not decode");
  return block.value.txs.map(encodeTx);
}
