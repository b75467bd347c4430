import { type BlockHash, outpointKey, type Txid } from "../base/ids.ts";
import type { Block } from "../bitcoin/block.ts";
import type { BlockUndo, Coin, CoinChange } from "./coins.ts";
import type { FilterEntry, FilterStorage } from "./filter-storage.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import type { ChainStorage, CoinTotals, StorageChange, StoredHeader, TxPlace } from "./storage.ts";

/** A storage that lasts as long as the process: for the simulator and for tests. */
export interface MemoryStorage extends ChainStorage {
  /** Every coin by `outpointKey`, for comparing whole sets. */
  readonly coins: ReadonlyMap<string, Coin>;
  /** Forgets a block and what taking it back needs. */
  prune(node: HeaderNode): void;
}

export function memoryStorage(): MemoryStorage {
  const headers = new Map<BlockHash, StoredHeader>();
  const blocks = new Map<BlockHash, Block>();
  const undos = new Map<BlockHash, BlockUndo>();
  const coins = new Map<Txid, LeftOf>();
  /** The newest last: two early blocks repeat a transaction. */
  const places = new Map<Txid, TxPlace[]>();
  let tip: BlockHash | undefined;
  let totals: CoinTotals = { count: 0, total: 0n };
  let prunedTo = 0;

  const note = ({ hash, header }: HeaderNode, state: StoredHeader["state"]): void => {
    headers.set(hash, { hash, header, state });
  };
  const commit = (change: StorageChange): void => {
    if (change.tag === "Headers") {
      for (const node of change.nodes) note(node, "header");
    } else if (change.tag === "Invalid") {
      for (const node of change.nodes) note(node, "invalid");
    } else if (change.tag === "Reconsidered") {
      for (const node of change.held) note(node, "held");
      for (const node of change.bare) note(node, "header");
    } else if (change.tag === "Block") {
      blocks.set(change.node.hash, change.block);
      note(change.node, "held");
    } else {
      apply(coins, change.coins);
      totals = change.totals;
      if (change.tag === "Connect") {
        undos.set(change.block.hash, change.undo);
        addPlaces(places, change.block);
        tip = change.block.hash;
      } else {
        removePlaces(places, change.block);
        tip = change.tip;
      }
    }
  };
  return {
    get coins() {
      return byKey(coins);
    },
    headers: () => headers.values(),
    tip: () => tip,
    totals: () => totals,
    coin: ({ txid, vout }) => coins.get(txid)?.outputs[vout],
    block: (hash) => blocks.get(hash),
    undo: (hash) => undos.get(hash),
    prunedTo: () => prunedTo,
    prune: ({ hash, height }) => {
      blocks.delete(hash);
      undos.delete(hash);
      prunedTo = Math.max(prunedTo, height);
    },
    place: (txid) => places.get(txid)?.at(-1),
    commit,
  };
}

function addPlaces(places: Map<Txid, TxPlace[]>, { hash, txids }: HashedBlock): void {
  for (const [index, txid] of txids.entries()) {
    const place = { block: hash, index };
    const before = places.get(txid);
    if (before === undefined) places.set(txid, [place]);
    else before.push(place);
  }
}
function removePlaces(places: Map<Txid, TxPlace[]>, { txids }: HashedBlock): void {
  for (const txid of txids) {
    places.get(txid)?.pop();
    if (places.get(txid)?.length === 0) places.delete(txid);
  }
}
/** What is left of a transaction: its coins by the numbers of their outputs, and how many they are. */
interface LeftOf {
  readonly outputs: (Coin | undefined)[];
  count: number;
}
function apply(coins: Map<Txid, LeftOf>, changes: readonly CoinChange[]): void {
  for (const { outpoint, coin } of changes) {
    const { txid, vout } = outpoint;
    let left = coins.get(txid);
    if (left === undefined) {
      left = { outputs: [], count: 0 };
      coins.set(txid, left);
    }
    left.count += (coin === undefined ? 0 : 1) - (left.outputs[vout] === undefined ? 0 : 1);
    left.outputs[vout] = coin;
    if (left.count === 0) coins.delete(txid);
  }
}
function byKey(coins: ReadonlyMap<Txid, LeftOf>): ReadonlyMap<string, Coin> {
  const all = new Map<string, Coin>();
  for (const [txid, { outputs }] of coins) {
    for (const [vout, coin] of outputs.entries()) if (coin !== undefined) all.set(outpointKey({ txid, vout }), coin);
  }
  return all;
}

/** As `memoryStorage`, for filters. */
export function memoryFilterStorage(): FilterStorage {
  const entries = new Map<BlockHash, FilterEntry>();
  let tip: BlockHash | undefined;
  return {
    tip: () => tip,
    entry: (block) => entries.get(block),
    header: (block) => entries.get(block),
    commit: (change) => {
      for (const { block, ...entry } of change.entries) entries.set(block, entry);
      tip = change.tip;
    },
  };
}
