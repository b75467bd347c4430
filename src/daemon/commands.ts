import type {
  BlockHash,
  ChannelId,
  NodeId,
  Outpoint,
  PaymentHash,
  Preimage,
  ShortChannelId,
  Txid,
} from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, Msat, Sat, SatPerKw, UnixMs } from "../base/units.ts";

/**
 * What a client may ask of a node: the one surface between the daemon and everything that serves people (HTTP API,
 * demo, lab). Every answer that tells of a change is given only after that change is durable.
 */
export interface NodeCommands {
  info(): NodeInfo;
  balance(): Balance;

  /** A new address, never handed out before. */
  newAddress(): Promise<{ readonly address: string }>;
  walletTransactions(): readonly WalletTransaction[];
  walletUtxos(): readonly WalletUtxo[];
  send(request: SendRequest): Promise<Result<{ readonly txid: Txid }, CommandFault>>;

  chain(): ChainInfo;
  /** Regtest and sluicenet only. Rewards go to the node's own wallet unless `address` is given. */
  mine(request: {
    readonly blocks: number;
    readonly address?: string;
  }): Promise<Result<readonly BlockHash[], CommandFault>>;

  peers(): readonly PeerInfo[];
  /** Resolves when the peer's `init` has been received. */
  connect(peer: {
    readonly nodeId: NodeId;
    readonly host: string;
    readonly port: number;
  }): Promise<Result<PeerInfo, CommandFault>>;
  disconnect(nodeId: NodeId): Promise<Result<void, CommandFault>>;

  channels(): readonly ChannelInfo[];
  /** Resolves when the funding transaction has been broadcast. */
  openChannel(request: OpenRequest): Promise<Result<ChannelInfo, CommandFault>>;
  /** By agreement. Resolves when `shutdown` is durable and sent; `channel.closed` tells the end. */
  closeChannel(request: CloseRequest): Promise<Result<ChannelInfo, CommandFault>>;

  graphNodes(): readonly GraphNode[];
  graphChannels(): readonly GraphChannel[];
  /** A dry run: which way, what fee, or why none. */
  route(request: RouteRequest): Result<RouteQuote, CommandFault>;

  createInvoice(request: InvoiceRequest): Promise<Result<InvoiceInfo, CommandFault>>;
  invoices(): readonly InvoiceInfo[];
  invoice(hash: PaymentHash): InvoiceInfo | undefined;

  /** Resolves once the payment is durable and under way (or refused); `payment` and events tell the rest. */
  pay(request: PayRequest): Promise<Result<PaymentInfo, CommandFault>>;
  /** The same payment once it has ended, or undefined when `timeoutMs` passed first. */
  paymentEnd(id: string, timeoutMs: number): Promise<PaymentInfo | undefined>;
  payments(): readonly PaymentInfo[];
  payment(id: string): PaymentInfo | undefined;
  decode(text: string): Result<Decoded, CommandFault>;

  /** The operator's side: what is on sale. */
  addStream(request: StreamRequest): Promise<Result<StreamInfo, CommandFault>>;
  streams(): readonly StreamInfo[];
  /** The payer's side: a session with a site. */
  subscribe(request: SubscribeRequest): Promise<Result<SubscriptionInfo, CommandFault>>;
  subscriptions(): readonly SubscriptionInfo[];
  subscription(id: string): SubscriptionInfo | undefined;
  pauseSubscription(id: string): Promise<Result<SubscriptionInfo, CommandFault>>;
  resumeSubscription(id: string): Promise<Result<SubscriptionInfo, CommandFault>>;
  closeSubscription(id: string): Promise<Result<SubscriptionInfo, CommandFault>>;
  /** The key of a unit, paying for it when it is not yet unlocked. 16 bytes. */
  segmentKey(id: string, unit: number): Promise<Result<Uint8Array, CommandFault>>;
  receipt(id: string): Promise<Result<Receipt, CommandFault>>;

  /** Durable events after `seq`, oldest first. */
  events(after: number, limit: number): readonly NodeEvent[];
  /** Called for each event once it is durable. The answer unsubscribes. */
  onEvent(listener: (event: NodeEvent) => void): () => void;

  /** Finishes what is being written, closes connections and files. */
  shutdown(): Promise<void>;
}

/** Why a command was refused; the API has a total table from code to status. `detail` is a sentence for a person. */
export interface CommandFault {
  readonly code:
    | "bad_request"
    | "not_found"
    | "insufficient_balance"
    | "no_route"
    | "fee_too_high"
    | "payment_failed"
    | "already_paid"
    | "invoice_unsupported"
    | "expired"
    | "channel_busy"
    | "peer_unreachable"
    | "peer_refused"
    | "session_closed"
    | "need_topup"
    | "quota_exceeded"
    | "chain_not_synced"
    | "wrong_network"
    | "not_possible"
    | "read_only";
  readonly detail: string;
  /** The request field at fault, as a JSON pointer. */
  readonly pointer?: string;
}

export interface NodeInfo {
  readonly id: NodeId;
  readonly alias: string;
  readonly version: string;
  readonly network: string;
  readonly height: BlockHeight;
  readonly blockHash: BlockHash;
  readonly synced: boolean;
  /** `host:port` pairs under which peers reach this node. */
  readonly addresses: readonly string[];
  readonly features: string;
  /** The curve provider in use: `native` or `noble`. */
  readonly crypto: string;
  readonly peers: number;
  readonly channels: { readonly active: number; readonly pending: number; readonly closing: number };
}
export interface Balance {
  readonly onchain: { readonly confirmed: Sat; readonly unconfirmed: Sat; readonly reserved: Sat };
  readonly channels: { readonly spendable: Msat; readonly receivable: Msat; readonly pending: Msat };
  readonly sessions: { readonly held: Msat };
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
  readonly height: BlockHeight | undefined;
  readonly reserved: boolean;
}
export interface SendRequest {
  readonly address: string;
  readonly amount: Sat;
  readonly feerate?: SatPerKw;
}
export interface ChainInfo {
  readonly network: string;
  readonly height: BlockHeight;
  readonly hash: BlockHash;
  readonly time: number;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  /** All unspent outputs of the best chain, for checking conservation. */
  readonly utxos: { readonly count: number; readonly total: Sat };
  readonly peers: readonly string[];
  /** `host:port` under which other Bitcoin nodes reach this one. */
  readonly address: string | undefined;
}
export interface PeerInfo {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly connected: boolean;
  readonly inbound: boolean;
  readonly features: string;
}
export interface OpenRequest {
  readonly nodeId: NodeId;
  readonly capacity: Sat;
  readonly push: Msat;
  readonly announce: boolean;
  readonly feerate?: SatPerKw;
}
export interface CloseRequest {
  readonly id: ChannelId;
  readonly address?: string;
  readonly feerate?: SatPerKw;
}
export interface ChannelInfo {
  readonly id: ChannelId;
  readonly peer: NodeId;
  readonly state: string;
  readonly active: boolean;
  readonly opener: "local" | "remote";
  readonly announced: boolean;
  readonly shortChannelId: ShortChannelId | undefined;
  readonly funding: Outpoint | undefined;
  readonly capacity: Sat;
  readonly local: Msat;
  readonly remote: Msat;
  readonly spendable: Msat;
  readonly receivable: Msat;
  readonly htlcs: number;
  readonly localCommitmentNumber: bigint;
  readonly remoteCommitmentNumber: bigint;
  readonly closingTxid: Txid | undefined;
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
export interface PaymentInfo {
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly state: "pending" | "succeeded" | "failed";
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
}
