import { toHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { blockHeight } from "../base/units.ts";
import { scriptOfAddress } from "../bitcoin/address.ts";
import { isPublicNetwork } from "../chain/addresses/place.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import type { Address } from "../ports/network.ts";
import { featureBits } from "../wire/features.ts";
import { backupCommands } from "./backup/commands.ts";
import { syncStateOf } from "./chain/sync-teller.ts";
import { blockView, chainInfo, transactionProof, transactionView, unspentView } from "./chain/views.ts";
import { channelBalance, channelInfo } from "./channel/views.ts";
import { type CommandFault, fromChain } from "./command-fault.ts";
import type { NodeCommands } from "./commands.ts";
import { answeredAfter } from "./context.ts";
import type { Hosts } from "./hosts.ts";
import type { NodeParts, SluiceNode } from "./node-parts.ts";
import { offeredInit } from "./offered.ts";
import { createInvoice, decodeText, hashOfId, invoiceInfo, pay, paymentInfo } from "./payment/commands.ts";
import { keysendInfo, payKeysend } from "./payment/keysend-commands.ts";
import { peerAndChannelCommands } from "./peer-and-channel-commands.ts";
import { addStream, streamInfos } from "./stream/commands.ts";
import type { NodeInfo } from "./views.ts";
import { isStrange, waitingPayment } from "./wallet/incoming.ts";
import { labelCommands } from "./wallet/label-commands.ts";
import { psbtCommands } from "./wallet/psbt-commands.ts";
import { watchCommands } from "./wallet/watch-commands.ts";

/** The commands of a running node. */
export function nodeCommands(hosts: Hosts, parts: NodeParts, listening: Address | undefined): SluiceNode {
  const stop = async (): Promise<void> => {
    hosts.miner.stop();
    hosts.syncTeller.stop();
    hosts.staleTip.stop();
    await hosts.peers.stop();
    hosts.gossip.stop();
    hosts.ownGossip.stop();
    hosts.subscriptions.stop();
    await hosts.ctx.turns.settled();
    hosts.ctx.turns.stop();
  };
  return {
    info: () => nodeInfo(hosts, parts, listening),
    ...walletCommands(hosts),
    ...psbtCommands(hosts),
    ...watchCommands(hosts),
    ...labelCommands(hosts),
    ...backupCommands(hosts),
    ...chainCommands(hosts),
    ...chainReadings(hosts),
    ...peerAndChannelCommands(hosts),
    ...paymentCommands(hosts),
    ...streamCommands(hosts, parts),
    events: (after, limit) => hosts.ctx.events.after(after, limit),
    onEvent: (listener) => hosts.ctx.events.listen(listener),
    shutdown: stop,
    crash: () => {
      hosts.miner.stop();
      hosts.syncTeller.stop();
      hosts.staleTip.stop();
      hosts.ctx.turns.stop();
      hosts.gossip.stop();
      hosts.ownGossip.stop();
      hosts.subscriptions.stop();
      void hosts.peers.stop();
    },
  };
}

/** States of a channel that takes no new payment any more. */
const CLOSING = new Set<string>(["ShuttingDown", "Negotiating", "Closing", "Failed", "Closed", "Restored"]);
function nodeInfo({ ctx, peers, channels, chain }: Hosts, parts: NodeParts, listening: Address | undefined): NodeInfo {
  const infos = channels.table.settled().flatMap((entry) => channelInfo(channels, entry) ?? []);
  const tip = ctx.chain.tip();
  const syncState = syncStateOf(ctx.chain, chain.height());
  const closing = infos.filter(({ state }) => CLOSING.has(state)).length;
  const active = infos.filter((info) => info.active).length;
  return {
    id: ctx.self,
    alias: ctx.alias,
    version: parts.version,
    network: ctx.params.network,
    height: tip.height,
    blockHash: tip.hash,
    synced: syncState.phase === "synced",
    syncState,
    addresses: listening === undefined ? [] : [`${listening.host}:${listening.port}`],
    features: toHex(featureBits(offeredInit(ctx.policy.channel))),
    crypto: secp256k1.name,
    peers: peers.live().length,
    channels: { active, pending: infos.length - active - closing, closing },
  };
}

type WalletCommands = Pick<
  NodeCommands,
  "bumpFee" | "newAddress" | "rescan" | "setCoinLocked" | "walletTransactions" | "walletUtxos" | "send" | "stamp"
>;
function walletCommands({ ctx, wallet, labels, recovery }: Hosts): WalletCommands {
  const inTurn = answeredAfter(ctx);
  return {
    newAddress: ({ type = "segwit", label = "received" } = {}) =>
      inTurn((turn) => {
        const script = wallet.newScript(turn, label, { type: type === "taproot" ? "p2tr" : "p2wpkh" });
        return { address: wallet.addressOf(script) };
      }),
    walletTransactions: () => wallet.transactions().map((one) => labels.ofTransaction(one)),
    walletUtxos: () => wallet.utxos().map((one) => labels.ofCoin(one)),
    setCoinLocked: ({ outpoint, locked }) => inTurn((turn) => wallet.setLocked(turn, outpoint, locked)),
    rescan: async ({ from }) => {
      // Genesis pays nobody, and is always there.
      const lowest = await ctx.chain.blockAt(blockHeight(Math.max(from, 1)));
      if (!lowest.ok && lowest.error.code === "not_held")
        return err({ code: "not_possible", detail: lowest.error.detail, pointer: "/fromHeight" });
      return inTurn((turn) => {
        recovery.search(turn, from);
        return ok({ from });
      });
    },
    bumpFee: async (request) => {
      const isStrangers = request.method === "cpfp" && isStrange(wallet.state(), request.txid);
      const incoming = isStrangers ? await waitingPayment(ctx.chain, request.txid) : ok(undefined);
      if (!incoming.ok) return fromChain(incoming);
      return inTurn((turn) => {
        const bumped = wallet.bump(turn, request, incoming.value);
        return bumped.ok ? ok({ txid: bumped.value }) : bumped;
      });
    },
    send: (request) =>
      inTurn((turn) => {
        const sent = wallet.send(turn, request);
        return sent.ok ? ok({ txid: sent.value }) : sent;
      }),
    stamp: ({ root, feerate }) =>
      inTurn((turn) => {
        const stamped = wallet.stamp(turn, root, feerate);
        return stamped.ok ? ok({ txid: stamped.value }) : stamped;
      }),
  };
}

/** A block of theirs takes more work than a computer has, or somebody's signature. */
const NO_PLAY_MONEY: CommandFault = {
  code: "not_possible",
  detail: "Blocks are mined here on play-money networks alone.",
};
type ChainCommands = Pick<NodeCommands, "balance" | "chain" | "mine" | "mineSteadily" | "stopMining">;
function chainCommands(hosts: Hosts): ChainCommands {
  const { ctx, wallet, channels, miner } = hosts;
  const inTurn = answeredAfter(ctx);
  const rewardScript = async (address: string | undefined): Promise<Result<Uint8Array, CommandFault>> => {
    if (address === undefined) return ok(await inTurn((turn) => wallet.newScript(turn, "mined")));
    const given = scriptOfAddress(address, ctx.params);
    const detail = `not an address of ${ctx.params.network}`;
    return given.ok ? given : err({ code: "bad_request", detail, pointer: "/address" });
  };
  return {
    balance: () => ({
      onchain: { ...wallet.balance(), missingForClaims: channels.parts.claims.missing },
      channels: channelBalance(channels),
      sessions: { held: hosts.subscriptions.held() },
      watchOnly: hosts.watching.balance(),
    }),
    chain: () => chainInfo(ctx.chain, miner.mining),
    mine: async ({ blocks, address }) => {
      if (isPublicNetwork(ctx.params.network)) return err(NO_PLAY_MONEY);
      const script = await rewardScript(address);
      return script.ok ? fromChain(await ctx.chain.mine(blocks, script.value)) : script;
    },
    mineSteadily: async ({ everySeconds, address }) => {
      if (isPublicNetwork(ctx.params.network)) return err(NO_PLAY_MONEY);
      const script = await rewardScript(address);
      return script.ok ? ok(miner.start({ everySeconds, script: script.value })) : script;
    },
    stopMining: () => miner.stop(),
  };
}

type ChainReadings = Pick<
  NodeCommands,
  | "chainBlock"
  | "chainHeader"
  | "chainBranches"
  | "chainDifficulty"
  | "chainTransaction"
  | "chainProof"
  | "chainUnspent"
  | "chainMempool"
  | "chainPeers"
>;
const chainReadings = ({ ctx: { chain, params } }: Hosts): ChainReadings => ({
  chainBlock: async (place) => fromChain(await blockView(chain, place)),
  chainHeader: async (hash) => fromChain(await chain.header(hash)),
  chainBranches: async (heights, to) => fromChain(await chain.branches(heights, to)),
  chainDifficulty: async () => fromChain(await chain.difficulty()),
  chainTransaction: async (txid) => fromChain(await transactionView(chain, params, txid)),
  chainProof: async (txid) => fromChain(await transactionProof(chain, params, txid)),
  chainUnspent: async (outpoint) => fromChain(await unspentView(chain, params, outpoint)),
  chainMempool: async () => fromChain(await chain.mempool()),
  chainPeers: async () => fromChain(await chain.peers()),
});

type PaymentCommands = Pick<
  NodeCommands,
  | "createInvoice"
  | "invoices"
  | "invoice"
  | "pay"
  | "payKeysend"
  | "keysends"
  | "keysend"
  | "paymentEnd"
  | "payments"
  | "payment"
  | "decode"
>;
function paymentCommands(hosts: Hosts): PaymentCommands {
  const { ctx, payments, incoming } = hosts;
  const now = () => ctx.clock.now();
  return {
    createInvoice: (request) => createInvoice(hosts, request),
    invoices: () => incoming.invoices.list().map(({ value }) => invoiceInfo(value, now())),
    invoice: (hash) => {
      const record = incoming.invoices.shown(hash);
      return record === undefined ? undefined : invoiceInfo(record, now());
    },
    pay: (request) => pay(hosts, request),
    payKeysend: (request) => payKeysend(hosts, request),
    keysends: () => incoming.keysends.list().map(({ value }) => keysendInfo(value)),
    keysend: (hash) => {
      const record = incoming.keysends.shown(hash);
      return record === undefined ? undefined : keysendInfo(record);
    },
    paymentEnd: (id, timeoutMs) =>
      new Promise((resolve) => {
        const hash = hashOfId(id);
        if (hash === undefined) return resolve(undefined);
        const forget = payments.whenEnded(hash, (ended) => {
          cancel();
          resolve(paymentInfo(ended));
        });
        const cancel = ctx.clock.after(timeoutMs, () => {
          forget();
          resolve(undefined);
        });
      }),
    payments: () => payments.payments.list().map(({ value }) => paymentInfo(value)),
    payment: (id) => {
      const hash = hashOfId(id);
      const record = hash === undefined ? undefined : payments.payments.shown(hash);
      return record === undefined ? undefined : paymentInfo(record);
    },
    decode: (text) => decodeText(hosts, text),
  };
}

type StreamCommands = Pick<
  SluiceNode,
  | "addStream"
  | "streams"
  | "subscribe"
  | "subscriptions"
  | "subscription"
  | "pauseSubscription"
  | "resumeSubscription"
  | "closeSubscription"
  | "segmentKey"
  | "receipt"
  | "siteRequest"
  | "siteClosed"
  | "streamFolder"
>;
function streamCommands(hosts: Hosts, parts: NodeParts): StreamCommands {
  const { subscriptions, site } = hosts;
  return {
    addStream: (request) => addStream(hosts, parts.streamFolders, request),
    streams: () => streamInfos(hosts),
    subscribe: (request) => subscriptions.subscribe(request),
    subscriptions: () => subscriptions.list(),
    subscription: (id) => subscriptions.get(id),
    pauseSubscription: (id) => subscriptions.change(id, "pause"),
    resumeSubscription: (id) => subscriptions.change(id, "resume"),
    closeSubscription: (id) => subscriptions.change(id, "close"),
    segmentKey: (id, unit) => subscriptions.key(id, unit),
    receipt: (id) => subscriptions.receipt(id),
    siteRequest: (_connection, name, body) => site.request(name, body),
    siteClosed: () => {},
    streamFolder: (stream) => (site.streams.get(stream) === undefined ? undefined : parts.streamFolders.folder(stream)),
  };
}
