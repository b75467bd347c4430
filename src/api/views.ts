import type { z } from "zod";
import type { Explanation } from "../../channels/index.ts";
import { type ChannelId, formatShortChannelId, type NodeId, outpointKey } from "../base/ids.ts";
import type { ChannelInfo } from "../daemon/channel/info.ts";
import type {
  Balance,
  ChainInfo,
  GraphChannel,
  GraphNode,
  GraphPolicy,
  NodeEvent,
  NodeInfo,
  PeerInfo,
  Receipt,
  RouteQuote,
  StreamInfo,
  SubscriptionInfo,
  WalletTransaction,
  WalletUtxo,
} from "../daemon/views.ts";
import type { NewLogin, Offered } from "./logins.ts";
import type * as shapes from "./shapes.ts";

/** From the daemon's views to JSON: amounts as decimal strings, times as RFC 3339, what is absent as null. */
export type Json<S extends z.ZodType> = z.output<S>;

export const time = (ms: number): string => new Date(ms).toISOString();
const seconds = (at: number): string => time(at * 1000);
/** The value shown by `show`, or null when there is none. */
export const or = <T, S>(value: T | undefined, show: (value: T) => S): S | null =>
  value === undefined ? null : show(value);
export const same = <T>(value: T): T => value;
export const digits = (value: bigint): string => value.toString();

export const nodeInfoJson = (info: NodeInfo): Json<typeof shapes.nodeInfoShape> => ({
  id: info.id,
  alias: info.alias,
  version: info.version,
  network: info.network,
  height: info.height,
  blockHash: info.blockHash,
  synced: info.synced,
  syncState: { phase: info.syncState.phase, done: info.syncState.done, total: info.syncState.total },
  addresses: [...info.addresses],
  features: info.features,
  crypto: info.crypto,
  peers: info.peers,
  channels: { active: info.channels.active, pending: info.channels.pending, closing: info.channels.closing },
});
export const balanceJson = ({ onchain, channels, sessions, watchOnly }: Balance): Json<typeof shapes.balanceShape> => ({
  onchain: {
    confirmedSat: digits(onchain.confirmed),
    unconfirmedSat: digits(onchain.unconfirmed),
    immatureSat: digits(onchain.immature),
    lockedSat: digits(onchain.locked),
    reservedSat: digits(onchain.reserved),
    keptForClosingSat: digits(onchain.keptForClosing),
    missingForClaimsSat: digits(onchain.missingForClaims),
  },
  channels: {
    spendableMsat: digits(channels.spendable),
    receivableMsat: digits(channels.receivable),
    pendingMsat: digits(channels.pending),
  },
  sessions: { heldMsat: digits(sessions.held) },
  watchOnly: {
    confirmedSat: digits(watchOnly.confirmed),
    unconfirmedSat: digits(watchOnly.unconfirmed),
    immatureSat: digits(watchOnly.immature),
  },
});
export const eventJson = (event: NodeEvent): Json<typeof shapes.eventShape> => ({
  id: event.passing === true ? null : `evt_${event.seq}`,
  type: event.type,
  createdAt: time(event.createdAt),
  seq: event.seq,
  data: event.data,
});

export const chainJson = (chain: ChainInfo): Json<typeof shapes.chainShape> => ({
  source: chain.source,
  network: chain.network,
  height: chain.height,
  hash: chain.hash,
  time: seconds(chain.time),
  headers: chain.headers,
  filters: or(chain.filters, ({ headers, scanned }) => ({ headers, scanned })),
  mempool: { transactions: chain.mempool.transactions, bytes: chain.mempool.bytes },
  utxos: or(chain.utxos, ({ count, total }) => ({ count, totalSat: digits(total) })),
  peers: [...chain.peers],
  address: or(chain.address, same),
  mining: or(chain.mining, ({ everySeconds }) => ({ everySeconds })),
});
export const transactionJson = (tx: WalletTransaction): Json<typeof shapes.transactionShape> => ({
  txid: tx.txid,
  deltaSat: digits(tx.deltaSat),
  feeSat: or(tx.feeSat, digits),
  height: or(tx.height, Number),
  label: tx.label,
});
export const utxoJson = (utxo: WalletUtxo): Json<typeof shapes.utxoShape> => ({
  outpoint: outpointKey(utxo.outpoint),
  amountSat: digits(utxo.amount),
  address: utxo.address,
  height: or(utxo.height, Number),
  label: utxo.label,
  status: utxo.status,
  reservedFor: utxo.reservedFor ?? null,
});

export const peerJson = (peer: PeerInfo): Json<typeof shapes.peerShape> => ({
  id: peer.nodeId,
  address: peer.address,
  connected: peer.connected,
  inbound: peer.inbound,
  features: peer.features,
});
/** What a channel's type says, by the features' names. BOLT 2 §Defined Channel Types. */
const typeNames = ({
  format,
  scidAlias,
  zeroConf,
}: ChannelInfo["type"]): Json<typeof shapes.channelShape>["channelType"] => [
  "static_remotekey",
  ...(format === "anchors" ? (["anchors"] as const) : []),
  ...(scidAlias ? (["scid_alias"] as const) : []),
  ...(zeroConf ? (["zeroconf"] as const) : []),
];
export const channelJson = (channel: ChannelInfo): Json<typeof shapes.channelShape> => ({
  id: `ch_${channel.id}`,
  peer: channel.peer,
  state: channel.state,
  active: channel.active,
  opener: channel.opener,
  announced: channel.announced,
  channelType: typeNames(channel.type),
  shortChannelId: or(channel.shortChannelId, formatShortChannelId),
  localAlias: or(channel.localAlias, formatShortChannelId),
  remoteAlias: or(channel.remoteAlias, formatShortChannelId),
  funding: or(channel.funding, outpointKey),
  capacitySat: digits(channel.capacity),
  localMsat: digits(channel.local),
  remoteMsat: digits(channel.remote),
  spendableMsat: digits(channel.spendable),
  receivableMsat: digits(channel.receivable),
  htlcs: channel.htlcs,
  localCommitmentNumber: digits(channel.localCommitmentNumber),
  remoteCommitmentNumber: digits(channel.remoteCommitmentNumber),
  closeAddress: or(channel.closeAddress, same),
  closingTxid: or(channel.closingTxid, same),
  splices: channel.splices.map(({ txid, capacity, confirmed }) => ({
    txid,
    capacitySat: capacity.toString(),
    confirmed,
  })),
});
export const explanationJson = (id: ChannelId, told: Explanation): Json<typeof shapes.explanationShape> => ({
  id: `ch_${id}`,
  cause: told.cause,
  why: told.why,
  since: or(told.since, same),
  closing: or(told.closing, same),
  outputs: told.outputs.map(({ outpoint, amount, what, status, height, txid }) => ({
    outpoint: outpointKey(outpoint),
    amountSat: digits(amount),
    what,
    status,
    height: or(height, same),
    txid: or(txid, same),
  })),
});
export const graphNodeJson = (node: GraphNode): Json<typeof shapes.graphNodeShape> => ({
  id: node.id,
  alias: node.alias,
  addresses: [...node.addresses],
  channels: node.channels,
});
const policyJson = (policy: GraphPolicy) => ({
  feeBaseMsat: digits(policy.feeBaseMsat),
  feePpm: policy.feePpm,
  cltvExpiryDelta: policy.cltvExpiryDelta,
  htlcMinimumMsat: digits(policy.htlcMinimum),
  htlcMaximumMsat: digits(policy.htlcMaximum),
  disabled: policy.disabled,
  updatedAt: seconds(policy.timestamp),
});
export const graphChannelJson = (channel: GraphChannel): Json<typeof shapes.graphChannelShape> => ({
  shortChannelId: formatShortChannelId(channel.shortChannelId),
  nodes: [channel.nodes[0], channel.nodes[1]],
  capacitySat: or(channel.capacity, digits),
  policies: [or(channel.policies[0], policyJson), or(channel.policies[1], policyJson)],
});
export const quoteJson = (quote: RouteQuote): Json<typeof shapes.quoteShape> => ({
  amountMsat: digits(quote.amount),
  feeMsat: digits(quote.fee),
  hops: quote.hops.map(({ nodeId, shortChannelId, amount, expiry }) => ({
    nodeId,
    shortChannelId: formatShortChannelId(shortChannelId),
    amountMsat: digits(amount),
    expiry,
  })),
});

const onSale = (stream: StreamInfo) => ({
  id: stream.id,
  title: stream.title,
  units: stream.units,
  unitSeconds: stream.unitSeconds,
  priceMsatPerUnit: digits(stream.pricePerUnit),
  freeUnits: stream.freeUnits,
  windowUnits: stream.windowUnits,
});
export const streamJson = (stream: StreamInfo): Json<typeof shapes.streamShape> => ({
  ...onSale(stream),
  sessions: stream.sessions,
  earnedMsat: digits(stream.earned),
});
export const filmJson = (stream: StreamInfo, payee: NodeId): Json<typeof shapes.filmShape> => ({
  ...onSale(stream),
  payee,
});
export const subscriptionJson = (subscription: SubscriptionInfo): Json<typeof shapes.subscriptionShape> => ({
  id: subscription.id,
  stream: subscription.stream,
  site: subscription.site,
  payee: subscription.payee,
  state: subscription.state,
  priceMsatPerUnit: digits(subscription.pricePerUnit),
  feeMsatPerUnit: or(subscription.feePerUnit, digits),
  paidMsat: digits(subscription.paid),
  feesMsat: digits(subscription.fees),
  owedMsat: digits(subscription.owed),
  capMsat: digits(subscription.cap),
  windowUnits: subscription.windowUnits,
  units: subscription.units,
  unlocked: [...subscription.unlocked],
});
export const receiptJson = (receipt: Receipt): Json<typeof shapes.receiptShape> => ({
  stream: receipt.stream,
  units: receipt.units,
  paidMsat: digits(receipt.paid),
  firstPreimage: or(receipt.firstPreimage, same),
  lastPreimage: or(receipt.lastPreimage, same),
  payerSignature: receipt.payerSignature,
  payeeSignature: or(receipt.payeeSignature, same),
});
export const loginLinkJson = ({ code, expiresAt }: Offered): Json<typeof shapes.loginLinkShape> => ({
  code,
  expiresAt: time(expiresAt),
});
export const loginJson = ({ id, scopes, expiresAt }: NewLogin): Json<typeof shapes.loginShape> => ({
  id,
  scopes: [...scopes],
  expiresAt: time(expiresAt),
});
