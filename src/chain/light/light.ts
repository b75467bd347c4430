import type { BlockHash, FilterHash, FilterHeader, Outpoint, Txid } from "../../base/ids.ts";
import { outpointKey } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { basicFilter, filterHashOf, filterHeaderOf, NO_FILTER_HEADER } from "../../bitcoin/filter.ts";
import type { FilterRange } from "../../bitcoin/filter-messages.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import type { Tx } from "../../bitcoin/tx.ts";
import type { AddressBook } from "../addresses/book.ts";
import { nodeBrain } from "../brain.ts";
import type { FilterLink } from "../filter-storage.ts";
import type { HashedBlock } from "../hashed-block.ts";
import { ancestorAt, type HeaderNode, isAncestor } from "../headers.ts";
import { type Peer, type Sync, type SyncEffect, syncOf } from "../sync/peer.ts";
import { headersOnly, type LightStorage } from "./storage.ts";

/**
 * A node that holds headers alone: what happens to the scripts that it watches it learns from filters, which it compares
 * between its peers, and from the few blocks that match. Mutable; only the functions of this folder change it.
 */
export interface Light {
  /** Its chain's tip is the best header: no block is ever connected. */
  readonly sync: Sync;
  readonly storage: LightStorage;
  readonly peers: Map<Peer, LightPeer>;
  /** The last block up to which filter headers are agreed on. Of the best chain. */
  filterTip: HeaderNode;
  readonly doubtful: Set<BlockHash>;
  /** About one block at a time. */
  dispute: Dispute | undefined;
  readonly filters: Map<BlockHash, HeldFilter>;
  readonly blocks: Map<BlockHash, HashedBlock>;
  /** Blocks asked for, of whom, and until when that peer is waited for. */
  readonly blocksAsked: Map<BlockHash, { readonly peer: Peer; readonly until: number }>;
  /** Blocks that somebody wants whatever their filters say. */
  readonly wanted: Set<HeaderNode>;
  /** By outpoint: what is watched there. Whoever names an output first need not know what it pays to: all that was said counts. */
  readonly scripts: Map<string, readonly Uint8Array[]>;
  /** Counts how often the watches have changed: what filters said before is to be looked at again. */
  generation: number;
  /** Transactions that peers relayed of late, and what spends an outpoint among them; bounded. */
  readonly relayed: Map<Txid, Tx>;
  readonly spends: Map<string, Txid>;
  /** Transactions of our own that no block is known to hold, and since when. */
  readonly own: Map<Txid, OwnTx>;
}
export interface OwnTx {
  readonly tx: Tx;
  readonly wtxid: Txid;
  readonly since: number;
  announced: number;
}
/** A filter that is the agreed one, and what it said to a list of watches. */
export interface HeldFilter {
  readonly bytes: Uint8Array;
  verdict: { readonly list: object; readonly generation: number; readonly matches: boolean } | undefined;
}

/** What we know of a peer's filters. */
export interface LightPeer {
  /** Up to here its filters were compared with the agreed ones. Undefined before it was asked where to begin. */
  checked: HeaderNode | undefined;
  /** Its own filter header there. It differs from ours behind a block about which peers could not be settled. */
  past: FilterHeader;
  /** What it says of the blocks after `checked`, not compared yet. */
  claim: { readonly nodes: readonly HeaderNode[]; readonly hashes: readonly FilterHash[] } | undefined;
  /** The question for filter headers or checkpoints that it has not answered. */
  asked: (Question & { readonly name: "getcfheaders" | "getcfcheckpt" }) | undefined;
  /** The question for filters, and which have not come. */
  filtersAsked: (Question & { readonly left: Set<BlockHash> }) | undefined;
}
export interface Question {
  readonly start: number;
  readonly stop: HeaderNode;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly until: number;
}

/** A block of which peers name different filters. */
export interface Dispute {
  readonly node: HeaderNode;
  readonly sides: ReadonlyMap<FilterHash, readonly Peer[]>;
  /** The filter that was agreed on before, if the dispute is about one. */
  readonly agreed: FilterHash | undefined;
  readonly filters: Map<FilterHash, Uint8Array>;
  readonly asked: Map<Peer, number>;
}

/** How long a peer may take for an answer. Policy, not protocol. */
export const ANSWER_MS = 30_000;

/** The light client as its storage holds it. */
export function openLight(params: ChainParams, storage: LightStorage, addresses?: AddressBook): Light {
  const brain = nodeBrain(params, headersOnly(storage));
  const { chain } = brain;
  chain.tip = chain.index.bestHeader;
  const { genesis, nodes } = chain.index.tree;
  if (storage.tip() === undefined) storage.commit({ tag: "Filters", links: [genesisLink(params)], tip: genesis.hash });
  const stored = nodes.get(storage.tip() ?? genesis.hash) ?? genesis;
  return {
    sync: syncOf(brain, undefined, "light", addresses),
    storage,
    peers: new Map(),
    filterTip: isAncestor(stored, chain.tip) ? stored : genesis,
    doubtful: new Set(storage.doubtful()),
    dispute: undefined,
    filters: new Map(),
    blocks: new Map(),
    blocksAsked: new Map(),
    wanted: new Set(),
    scripts: new Map(),
    generation: 0,
    relayed: new Map(),
    spends: new Map(),
    own: new Map(),
  };
}
/** The genesis block is known, and so is its filter. */
function genesisLink({ genesis, genesisHash }: ChainParams): FilterLink & { readonly block: BlockHash } {
  const hash = filterHashOf(basicFilter(genesisHash, genesis.txs, []));
  return { block: genesisHash, hash, header: filterHeaderOf(hash, NO_FILTER_HEADER) };
}

export const tipOf = ({ sync }: Light): HeaderNode => sync.brain.chain.tip;
/** A block of the best chain, at most as high as its tip. */
export const nodeAt = (light: Light, height: number): HeaderNode =>
  present(ancestorAt(tipOf(light), height), "a height of the best chain");
/** Of a block up to the filter tip. */
export const linkOf = ({ storage }: Light, node: HeaderNode): FilterLink =>
  present(storage.link(node.hash), "blocks up to the filter tip have a filter header");
/** The waiting transaction that spends an outpoint, as far as peers have told. */
export function spenderAmong({ relayed, spends }: Light, outpoint: Outpoint): Tx | undefined {
  const txid = spends.get(outpointKey(outpoint));
  return txid === undefined ? undefined : relayed.get(txid);
}
/** Peers that can be asked about a block. */
export const knowing = ({ peers }: Light, node: HeaderNode): readonly Peer[] =>
  [...peers.keys()].filter(({ ready, best }) => ready && best !== undefined && isAncestor(node, best));

export const rangeOf = ({ start, stop }: Pick<Question, "start" | "stop">): FilterRange => ({
  filter_type: 0,
  start_height: start,
  stop_hash: stop.hash,
});
/** A lie ends the connection for good: its host is not dialled again. */
export const LIE = "lies about filters";
export const isLie = (reason: string): boolean => reason.startsWith(LIE);
export const expose = (peer: Peer, how: string): SyncEffect => ({
  tag: "Disconnect",
  peer,
  reason: `${LIE}: ${how}`,
  misbehaved: true,
});
