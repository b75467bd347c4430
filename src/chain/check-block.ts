import { equalBytes } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  BLOCK_SIGOPS_COST_MAX,
  BLOCK_WEIGHT_MAX,
  type Block,
  blockWeight,
  type ClaimedBlock,
  HEADER_BYTES,
  WITNESS_SCALE_FACTOR,
} from "../bitcoin/block.ts";
import { checkTransaction } from "../bitcoin/check.ts";
import { isFinal } from "../bitcoin/locks.ts";
import { committedWitness, txidMerkleRoot, witnessCommitment, witnessMerkleRoot } from "../bitcoin/merkle.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { script } from "../bitcoin/script.ts";
import { solvesChallenge } from "../bitcoin/signet.ts";
import { legacySigops } from "../bitcoin/sigops.ts";
import { isCoinbase, strippedSize, type Tx } from "../bitcoin/tx.ts";
import { encode } from "../codec/codec.ts";
import { compactSize } from "../codec/varint.ts";
import type { BlockFault } from "./faults.ts";
import type { HashedBlock, HashedClaim } from "./hashed-block.ts";
import { type HeaderNode, medianTimeOf } from "./headers.ts";

const WITNESS_RESERVED_BYTES = 32;

/**
 * What can be said of a block by itself. The header's proof of work is checked with the header. It is the same value that
 * comes back.
 */
export function checkBlock(hashed: HashedClaim): Result<HashedBlock, BlockFault> {
  const fault = blockFault(hashed);
  return fault === undefined ? ok(hashed as HashedBlock) : err(fault);
}
function blockFault({ block, txids }: HashedClaim): BlockFault | undefined {
  const { txs } = block;
  const { root, mutated } = txidMerkleRoot(txids);
  if (!equalBytes(root, block.header.merkleRoot)) return { code: "bad-txnmrklroot" };
  if (mutated) return { code: "bad-txns-duplicate" };
  const [first] = txs;
  if (first === undefined || txs.length * WITNESS_SCALE_FACTOR > BLOCK_WEIGHT_MAX) return { code: "bad-blk-length" };
  if (strippedWeight(block) > BLOCK_WEIGHT_MAX) return { code: "bad-blk-length" };
  if (!isCoinbase(first)) return { code: "bad-cb-missing" };
  if (txs.findLastIndex(isCoinbase) > 0) return { code: "bad-cb-multiple" };
  for (const [index, tx] of txs.entries()) {
    const checked = checkTransaction(tx);
    if (!checked.ok) return { code: checked.error, index };
  }
  const sigops = txs.reduce((sum, tx) => sum + legacySigops(tx), 0);
  return sigops * WITNESS_SCALE_FACTOR > BLOCK_SIGOPS_COST_MAX ? { code: "bad-blk-sigops" } : undefined;
}
const strippedWeight = ({ txs }: ClaimedBlock): number =>
  WITNESS_SCALE_FACTOR *
  txs.reduce((sum, tx) => sum + strippedSize(tx), HEADER_BYTES + encode(compactSize, txs.length).length);

/** What can be said of a block in its place, without the coins. */
export function checkBlockInContext(block: Block, previous: HeaderNode, params: ChainParams): BlockFault | undefined {
  const height = previous.height + 1;
  const { activation, challenge } = params;
  if (challenge !== undefined && !solvesChallenge(block, challenge)) return { code: "bad-signet-blksig" };
  // BIP 113 §Specification: locktimes are compared with the median of past times, not with the block's own.
  const time = height >= activation.csv ? medianTimeOf(previous) : block.header.time;
  const late = block.txs.findIndex((tx) => !isFinal(tx, { height, time }));
  if (late >= 0) return { code: "bad-txns-nonfinal", index: late };
  if (height >= activation.bip34 && !beginsWith(block.txs[0]?.inputs[0]?.scriptSig, script(BigInt(height)))) {
    return { code: "bad-cb-height" };
  }
  const witness = checkWitnessCommitment(block.txs, height >= activation.segwit);
  if (witness !== undefined) return witness;
  return blockWeight(block) > BLOCK_WEIGHT_MAX ? { code: "bad-blk-weight" } : undefined;
}
/** BIP 34 §Specification: the coinbase's script begins with a push of the height. */
const beginsWith = (scriptSig: Uint8Array | undefined, push: Uint8Array): boolean =>
  scriptSig !== undefined && equalBytes(scriptSig.subarray(0, push.length), push);

/** BIP 141 §Commitment structure: witnesses are allowed only where the coinbase commits to them. */
function checkWitnessCommitment(txs: readonly Tx[], active: boolean): BlockFault | undefined {
  const coinbase = txs[0];
  const committed = active && coinbase !== undefined ? committedWitness(coinbase) : undefined;
  if (committed === undefined) {
    const index = txs.findIndex((tx) => tx.inputs.some(({ witness }) => witness.length > 0));
    return index < 0 ? undefined : { code: "unexpected-witness", index };
  }
  const witness = coinbase?.inputs[0]?.witness ?? [];
  const [reserved] = witness;
  if (witness.length !== 1 || reserved?.length !== WITNESS_RESERVED_BYTES) return { code: "bad-witness-nonce-size" };
  const expected = witnessCommitment(witnessMerkleRoot(txs), reserved);
  return equalBytes(expected, committed) ? undefined : { code: "bad-witness-merkle-match" };
}
