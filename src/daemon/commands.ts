import type { Explanation } from "../../channels/index.ts";
import type { BlockHash, ChannelId, NodeId, Outpoint, PaymentHash, Txid } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import type { BlockHeight, SatPerKw } from "../base/units.ts";
import type { BasePeer, DifficultyStep, KnownBlock, MempoolTx, PlacedHeader } from "../ports/base-node.ts";
import type { BackupCommands } from "./backup/commands.ts";
import type { SteadyMining } from "./chain/steady-miner.ts";
import type { BlockView, TransactionProof, TransactionView, UnspentView } from "./chain/views.ts";
import type {
  BatchRequest,
  BumpFundingRequest,
  ChannelInfo,
  CloseRequest,
  OpenRequest,
  SpliceCommand,
} from "./channel/info.ts";
import type { CommandFault } from "./command-fault.ts";
import type {
  AddressRequest,
  Balance,
  BumpFeeRequest,
  ChainInfo,
  Decoded,
  GraphChannel,
  GraphNode,
  InvoiceInfo,
  InvoiceRequest,
  KeysendInfo,
  KeysendRequest,
  NodeEvent,
  NodeInfo,
  PaymentInfo,
  PayRequest,
  PeerInfo,
  Receipt,
  RouteQuote,
  RouteRequest,
  SendRequest,
  StreamInfo,
  StreamRequest,
  SubscribeRequest,
  SubscriptionInfo,
  WalletTransaction,
  WalletUtxo,
} from "./views.ts";
import type { Label } from "./wallet/label.ts";
import type { PsbtRequest, PsbtText, PsbtView } from "./wallet/psbt-view.ts";
import type { OwnDescriptor, WatchRequest } from "./wallet/watch-commands.ts";
import type { WatchedTransaction, WatchedUtxo, WatchInfo } from "./wallet/watch-views.ts";

export type { CommandFault } from "./command-fault.ts";

/**
 * What a client may ask of a node: the one surface between the daemon and everything that serves people (HTTP API,
 * demo, lab). Every answer that tells of a change is given only after that change is durable.
 */
export interface NodeCommands extends BackupCommands {
  info(): NodeInfo;
  balance(): Balance;

  /** A new address, never handed out before; of a key hash unless a type is asked for. */
  newAddress(request?: AddressRequest): Promise<{ readonly address: string }>;
  walletTransactions(): readonly WalletTransaction[];
  walletUtxos(): readonly WalletUtxo[];
  /**
   * Goes through the chain from a height on for everything of this wallet: balance and events tell what is found. Refused
   * where blocks from there on are not kept any more.
   */
  rescan(request: { readonly from: BlockHeight }): Promise<Result<{ readonly from: BlockHeight }, CommandFault>>;
  /** Keeps a coin out of everything, or no longer. */
  setCoinLocked(request: {
    readonly outpoint: Outpoint;
    readonly locked: boolean;
  }): Promise<Result<WalletUtxo, CommandFault>>;
  /** Pays more for a transaction of the wallet that waits: the answer is the one that takes its place, or its child. */
  bumpFee(request: BumpFeeRequest): Promise<Result<{ readonly txid: Txid }, CommandFault>>;
  /**
   * Watches what pays to a descriptor, from a height on (from now on, unless one is given), without any key: such coins are
   * shown apart and never spent. A descriptor with a private key is refused, and nothing of it kept.
   */
  addWatch(request: WatchRequest): Promise<Result<WatchInfo, CommandFault>>;
  removeWatch(id: string): Promise<Result<{ readonly id: string }, CommandFault>>;
  watches(): readonly WatchInfo[];
  watchedUtxos(): readonly WatchedUtxo[];
  watchedTransactions(): readonly WatchedTransaction[];
  /** Our own addresses as descriptors of public keys: for another node to watch. */
  walletDescriptors(): readonly OwnDescriptor[];
  /** What people call transactions, addresses and coins. */
  labels(): readonly Label[];
  /** In place of the one before; one that says nothing is taken away. Of an output of ours `spendable` sets its lock. */
  setLabel(label: Label): Promise<Result<Label, CommandFault>>;
  /** A file as BIP 329 has it: all of it, or nothing. Lines of a type that is not known are skipped. */
  importLabels(text: string): Promise<Result<{ readonly taken: number; readonly skipped: number }, CommandFault>>;
  send(request: SendRequest): Promise<Result<{ readonly txid: Txid }, CommandFault>>;

  /** A payment to be signed, here or elsewhere; its coins are kept for it until it is sent or released. */
  createPsbt(request: PsbtRequest): Promise<Result<PsbtView, CommandFault>>;
  showPsbt(psbt: string): Result<PsbtView, CommandFault>;
  /** Signs what is ours of it. */
  signPsbt(request: PsbtText): Promise<Result<PsbtView, CommandFault>>;
  combinePsbts(psbts: readonly string[]): Result<PsbtView, CommandFault>;
  finalizePsbt(psbt: string): Result<PsbtView, CommandFault>;
  sendPsbt(request: PsbtText): Promise<Result<{ readonly txid: Txid }, CommandFault>>;
  /** Gives back the coins that are kept for one. */
  releasePsbt(txid: Txid): Promise<Result<{ readonly txid: Txid }, CommandFault>>;

  /** Writes a merkle root over documents into the chain, 32 bytes, in an output that nobody can spend. */
  stamp(request: {
    readonly root: Uint8Array;
    readonly feerate?: SatPerKw;
  }): Promise<Result<{ readonly txid: Txid }, CommandFault>>;

  chain(): Promise<Result<ChainInfo, CommandFault>>;
  /** Regtest and sluicenet only. Rewards go to the node's own wallet unless `address` is given. */
  mine(request: {
    readonly blocks: number;
    readonly address?: string;
  }): Promise<Result<readonly BlockHash[], CommandFault>>;
  /** A block every so many seconds, in place of a pace that was set before, until `stopMining` or the daemon's end. */
  mineSteadily(request: {
    readonly everySeconds: number;
    readonly address?: string;
  }): Promise<Result<SteadyMining, CommandFault>>;
  stopMining(): void;
  /** By its hash, or of the best chain at a height. */
  chainBlock(place: BlockHash | BlockHeight): Promise<Result<BlockView | undefined, CommandFault>>;
  /** Of the best chain or not. */
  chainHeader(hash: BlockHash): Promise<Result<PlacedHeader | undefined, CommandFault>>;
  chainTransaction(txid: Txid): Promise<Result<TransactionView | undefined, CommandFault>>;
  /** That a transaction of the best chain is in its block. */
  chainProof(txid: Txid): Promise<Result<TransactionProof | undefined, CommandFault>>;
  chainUnspent(outpoint: Outpoint): Promise<Result<UnspentView | undefined, CommandFault>>;
  /** All headers of so many heights up to `to`, or up to the highest that is known, of all chains. */
  chainBranches(heights: number, to?: BlockHeight): Promise<Result<readonly KnownBlock[], CommandFault>>;
  /** Where the best chain asked for another difficulty than before. */
  chainDifficulty(): Promise<Result<readonly DifficultyStep[], CommandFault>>;
  /** Waiting to be mined, parents before children. */
  chainMempool(): Promise<Result<readonly MempoolTx[], CommandFault>>;
  /** Bitcoin nodes that are connected. */
  chainPeers(): Promise<Result<readonly BasePeer[], CommandFault>>;

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
  openChannels(request: BatchRequest): Promise<Result<readonly ChannelInfo[], CommandFault>>;
  openChannel(request: OpenRequest): Promise<Result<ChannelInfo, CommandFault>>;
  /** Replaces a funding transaction that waits by one that pays more; answers when that is on its way. */
  bumpFunding(request: BumpFundingRequest): Promise<Result<ChannelInfo, CommandFault>>;
  /** Puts coins into a channel or takes some out while it stays open: resolves when the transaction is on its way. */
  spliceChannel(request: SpliceCommand): Promise<Result<ChannelInfo, CommandFault>>;
  /** By agreement: resolves when `shutdown` is durable and sent, or, asked again, what pays more. By `force`: when ours is to be published. `channel.closed` tells the end. */
  closeChannel(request: CloseRequest): Promise<Result<ChannelInfo, CommandFault>>;
  /** Why it was closed and what has come of its money, also when it is long gone; undefined for what never was a channel. */
  explainChannel(id: ChannelId): Explanation | undefined;

  graphNodes(): readonly GraphNode[];
  graphChannels(): readonly GraphChannel[];
  /** A dry run: which way, what fee, or why none. */
  route(request: RouteRequest): Result<RouteQuote, CommandFault>;

  createInvoice(request: InvoiceRequest): Promise<Result<InvoiceInfo, CommandFault>>;
  invoices(): readonly InvoiceInfo[];
  invoice(hash: PaymentHash): InvoiceInfo | undefined;

  /** Resolves once the payment is durable and under way (or refused); `payment` and events tell the rest. */
  pay(request: PayRequest): Promise<Result<PaymentInfo, CommandFault>>;
  /** As `pay`, to a node that gave no invoice: each call is another payment. */
  payKeysend(request: KeysendRequest): Promise<Result<PaymentInfo, CommandFault>>;
  /** What came in without an invoice. */
  keysends(): readonly KeysendInfo[];
  keysend(hash: PaymentHash): KeysendInfo | undefined;
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
