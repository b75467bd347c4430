import type { BlockHash } from "../../base/ids.ts";
import type { FilterLink } from "../filter-storage.ts";
import type { HeaderNode } from "../headers.ts";
import type { ChainStorage, StorageChange, StoredHeader } from "../storage.ts";

/**
 * What a light client keeps: headers, the filter headers that its peers agreed on, and the blocks about whose filters they
 * could not. Synchronous; all of it can be asked of peers again, so a commit need only be atomic.
 */
export interface LightStorage {
  /** In the order in which they were stored, so parents come first; without genesis. */
  headers(): Iterable<StoredHeader>;
  /** The last block up to which filter headers are agreed on; undefined in an empty storage. */
  tip(): BlockHash | undefined;
  link(block: BlockHash): FilterLink | undefined;
  /** Blocks of which several filters could be true: they are looked through themselves. */
  doubtful(): Iterable<BlockHash>;
  commit(change: LightChange): void;
}
/** Each is written whole or not at all. */
export type LightChange =
  | { readonly tag: "Headers"; readonly nodes: readonly HeaderNode[] }
  | { readonly tag: "Invalid"; readonly nodes: readonly HeaderNode[] }
  | {
      readonly tag: "Filters";
      readonly links: readonly (FilterLink & { readonly block: BlockHash })[];
      readonly tip: BlockHash;
    }
  | { readonly tag: "Doubtful"; readonly block: BlockHash };

/** The storage of a chain without blocks: it keeps headers alone, and no coin is ever known. */
export function headersOnly(storage: LightStorage): ChainStorage {
  return {
    headers: () => storage.headers(),
    tip: () => undefined,
    totals: () => ({ count: 0, total: 0n }),
    coin: () => undefined,
    block: () => undefined,
    undo: () => undefined,
    prunedTo: () => 0,
    place: () => undefined,
    commit: (change: StorageChange) => {
      if (change.tag === "Headers" || change.tag === "Invalid") storage.commit(change);
    },
  };
}

/** A storage that lasts as long as the process. */
export function memoryLightStorage(): LightStorage {
  const headers = new Map<BlockHash, StoredHeader>();
  const links = new Map<BlockHash, FilterLink>();
  const doubtful = new Set<BlockHash>();
  let tip: BlockHash | undefined;
  return {
    headers: () => headers.values(),
    tip: () => tip,
    link: (block) => links.get(block),
    doubtful: () => doubtful,
    commit: (change) => {
      switch (change.tag) {
        case "Headers":
        case "Invalid": {
          const state = change.tag === "Headers" ? "header" : "invalid";
          for (const { hash, header } of change.nodes) headers.set(hash, { hash, header, state });
          return;
        }
        case "Filters":
          for (const { block, ...link } of change.links) links.set(block, link);
          tip = change.tip;
          return;
        case "Doubtful":
          doubtful.add(change.block);
          return;
      }
    },
  };
}
