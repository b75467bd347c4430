import type { BlockHash, Txid } from "../base/ids.ts";
import { type Block, blockHashOf, type ClaimedBlock } from "../bitcoin/block.ts";
import { txidOf } from "../bitcoin/tx.ts";

/** A block with its hashes, computed once. */
export interface Hashed<B extends ClaimedBlock> {
  readonly block: B;
  readonly hash: BlockHash;
  /** Of `block.txs`, in their order. */
  readonly txids: readonly Txid[];
}
export type HashedBlock = Hashed<Block>;
/** As a stranger tells it. */
export type HashedClaim = Hashed<ClaimedBlock>;
export const hashBlock = <B extends ClaimedBlock>(block: B): Hashed<B> => ({
  block,
  hash: blockHashOf(block.header),
  txids: block.txs.map(txidOf),
});
