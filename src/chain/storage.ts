import type { BlockHash, Txid } from "../base/ids.ts";
import type { Block, BlockHeader } from "../bitcoin/block.ts";
import type { BlockUndo, CoinChange, CoinView } from "./coins.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { HeaderNode } from "./headers.ts";

/**
 * Where the chain keeps what it may have to read again. Synchronous: reads see every earlier commit. All of it can be
 * rebuilt from peers, so a commit need only be atomic: after a crash the storage opens as it was after one of the
 * commits.
 */
export interface ChainStorage {
  /** In the order in which they were stored, so parents come first; without genesis. */
  headers(): Iterable<StoredHeader>;
  /** The connected block; undefined in an empty storage. */
  tip(): BlockHash | undefined;
  totals(): CoinTotals;
  coin: CoinView;
  block(hash: BlockHash): Block | undefined;
  undo(hash: BlockHash): BlockUndo | undefined;
  /** Blocks up to this height may be gone; those above it are kept. 0 when nothing is pruned. */
  prunedTo(): number;
  /** Where a transaction of the connected chain stands. */
  place(txid: Txid): TxPlace | undefined;
  commit(change: StorageChange): void;
}
export interface StoredHeader {
  readonly hash: BlockHash;
  readonly header: BlockHeader;
  readonly state: "header" | "held" | "invalid";
}
export interface TxPlace {
  readonly block: BlockHash;
  readonly index: number;
}
/** Of all coins after the connected block. */
export interface CoinTotals {
  readonly count: number;
  /** Sat. */
  readonly total: bigint;
}

/** Each is written whole or not at all. */
export type StorageChange =
  | { readonly tag: "Headers"; readonly nodes: readonly HeaderNode[] }
  /** With its header, stored before or not. */
  | { readonly tag: "Block"; readonly node: HeaderNode; readonly block: Block }
  | { readonly tag: "Invalid"; readonly nodes: readonly HeaderNode[] }
  /** No longer invalid: with their blocks, and headers alone. */
  | { readonly tag: "Reconsidered"; readonly held: readonly HeaderNode[]; readonly bare: readonly HeaderNode[] }
  | {
      readonly tag: "Connect";
      readonly block: HashedBlock;
      readonly height: number;
      readonly coins: readonly CoinChange[];
      readonly undo: BlockUndo;
      readonly totals: CoinTotals;
    }
  | {
      readonly tag: "Disconnect";
      readonly block: HashedBlock;
      readonly height: number;
      readonly coins: readonly CoinChange[];
      /** Its parent: the tip from now on. */
      readonly tip: BlockHash;
      readonly totals: CoinTotals;
    };
