import { type Feed, lowestNeeded } from "./feed.ts";

/** Somebody needs a block that was deleted to save space. The message is a sentence. */
export class BlockPruned extends Error {
  override readonly name = "BlockPruned";
  constructor(height: number) {
    super(`Block ${height} is not kept any more: this node prunes its chain.`);
  }
}

/** Blocks below the tip that a pruned node keeps and serves. BIP 159 §Specification. */
export const KEPT_BLOCKS = 288;
/**
 * The lowest block that may not be deleted: a reorganisation, or a listener that is cut off, may need it. Before anybody
 * listens it is not known who will, so nothing may be.
 * @param settled  the height up to which everything is on stable storage here
 */
export function keepFrom(feeds: ReadonlySet<Feed>, settled: number): number {
  if (feeds.size === 0) return 0;
  return Math.min(settled, ...Array.from(feeds, lowestNeeded)) - KEPT_BLOCKS;
}
