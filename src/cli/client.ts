import type {
  Address,
  Backup,
  BackupCheck,
  Balance,
  Block,
  Branches,
  Chain,
  ChainPeer,
  ChainTransaction,
  Channel,
  Difficulties,
  Explanation,
  GraphChannel,
  GraphNode,
  Header,
  ImportedLabels,
  Label,
  LoginLink,
  Mined,
  Mining,
  NodeEvent,
  NodeInfo,
  OwnDescriptor,
  Page,
  Peer,
  Proof,
  Psbt,
  Quote,
  Receipt,
  Sent,
  Stream,
  Subscription,
  Transaction,
  Unspent,
  Utxo,
  Waiting,
  Watched,
  WatchedTransaction,
  WatchedUtxo,
} from "./answers.ts";
import type { ApiClient } from "./http.ts";
import { paymentQuestions } from "./payment-client.ts";
import { part, wholeList } from "./whole-list.ts";

/** Everything that can be asked of a daemon, one method for each route. Lists are read to their end. */
export type SluiceClient = ReturnType<typeof sluiceClient>;

export interface OpenChannel {
  readonly peer: string;
  readonly capacitySat: string;
  readonly pushMsat?: string;
  readonly announce?: boolean;
  readonly anchors?: boolean;
  readonly closeAddress?: string;
  readonly scidAlias?: boolean;
  readonly zeroConf?: boolean;
  readonly dual?: boolean;
  readonly feerateSatPerKw?: number;
}
export interface BumpFunding {
  readonly feerateSatPerKw: number;
}
export interface SpliceChannel {
  readonly direction: "in" | "out";
  readonly amountSat: string;
  readonly address?: string;
  readonly feerateSatPerKw?: number;
}
export interface OpenBatch {
  readonly channels: readonly Pick<OpenChannel, "peer" | "capacitySat" | "announce">[];
  readonly feerateSatPerKw?: number;
}
export interface CloseChannel {
  readonly address?: string;
  readonly feerateSatPerKw?: number;
}
export interface NewAddress {
  readonly type?: "segwit" | "taproot";
  readonly label?: string;
}
export interface BumpFee {
  readonly method: "rbf" | "cancel" | "cpfp";
  readonly feerateSatPerKw: number;
}
export interface AddWatch {
  readonly descriptor: string;
  readonly label?: string;
  readonly gap?: number;
  readonly fromHeight?: number;
}
export interface SetLabel extends Pick<Label, "type" | "ref" | "label"> {
  readonly origin?: string;
  readonly spendable?: boolean;
}
export interface SendCoins {
  readonly address: string;
  readonly amountSat: string;
  readonly coins?: readonly string[];
  readonly feerateSatPerKw?: number;
}
export interface CreatePsbt extends SendCoins {
  readonly anyFee?: boolean;
}
export interface GivenPsbt {
  readonly psbt: string;
  readonly anyFee?: boolean;
}
export interface MineBlocks {
  readonly blocks: number;
  readonly address?: string;
}
export interface MineSteadily {
  readonly everySeconds: number;
  readonly address?: string;
}
export interface AskRoute {
  readonly to: string;
  readonly amountMsat: string;
  readonly maxFeeMsat?: string;
}
export interface AddStream {
  readonly title: string;
  readonly source: string;
  readonly priceMsatPerSecond: string;
  readonly segmentSeconds: number;
  readonly freeSeconds?: number;
}
export interface StampDocuments {
  readonly root: string;
  readonly feerateSatPerKw?: number;
}
export interface Subscribe {
  readonly site: string;
  readonly stream: string;
  readonly budgetMsat: string;
  readonly maxUnpaidMsat: string;
}

/** What is done with one channel that there is. */
const channelChanges = ({ post }: ApiClient) => ({
  openChannels: (request: OpenBatch) => post<{ readonly channels: readonly Channel[] }>("/v1/channels/batch", request),
  bumpFunding: (id: string, request: BumpFunding) => post<Channel>(`/v1/channels/${part(id)}/bump`, request),
  spliceChannel: (id: string, request: SpliceChannel) => post<Channel>(`/v1/channels/${part(id)}/splices`, request),
  closeChannel: (id: string, request: CloseChannel = {}) => post<Channel>(`/v1/channels/${part(id)}/close`, request),
});

export function sluiceClient(api: ApiClient) {
  const { get, post } = api;
  const list = <T>(path: string): Promise<readonly T[]> => wholeList<T>(api, path);
  return {
    api,
    info: () => get<NodeInfo>("/v1/info"),
    balance: () => get<Balance>("/v1/balance"),
    events: (after: number, limit: number) => get<Page<NodeEvent>>(`/v1/events?after=${after}&limit=${limit}`),
    /** A code that lets one browser in, once. */
    loginLink: () => post<LoginLink>("/v1/login-links"),
    shutdown: () => post<{ readonly stopping: boolean }>("/v1/shutdown"),

    ...chainQuestions(api),
    ...walletQuestions(api),
    ...psbtQuestions(api),
    ...watchQuestions(api),
    ...labelQuestions(api),
    backup: () => get<Backup>("/v1/backup"),
    /** The text of a file. */
    verifyBackup: (text: string) => api.ask<BackupCheck>("/v1/backup/verify", { text }),
    /** Documents under one root; 64 hex digits. */
    stamp: (request: StampDocuments) => post<Sent>("/v1/notary/stamps", request),
    peers: () => list<Peer>("/v1/peers"),
    connect: (uri: string) => post<Peer>("/v1/peers", { uri }),
    disconnect: (id: string) => api.delete(`/v1/peers/${part(id)}`),
    channels: () => list<Channel>("/v1/channels"),
    channel: (id: string) => get<Channel>(`/v1/channels/${part(id)}`),
    explainChannel: (id: string) => get<Explanation>(`/v1/channels/${part(id)}/explanation`),
    openChannel: (request: OpenChannel) => post<Channel>("/v1/channels", request),
    ...channelChanges(api),

    graphNodes: () => list<GraphNode>("/v1/graph/nodes"),
    graphChannels: () => list<GraphChannel>("/v1/graph/channels"),
    /** A dry run: nothing is paid. */
    route: (request: AskRoute) => api.ask<Quote>("/v1/routes", request),

    ...paymentQuestions(api),
    addStream: (request: AddStream) => post<Stream>("/v1/streams", request),
    streams: () => list<Stream>("/v1/streams"),
    subscribe: (request: Subscribe) => post<Subscription>("/v1/subscriptions", request),
    subscriptions: () => list<Subscription>("/v1/subscriptions"),
    subscription: (id: string) => get<Subscription>(`/v1/subscriptions/${part(id)}`),
    pause: (id: string) => post<Subscription>(`/v1/subscriptions/${part(id)}/pause`),
    resume: (id: string) => post<Subscription>(`/v1/subscriptions/${part(id)}/resume`),
    close: (id: string) => post<Subscription>(`/v1/subscriptions/${part(id)}/close`),
    receipt: (id: string) => get<Receipt>(`/v1/subscriptions/${part(id)}/receipt`),
    /** The 16 bytes that open a unit, paid for when it is not yet unlocked. */
    key: (id: string, unit: number) => api.bytes(`/v1/subscriptions/${part(id)}/keys/${unit}`),
  };
}

function walletQuestions(api: ApiClient) {
  const { post } = api;
  const list = <T>(path: string): Promise<readonly T[]> => wholeList<T>(api, path);
  return {
    newAddress: (request: NewAddress = {}) => post<Address>("/v1/wallet/addresses", request),
    transactions: () => list<Transaction>("/v1/wallet/transactions"),
    utxos: () => list<Utxo>("/v1/wallet/utxos"),
    rescan: (request: { readonly fromHeight: number }) => post<typeof request>("/v1/wallet/rescans", request),
    lock: (outpoint: string) => post<Utxo>("/v1/wallet/locks", { outpoint }),
    unlock: (outpoint: string) => api.delete(`/v1/wallet/locks/${part(outpoint)}`),
    bumpFee: (txid: string, request: BumpFee) => post<Sent>(`/v1/wallet/transactions/${part(txid)}/bump`, request),
    send: (request: SendCoins) => post<Sent>("/v1/wallet/sends", request),
  };
}
function psbtQuestions(api: ApiClient) {
  return {
    createPsbt: (request: CreatePsbt) => api.post<Psbt>("/v1/wallet/psbts", request),
    showPsbt: (psbt: string) => api.ask<Psbt>("/v1/wallet/psbts/show", { psbt }),
    signPsbt: (request: GivenPsbt) => api.post<Psbt>("/v1/wallet/psbts/sign", request),
    combinePsbts: (psbts: readonly string[]) => api.ask<Psbt>("/v1/wallet/psbts/combine", { psbts }),
    finalizePsbt: (psbt: string) => api.ask<Psbt>("/v1/wallet/psbts/finalize", { psbt }),
    sendPsbt: (request: GivenPsbt) => api.post<Sent>("/v1/wallet/psbts/send", request),
    releasePsbt: (txid: string) => api.delete(`/v1/wallet/psbts/${part(txid)}`),
  };
}
function watchQuestions(api: ApiClient) {
  const list = <T>(path: string): Promise<readonly T[]> => wholeList<T>(api, path);
  return {
    addWatch: (request: AddWatch) => api.post<Watched>("/v1/wallet/watches", request),
    removeWatch: (id: string) => api.delete(`/v1/wallet/watches/${part(id)}`),
    watches: () => list<Watched>("/v1/wallet/watches"),
    watchedUtxos: () => list<WatchedUtxo>("/v1/wallet/watched/utxos"),
    watchedTransactions: () => list<WatchedTransaction>("/v1/wallet/watched/transactions"),
    descriptors: () => list<OwnDescriptor>("/v1/wallet/descriptors"),
  };
}
function labelQuestions(api: ApiClient) {
  return {
    labels: () => wholeList<Label>(api, "/v1/wallet/labels"),
    setLabel: (request: SetLabel) => api.post<Label>("/v1/wallet/labels", request),
    /** The text of a file as BIP 329 has it. */
    importLabels: (text: string) => api.post<ImportedLabels>("/v1/wallet/labels/import", { text }),
  };
}
function chainQuestions(api: ApiClient) {
  const { get, post } = api;
  const list = <T>(path: string): Promise<readonly T[]> => wholeList<T>(api, path);
  return {
    chain: () => get<Chain>("/v1/chain"),
    mine: (request: MineBlocks) => post<Mined>("/v1/chain/mine", request),
    mineSteadily: (request: MineSteadily) => post<Mining>("/v1/chain/miner", request),
    stopMining: () => api.delete("/v1/chain/miner"),
    block: (place: string) => get<Block>(`/v1/chain/blocks/${part(place)}`),
    header: (hash: string) => get<Header>(`/v1/chain/headers/${part(hash)}`),
    branches: async (heights: number, to?: number) =>
      (await get<Branches>(`/v1/chain/branches?heights=${heights}${to === undefined ? "" : `&to=${to}`}`)).data,
    difficulty: async () => (await get<Difficulties>("/v1/chain/difficulty")).data,
    chainTransaction: (txid: string) => get<ChainTransaction>(`/v1/chain/transactions/${part(txid)}`),
    proof: (txid: string) => get<Proof>(`/v1/chain/proofs/${part(txid)}`),
    unspent: (outpoint: string) => get<Unspent>(`/v1/chain/utxos/${part(outpoint)}`),
    mempool: () => list<Waiting>("/v1/chain/mempool"),
    chainPeers: () => list<ChainPeer>("/v1/chain/peers"),
  };
}
