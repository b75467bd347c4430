/** Somebody needs a block that was deleted to save space. The message is a sentence. */
export class BlockPruned extends Error {
  override readonly name = "BlockPruned";
  constructor(height: number) {
    super(`Block ${height} is not kept any more: this node prunes its chain.`);
  }
}

/** Blocks below the tip that a pruned node keeps and serves. BIP 159 §Specification. */
export const KEPT_BLOCKS = 288;
