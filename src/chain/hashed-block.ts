import type { BlockHash, Txid } from "../base/ids.ts";
import { type Block, blockHashOf } from "../bitcoin/block.ts";
import { txidOf } from "../bitcoin/tx.ts";

/** A block with its hashes, computed once. */
export interface HashedBlock {
  readonly block: Block;
  readonly hash: BlockHash;
  /** Of `block.txs`, in their order. */
  readonly txids: readonly Txid[];
}
export const hashBlock = (block: Block): HashedBlock => ({
  block,
  hash: blockHashOf(block.header),
  txids: block.txs.map(txidOf),
});
