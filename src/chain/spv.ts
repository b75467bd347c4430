import { equalBytes } from "../base/bytes.ts";
import { type BlockHash, hashBytes, type Txid } from "../base/ids.ts";
import { assert, err, ok, present, type Result } from "../base/result.ts";
import { type Block, type BlockHeader, blockHashOf } from "../bitcoin/block.ts";
import { merkleBranch, rootOfBranch } from "../bitcoin/merkle.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { hasProofOfWork } from "../bitcoin/pow.ts";
import { isCoinbase, strippedTx, type Tx, txidOf } from "../bitcoin/tx.ts";
import { encode } from "../codec/codec.ts";

/**
 * That a transaction stands in a block, for somebody who holds headers alone: the hashes beside its way up to the merkle
 * root. The block's coinbase comes along, because it shows how deep the tree is: without that, what stands between the
 * leaves could be passed off as a transaction (CVE-2017-12842).
 */
export interface TxProof {
  readonly header: BlockHeader;
  readonly tx: Tx;
  /** Its place in the block. */
  readonly index: number;
  /** From the leaf to the root; 32 bytes each, in the order hashed. */
  readonly branch: readonly Uint8Array[];
  readonly coinbase: Tx;
  readonly coinbaseBranch: readonly Uint8Array[];
}
export type ProofFault =
  /** The header's hash is not as low as it says. */
  | "no_proof_of_work"
  /** Of 64 bytes: it may be two hashes. */
  | "ambiguous_length"
  /** The two branches do not have one length, or the index lies beyond them. */
  | "wrong_depth"
  | "no_coinbase"
  /** The branch leads to another root, or goes by a leaf that stands twice. */
  | "wrong_branch";

/** Longer than any branch of a block that fits its weight. */
const DEPTH_MAX = 16;
const AMBIGUOUS_BYTES = 64;

export function proveTx({ header, txs }: Block, index: number): TxProof {
  const leaves = txs.map((tx) => hashBytes(txidOf(tx)));
  assert(index >= 0 && index < txs.length, "the transaction is one of the block");
  return {
    header,
    tx: present(txs[index], "an index of the block"),
    index,
    branch: merkleBranch(leaves, index),
    coinbase: present(txs[0], "a block begins with its coinbase"),
    coinbaseBranch: merkleBranch(leaves, 0),
  };
}

/** What the proof shows, when it holds: this transaction is in this block. Whether the block counts, its header's chain tells. */
export function checkProof(
  { header, tx, index, branch, coinbase, coinbaseBranch }: TxProof,
  params: ChainParams,
): Result<{ readonly txid: Txid; readonly block: BlockHash }, ProofFault> {
  const block = blockHashOf(header);
  if (!hasProofOfWork(block, header.bits, params)) return err("no_proof_of_work");
  if ([tx, coinbase].some((each) => encode(strippedTx, each).length === AMBIGUOUS_BYTES))
    return err("ambiguous_length");
  if (branch.length !== coinbaseBranch.length || branch.length > DEPTH_MAX) return err("wrong_depth");
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** branch.length) return err("wrong_depth");
  if (!isCoinbase(coinbase)) return err("no_coinbase");
  const txid = txidOf(tx);
  const leadsUp = (leaf: Txid, at: number, way: readonly Uint8Array[]): boolean =>
    !isRepeated(leaf, at, way) && equalBytes(rootOfBranch(hashBytes(leaf), at, way), header.merkleRoot);
  if (!leadsUp(txidOf(coinbase), 0, coinbaseBranch) || !leadsUp(txid, index, branch)) return err("wrong_branch");
  return ok({ txid, block });
}

/** The last of an odd row is hashed with itself: only the left one of the two is there. */
function isRepeated(leaf: Txid, index: number, branch: readonly Uint8Array[]): boolean {
  let hash = hashBytes(leaf);
  for (const [level, sibling] of branch.entries()) {
    const isRight = Math.floor(index / 2 ** level) % 2 === 1;
    if (isRight && equalBytes(sibling, hash)) return true;
    hash = rootOfBranch(hash, isRight ? 1 : 0, [sibling]);
  }
  return false;
}
