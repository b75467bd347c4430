import type { BlockHash, Txid } from "../../base/ids.ts";
import type { BitcoinMessage, BitcoinMessageOf, Inventory } from "../../bitcoin/messages.ts";
import { type AddressBook, addressBook } from "../addresses/book.ts";
import type { Place } from "../addresses/place.ts";
import type { NodeBrain } from "../brain.ts";
import type { WaitingBlock } from "../chain.ts";
import type { PartialBlock } from "../compact-block.ts";
import type { FilterIndex } from "../filters.ts";
import type { HeaderNode } from "../headers.ts";
import type { AddressTalk } from "./addresses.ts";
import { noOrphans, type Orphans } from "./orphans.ts";
import type { Presync } from "./presync.ts";
import { RollingSet } from "./rolling-set.ts";

/** What a connection is for: everything; blocks alone, so that nobody learns from it whom we know; or to see who is there. */
export type Purpose = "relay" | "blocks" | "feeler";

/** What we know of one peer of Bitcoin's network. Mutable; only the functions of this folder change it. */
export interface Peer {
  readonly inbound: boolean;
  readonly purpose: Purpose;
  /** Where its connection ends; undefined where that is no address of the internet. */
  readonly place: Place | undefined;
  readonly addresses: AddressTalk;
  /** Of our `version` to it: who gets it back has called itself. */
  readonly nonce: bigint;
  /** When the connection began. All times are in milliseconds. */
  readonly since: number;
  /** Since when its handshake is waited for. */
  handshakeAwaited: number;
  /** When it last told of a better chain than we knew, or else when it came. */
  newsAt: number;
  /** Transactions with bad scripts that nobody asked it for. */
  spoilt: number;
  /** The handshake is over when both have come. */
  version: BitcoinMessageOf<"version"> | undefined;
  ready: boolean;
  /** It asked to hear of blocks by their headers. BIP 130 §Specification. */
  wantsHeaders: boolean;
  /** Whether it can take compact blocks, and wants new blocks announced by them. BIP 152 §sendcmpct. */
  compact: "none" | "low" | "high";
  /** Transactions are named by their wtxids between it and us, or else by their txids. BIP 339 §Specification. */
  byWtxid: boolean;
  /** It may be told of transactions. */
  wantsTxs: boolean;
  /** Sat per 1,000 virtual bytes below which it wants to hear of no transaction. BIP 133 §Specification. */
  feeFilter: bigint;
  /** What it was told of ours, and when. */
  feeFilterTold: { readonly feerate: bigint; readonly at: number } | undefined;
  /** The header with most work that it has told us of. */
  best: HeaderNode | undefined;
  /** On the way to `best`: everything up to here is held. */
  common: HeaderNode | undefined;
  /** The header with most work that it has heard of from us. */
  told: HeaderNode | undefined;
  /** Blocks asked for, oldest request first, with its time. */
  readonly blocks: Map<BlockHash, number>;
  /** Since when the first of them is waited for: no other block that comes meanwhile renews its time. */
  blockAwaited: number;
  /** Since when it alone holds up the window of blocks, which others would fill. */
  stalling: number | undefined;
  /** Transactions asked for, with the time at which waiting ends. */
  readonly txs: Map<Txid, number>;
  /** Of those blocks the ones of which only some transactions are missing, and were asked for. */
  readonly partials: Map<BlockHash, PartialBlock>;
  /** Transactions that it knows, because one of us said so, by the ids that it uses; bounded. */
  readonly known: RollingSet<Txid>;
  /** Announced by it and not asked for yet; bounded. */
  readonly announced: TxName[];
  /** What it asked for and has not been sent yet; bounded. */
  readonly asked: Inventory[];
  /** Blocks of which it asked for the filters and has not been sent them yet; bounded. */
  readonly askedFilters: BlockHash[];
  /** It has asked for our whole mempool, which is told once. */
  mempoolAsked: boolean;
  /** The newest block that it was sent, and what waits after it: that is told once for each. */
  abreast: HeaderNode | undefined;
  /** When headers were asked for that have not come. */
  headersAsked: number | undefined;
  /** While a chain of its headers has to show its work. */
  presync: Presync | undefined;
  /** Headers without a known parent, in a row. */
  unconnected: number;
  ping: { readonly nonce: bigint; readonly at: number } | undefined;
  lastPing: number;
  /** How long its last answer took. */
  pingMs: number | undefined;
}

/** A transaction as a question names it: by its wtxid, or by its txid and with its witnesses. */
export interface TxName {
  readonly kind: "wtx" | "witness_tx";
  readonly id: Txid;
}

/** All peers of a node and what they share. Mutable. */
export interface Sync {
  readonly brain: NodeBrain;
  /** A light client holds headers alone: it serves nothing, and needs peers that serve filters. */
  readonly role: "full" | "pruned" | "light";
  /** The filters that peers may ask for; undefined where none are kept. */
  readonly filters: FilterIndex | undefined;
  readonly peers: Set<Peer>;
  /** Transactions refused since the tip last changed, by txid and wtxid: not worth asking for again. */
  readonly refused: RollingSet<Txid>;
  /** Those of them that another transaction could still help, by wtxid. */
  readonly reconsiderable: RollingSet<Txid>;
  /** Transactions of the last blocks, by txid and wtxid. */
  readonly mined: RollingSet<Txid>;
  readonly orphans: Orphans;
  /** What some peer was asked for. */
  readonly txsInFlight: Set<Txid>;
  /** Peers that we asked to announce blocks compactly, the last one to bring the newest block last. */
  readonly announcers: Peer[];
  /** Who brought a block whole that is neither connected nor refused yet: it answers for that block. */
  readonly bringers: Map<BlockHash, Peer>;
  /** By how much longer than usual blocks are waited for: grows when peers are parted with for it, shrinks with each block. */
  patience: number;
  /** When time was looked at last. */
  ticked: number | undefined;
  readonly addresses: AddressBook;
  /** Where everybody can reach us, if we know that. */
  own: Place | undefined;
  /** Since when the best chain has not grown, and how far that has gone. */
  late: LateTip<HeaderNode>;
  /** When everybody was asked for that reason, in milliseconds. */
  lateAskedAt: number;
  /** The compact block that was made last. */
  compact: { readonly node: HeaderNode; readonly message: BitcoinMessageOf<"cmpctblock"> } | undefined;
}
export const syncOf = (
  brain: NodeBrain,
  filters?: FilterIndex,
  role: Sync["role"] = "full",
  addresses = addressBook(new Uint8Array(16), new Uint8Array(16)),
): Sync => ({
  brain,
  role,
  filters,
  peers: new Set(),
  refused: new RollingSet(REFUSED_MAX),
  reconsiderable: new RollingSet(REFUSED_MAX),
  mined: new RollingSet(MINED_MAX),
  orphans: noOrphans(),
  txsInFlight: new Set(),
  announcers: [],
  bringers: new Map(),
  patience: 1,
  ticked: undefined,
  addresses,
  own: undefined,
  late: { tip: undefined, since: 0, stage: "none" },
  lateAskedAt: 0,
  compact: undefined,
});

/**
 * @property tip    what stands for the best block
 * @property since  in milliseconds
 * @property stage  `look`: others are asked and one more is dialled; `alarm`: somebody should look at it
 */
export interface LateTip<T> {
  readonly tip: T | undefined;
  readonly since: number;
  readonly stage: "none" | "look" | "alarm";
}

/** What a host has to do; in this order. */
export type SyncEffect =
  | { readonly tag: "Send"; readonly peer: Peer; readonly message: BitcoinMessage }
  | { readonly tag: "Disconnect"; readonly peer: Peer; readonly reason: string; readonly misbehaved?: true }
  /** The best chain is another one: whoever follows it has news. */
  | { readonly tag: "TipChanged" }
  /** A transaction came into the mempool: whoever waits for it has news. */
  | { readonly tag: "TxTaken" }
  /** The next block waits for a verdict on its scripts: `onVerdict`. Comes again as long as it waits. */
  | { readonly tag: "VerifyScripts"; readonly waiting: WaitingBlock };

/** No block: a question for headers that goes on to the last. */
export const ZEROS = "0".repeat(64) as BlockHash;
/** Policy, not protocol. */
const REFUSED_MAX = 20_000;
const MINED_MAX = 20_000;
export const KNOWN_TXS_MAX = 5000;

export const send = (peer: Peer, message: BitcoinMessage): SyncEffect => ({ tag: "Send", peer, message });
export const disconnect = (peer: Peer, reason: string): SyncEffect => ({ tag: "Disconnect", peer, reason });
/** Parts with a peer that did what no honest node does: others have the place that it takes when places are few. */
export const discourage = (peer: Peer, reason: string): SyncEffect => ({
  tag: "Disconnect",
  peer,
  reason,
  misbehaved: true,
});

/** Remembers that a peer knows a transaction. */
export const noteKnown = (peer: Peer, id: Txid): void => peer.known.add(id);

/** The header with more work of the two. */
export const better = (a: HeaderNode | undefined, b: HeaderNode): HeaderNode =>
  a === undefined || b.work > a.work ? b : a;
