import type { ChannelId, NodeId, PaymentHash, Txid } from "../base/ids.ts";

/**
 * The whole store on one screen: which key holds what. Keys sort bytewise, so numbers are padded. A prefix that is
 * retired stays listed here and is never used again.
 */
export const KEY = {
  /** Durable state of a channel. */
  channel: (id: ChannelId): string => `channel/${id}`,
  channels: "channel/",
  /** How a channel's keys are derived: written before the first key of it is shown. */
  channelKeys: (index: number): string => `channel-keys/${digits(index)}`,
  channelKeysAll: "channel-keys/",
  /** A transaction that funds several channels, constructed with their peers and not yet signed by all of them. */
  batch: (txid: Txid): string => `batch/${txid}`,
  batches: "batch/",
  /** Untrimmed HTLCs of a revoked commitment: what a penalty needs beside the secret. */
  revokedAll: "revoked/",
  revokedId: (id: ChannelId, number: bigint): string => `${id}/${digits(number)}`,
  revokedOf: (id: ChannelId): string => `revoked/${id}/`,
  /** From which height on a peer has been waited for with a close by agreement. */
  awaitedCloses: "closing/",
  /** Why and how a channel ended: kept when everything else of it is forgotten. */
  ended: "ended/",
  payment: (hash: PaymentHash): string => `payment/${hash}`,
  payments: "payment/",
  invoice: (hash: PaymentHash): string => `invoice/${hash}`,
  invoices: "invoice/",
  /** What came in without an invoice. */
  keysend: (hash: PaymentHash): string => `keysend/${hash}`,
  keysends: "keysend/",
  /** A forward, by its incoming HTLC. */
  circuit: (id: ChannelId, htlc: bigint): string => `circuit/${id}/${digits(htlc)}`,
  circuits: "circuit/",
  /** Forwards rolled up by pair of channels and hour. */
  forwards: "forwards/",
  /** A stream session seen from the payer, and from the payee. */
  subscription: (id: string): string => `subscription/${id}`,
  subscriptions: "subscription/",
  session: (id: string): string => `session/${id}`,
  sessions: "session/",
  stream: (id: string): string => `stream/${id}`,
  streams: "stream/",
  event: (seq: number): string => `event/${digits(seq)}`,
  events: "event/",
  peer: (id: NodeId): string => `peer/${id}`,
  peers: "peer/",
  /** What a peer has us keep for it. */
  peerStorage: "peer-storage/",
  /** Which static backup is the newest. */
  backup: "backup/mark",
  /** There while the chain is gone through for what the wallet may own and does not know. */
  recovering: "backup/recovering",
  /** Announced channels and their updates: rebuildable, kept to start quickly. */
  gossip: "gossip/",
  wallet: "wallet/",
  /** Descriptors that are watched without keys, their scripts, and the coins that pay to those. */
  watched: "watched/",
  /** What people call transactions, addresses and coins. */
  labels: "label/",
  /** The block up to which every effect of the chain is in this store. */
  cursor: "chain/cursor",
} as const;

/** Wide enough for any 64-bit number. */
const DIGITS = 20;
const digits = (value: number | bigint): string => value.toString().padStart(DIGITS, "0");
