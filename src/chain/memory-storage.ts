import { type BlockHash, outpointKey, type Txid } from "../base/ids.ts";
import type { Block } from "../bitcoin/block.ts";
import type { BlockUndo, Coin, CoinChange } from "./coins.ts";
import type { FilterEntry, FilterStorage } from "./filter-storage.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";
import type { ChainStorage, CoinTotals, StorageChange, StoredHeader, TxPlace } from "./storage.ts";

/** A storage that lasts as long as the process: for the simulator and for tests. */
export interface MemoryStorage extends ChainStorage {
  /** Every coin, for comparing whole sets. */
  readonly coins: ReadonlyMap<string, Coin>;
  /** Forgets a block and what taking it back needs. */
  prune(node: HeaderNode): void;
}

export function memoryStorage(): MemoryStorage {
  const headers = new Map<BlockHash, StoredHeader>();
  const blocks = new Map<BlockHash, Block>();
  const undos = new Map<BlockHash, BlockUndo>();
  const coins = new Map<string, Coin>();
  const places = new Map<Txid, TxPlace>();
  let tip: BlockHash | undefined;
  let totals: CoinTotals = { count: 0, total: 0n };
  let prunedTo = 0;

  const note = ({ hash, header }: HeaderNode, state: StoredHeader["state"]): void => {
    headers.set(hash, { hash, header, state });
  };
  const connect = ({ hash, txids }: HashedBlock): void => {
    txids.forEach((txid, index) => {
      places.set(txid, { block: hash, index });
    });
    tip = hash;
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
        connect(change.block);
      } else {
        for (const txid of change.block.txids) places.delete(txid);
        tip = change.tip;
      }
    }
  };
  return {
    coins,
    headers: () => headers.values(),
    tip: () => tip,
    totals: () => totals,
    coin: (outpoint) => coins.get(outpointKey(outpoint)),
    block: (hash) => blocks.get(hash),
    undo: (hash) => undos.get(hash),
    prunedTo: () => prunedTo,
    prune: ({ hash, height }) => {
      blocks.delete(hash);
      undos.delete(hash);
      prunedTo = Math.max(prunedTo, height);
    },
    place: (txid) => places.get(txid),
    commit,
  };
}

function apply(coins: Map<string, Coin>, changes: readonly CoinChange[]): void {
  for (const { outpoint, coin } of changes) {
    if (coin === undefined) coins.delete(outpointKey(outpoint));
    else coins.set(outpointKey(outpoint), coin);
  }
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
