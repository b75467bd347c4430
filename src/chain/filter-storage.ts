import type { BlockHash, FilterHash, FilterHeader } from "../base/ids.ts";

/**
 * Where block filters are kept. Synchronous; all of it can be computed again from the chain's blocks, so a commit need only
 * be atomic. A filter belongs to its block and a filter header to all blocks below it, so nothing here is ever wrong after
 * a reorganisation: only the tip moves.
 */
export interface FilterStorage {
  /** The last block up to which every block of its chain has a filter; undefined in an empty storage. */
  tip(): BlockHash | undefined;
  /** Of a block that was once in the best chain. */
  entry(block: BlockHash): FilterEntry | undefined;
  /** The same without the filter's bytes, of which there may be many. */
  header(block: BlockHash): FilterLink | undefined;
  commit(change: FilterChange): void;
}

/** The block's own place in the chain of filter headers. */
export interface FilterLink {
  readonly hash: FilterHash;
  readonly header: FilterHeader;
}
export interface FilterEntry extends FilterLink {
  readonly filter: Uint8Array;
}

/** Written whole or not at all. */
export interface FilterChange {
  /** New ones, if any. */
  readonly entries: readonly (FilterEntry & { readonly block: BlockHash })[];
  readonly tip: BlockHash;
}
