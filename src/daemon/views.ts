import type { BlockHash, NodeId, Outpoint, PaymentHash, Preimage, ShortChannelId, Txid } from "../base/ids.ts";
import type { BlockHeight, Msat, Sat, SatPerKw, UnixMs } from "../base/units.ts";
import type { UnknownRecord } from "../codec/tlv.ts";
import type { BaseNodeInfo } from "../ports/base-node.ts";
import type { SteadyMining } from "./chain/steady-miner.ts";
import type { SyncState } from "./chain/sync-teller.ts";
import type { CommandFault } from "./command-fault.ts";
import type { WatchBalance } from "./wallet/watch-state.ts";

/** What commands take and what they show: plain values, amounts and ids in their own types. */
export interface NodeInfo {
  readonly id: NodeId;
  readonly alias: string;
  readonly version: string;
  readonly network: string;
  readonly height: BlockHeight;
  readonly blockHash: BlockHash;
  readonly synced: boolean;
  readonly syncState: SyncState;
  /** `host:port` pairs under which peers reach this node. */
  readonly addresses: readonly string[];
  readonly features: string;
  /** The curve provider in use: `native` or `noble`. */
  readonly crypto: string;
  readonly peers: number;
  readonly channels: { readonly active: number; readonly pending: number; readonly closing: number };
}
export interface Balance {
  readonly onchain: OnchainBalance;
  readonly channels: { readonly spendable: Msat; readonly receivable: Msat; readonly pending: Msat };
  readonly sessions: { readonly held: Msat };
  readonly watchOnly: WatchBalance;
}
/** Of each coin of the wallet its amount is in exactly one of the first five. */
export interface OnchainBalance {
  readonly confirmed: Sat;
  /** Our own change on its way. */
  readonly unconfirmed: Sat;
  /** Mined, and not yet to be spent. */
  readonly immature: Sat;
  /** Kept back by hand. */
  readonly locked: Sat;
  /** Kept for a transaction that is signed and not published. */
  readonly reserved: Sat;
  /** How much of it no payment may touch: it pays the fees of closing channels. */
  readonly keptForClosing: Sat;
  /** What is not there and would have to be, for fees without which channels that are closed cannot be claimed. */
  readonly missingForClaims: Sat;
}
export interface WalletTransaction {
  readonly txid: Txid;
  /** Received minus spent; negative when coins left. */
  readonly deltaSat: bigint;
  readonly feeSat: Sat | undefined;
  readonly height: BlockHeight | undefined;
  readonly label: string;
}
export interface WalletUtxo {
  readonly outpoint: Outpoint;
  readonly amount: Sat;
  readonly address: string;
  /** What payments to its address are called. */
  readonly label: string;
  readonly height: BlockHeight | undefined;
  readonly status: "confirmed" | "unconfirmed" | "immature" | "locked" | "reserved";
  /** What the transaction is called that it is kept for. */
  readonly reservedFor: string | undefined;
}
export interface AddressRequest {
  /** `segwit`: a key hash, bech32. `taproot`: a key, bech32m. */
  readonly type?: "segwit" | "taproot";
  /** What payments to it are called. */
  readonly label?: string;
}
export interface SendRequest {
  readonly address: string;
  readonly amount: Sat;
  readonly feerate?: SatPerKw;
  /** The coins that pay, all of them; the wallet chooses when none are named. */
  readonly coins?: readonly Outpoint[];
}
export interface BumpFeeRequest {
  readonly txid: Txid;
  /** `rbf`: the same payment for more. `cancel`: its coins come back. `cpfp`: a child pays for both. */
  readonly method: "rbf" | "cancel" | "cpfp";
  readonly feerate: SatPerKw;
}
export interface ChainInfo extends Pick<BaseNodeInfo, "source" | "headers" | "filters"> {
  readonly network: string;
  readonly height: BlockHeight;
  readonly hash: BlockHash;
  readonly time: number;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  /** All unspent outputs of the best chain, for checking conservation; undefined where the node does not keep count. */
  readonly utxos: { readonly count: number; readonly total: Sat } | undefined;
  readonly peers: readonly string[];
  /** `host:port` under which other Bitcoin nodes reach this one. */
  readonly address: string | undefined;
  /** While blocks are mined at a steady pace. */
  readonly mining: SteadyMining | undefined;
}
export interface PeerInfo {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly connected: boolean;
  readonly inbound: boolean;
  readonly features: string;
}
export interface GraphNode {
  readonly id: NodeId;
  readonly alias: string;
  readonly addresses: readonly string[];
  readonly channels: number;
}
export interface GraphChannel {
  readonly shortChannelId: ShortChannelId;
  readonly nodes: readonly [NodeId, NodeId];
  readonly capacity: Sat | undefined;
  readonly policies: readonly [GraphPolicy | undefined, GraphPolicy | undefined];
}
export interface GraphPolicy {
  readonly feeBaseMsat: Msat;
  readonly feePpm: number;
  readonly cltvExpiryDelta: number;
  readonly htlcMinimum: Msat;
  readonly htlcMaximum: Msat;
  readonly disabled: boolean;
  readonly timestamp: number;
}
export interface RouteRequest {
  readonly to: NodeId;
  readonly amount: Msat;
  readonly maxFee?: Msat;
}
export interface RouteQuote {
  readonly amount: Msat;
  readonly fee: Msat;
  readonly hops: readonly {
    readonly nodeId: NodeId;
    readonly shortChannelId: ShortChannelId;
    readonly amount: Msat;
    readonly expiry: number;
  }[];
}
export interface InvoiceRequest {
  readonly amount: Msat | undefined;
  readonly description: string;
  readonly expirySeconds: number;
  readonly externalId?: string;
}
export interface InvoiceInfo {
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly bolt11: string;
  readonly state: "open" | "settled" | "expired" | "canceled";
  readonly amount: Msat | undefined;
  readonly received: Msat | undefined;
  readonly description: string;
  readonly externalId: string | undefined;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  readonly settledAt: UnixMs | undefined;
}
export interface PayRequest {
  readonly bolt11: string;
  /** Needed when the invoice names none, refused when it differs from the invoice's. */
  readonly amount?: Msat;
  readonly maxFee?: Msat;
  readonly timeoutSeconds?: number;
}
export interface KeysendRequest {
  readonly payee: NodeId;
  readonly amount: Msat;
  /** Of applications, in order of type. */
  readonly customRecords?: readonly UnknownRecord[];
  readonly maxFee?: Msat;
  readonly timeoutSeconds?: number;
}
/** A payment that came in without an invoice. */
export interface KeysendInfo {
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly amount: Msat;
  readonly customRecords: readonly UnknownRecord[];
  readonly receivedAt: UnixMs;
}
export interface PaymentInfo {
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly state: "pending" | "succeeded" | "failed";
  /** Without an invoice. */
  readonly keysend: boolean;
  readonly payee: NodeId;
  readonly amount: Msat;
  readonly fee: Msat | undefined;
  readonly preimage: Preimage | undefined;
  readonly failure: CommandFault | undefined;
  readonly hops: number | undefined;
  readonly createdAt: UnixMs;
  readonly endedAt: UnixMs | undefined;
}
export type Decoded =
  | {
      readonly kind: "bolt11";
      readonly network: string;
      readonly payee: NodeId;
      readonly amount: Msat | undefined;
      readonly paymentHash: PaymentHash;
      readonly description: string | undefined;
      readonly createdAt: UnixMs;
      readonly expiresAt: UnixMs;
      readonly minFinalCltvExpiryDelta: number;
    }
  | { readonly kind: "node"; readonly nodeId: NodeId; readonly host: string; readonly port: number }
  | { readonly kind: "address"; readonly address: string; readonly network: string };

export interface StreamRequest {
  readonly title: string;
  /** A folder with a ready HLS playlist `index.m3u8` and its segments. */
  readonly source: string;
  readonly priceMsatPerSecond: Msat;
  readonly segmentSeconds: number;
  readonly freeSeconds: number;
}
export interface StreamInfo {
  readonly id: string;
  readonly title: string;
  readonly units: number;
  readonly unitSeconds: number;
  readonly pricePerUnit: Msat;
  readonly freeUnits: number;
  /** The most units that one tick may pay for. */
  readonly windowUnits: number;
  readonly sessions: number;
  readonly earned: Msat;
}
export interface SubscribeRequest {
  /** Base URL of the site's daemon, `http://127.0.0.1:port`. */
  readonly site: string;
  readonly stream: string;
  readonly budget: Msat;
  readonly maxUnpaid: Msat;
}
export interface SubscriptionInfo {
  readonly id: string;
  readonly stream: string;
  readonly site: string;
  readonly payee: NodeId;
  readonly state: "open" | "paused" | "closed";
  readonly pricePerUnit: Msat;
  readonly feePerUnit: Msat | undefined;
  readonly paid: Msat;
  readonly fees: Msat;
  readonly owed: Msat;
  readonly cap: Msat;
  readonly windowUnits: number;
  readonly units: number;
  readonly unlocked: readonly number[];
}
export interface Receipt {
  readonly stream: string;
  readonly units: number;
  readonly paid: Msat;
  readonly firstPreimage: Preimage | undefined;
  readonly lastPreimage: Preimage | undefined;
  readonly payerSignature: string;
  readonly payeeSignature: string | undefined;
}

/** Something that happened, durable before anyone hears of it. API.md names the vocabulary. */
export interface NodeEvent {
  readonly seq: number;
  readonly type: string;
  readonly createdAt: UnixMs;
  /** JSON-ready: amounts as decimal strings. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Told once to whoever listens and kept in no log; `seq` is that of the newest event before it. */
  readonly passing?: true;
}
