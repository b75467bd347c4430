import type { Txid } from "../base/ids.ts";
import type { HashedBlock } from "./hashed-block.ts";
import type { MempoolEntry } from "./mempool.ts";

/** What came into the mempool, or left it without being mined. Numbers rise; some are left out. */
export interface PoolChange {
  readonly tag: "TxAdded" | "TxRemoved";
  readonly entry: MempoolEntry;
  readonly sequence: bigint;
}
/** One thing that changed. A reorganisation is told as disconnections, newest block first, then connections. */
export type BrainChange =
  | { readonly tag: "BlockConnected" | "BlockDisconnected"; readonly block: HashedBlock }
  /** A block is the tip of a better chain than before. Of a reorganisation only blocks beyond the old tip's work are. */
  | { readonly tag: "TipChanged"; readonly block: HashedBlock }
  | PoolChange;

/** What changed and was not told to one listener yet, in order. Mutable: whoever listens takes from it. */
export interface Journal {
  readonly changes: Set<BrainChange>;
  /** Those of the mempool, by transaction. */
  readonly ofPool: Map<Txid, PoolChange>;
}
export const emptyJournal = (): Journal => ({ changes: new Set(), ofPool: new Map() });

/** Takes everything out. */
export function takeChanges({ changes, ofPool }: Journal): readonly BrainChange[] {
  const taken = [...changes];
  changes.clear();
  ofPool.clear();
  return taken;
}
export function noteChange(journals: Iterable<Journal>, change: BrainChange): void {
  for (const { changes } of journals) changes.add(change);
}
/** What left and came back, or came and had to leave, before anybody was told of it has not changed. */
export function notePoolChange(journals: Iterable<Journal>, change: PoolChange): void {
  const { txid } = change.entry;
  for (const { changes, ofPool } of journals) {
    const before = ofPool.get(txid);
    if (before === undefined) {
      changes.add(change);
      ofPool.set(txid, change);
    } else {
      changes.delete(before);
      ofPool.delete(txid);
    }
  }
}
