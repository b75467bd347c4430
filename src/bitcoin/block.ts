import { type BlockHash, blockHash, hashBytes } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { type Codec, decode, encode, listOf, struct, type ValueOf } from "../codec/codec.ts";
import type { DecodeError } from "../codec/io.ts";
import { blockHashCodec, bytes, i32le, u32le } from "../codec/primitives.ts";
import { compactSize } from "../codec/varint.ts";
import { sha256d } from "../crypto/hash.ts";
import { type ClaimedTx, claimedTx, type Tx, tx, weightOf } from "./tx.ts";

/** The 80 bytes that are hashed for proof of work. */
export const HEADER_BYTES = 80;
export const blockHeader = struct({
  version: i32le,
  previous: blockHashCodec,
  /** 32 bytes in the order hashed, not the order shown. */
  merkleRoot: bytes(32),
  /** Seconds since 1970-01-01 UTC, as the miner says. */
  time: u32le,
  /** The target in compact form (`pow.ts`). */
  bits: u32le,
  nonce: u32le,
});
export type BlockHeader = ValueOf<typeof blockHeader>;

/** As a stranger tells it: its transactions are still to be judged. */
export interface ClaimedBlock {
  readonly header: BlockHeader;
  readonly txs: readonly ClaimedTx[];
}
export interface Block extends ClaimedBlock {
  readonly txs: readonly Tx[];
}
export const block: Codec<Block> = struct({ header: blockHeader, txs: listOf(compactSize, tx) });
export const claimedBlock: Codec<ClaimedBlock> = struct({ header: blockHeader, txs: listOf(compactSize, claimedTx) });

export const encodeHeader = (header: BlockHeader): Uint8Array => encode(blockHeader, header);
export const decodeHeader = (data: Uint8Array): Result<BlockHeader, DecodeError> => decode(blockHeader, data);
export const encodeBlock = (value: ClaimedBlock): Uint8Array => encode(claimedBlock, value);
export const decodeClaimedBlock = (data: Uint8Array): Result<ClaimedBlock, DecodeError> => decode(claimedBlock, data);
export const decodeBlock = (data: Uint8Array): Result<Block, DecodeError> => decode(block, data);

/** Chains of headers are long: this one is written without the codec, into bytes that are used again. */
export function blockHashOf({ version, previous, merkleRoot, time, bits, nonce }: BlockHeader): BlockHash {
  view.setInt32(0, version, true);
  const parent = hashBytes(previous);
  for (let i = 0; i < 32; i++) {
    hashed[4 + i] = parent[i] as number;
    hashed[36 + i] = merkleRoot[i] as number;
  }
  view.setUint32(68, time, true);
  view.setUint32(72, bits, true);
  view.setUint32(76, nonce, true);
  return blockHash(sha256d(hashed));
}
const hashed = new Uint8Array(HEADER_BYTES);
const view = new DataView(hashed.buffer);

/** No block weighs more. BIP 141 §Block size. */
export const BLOCK_WEIGHT_MAX = 4_000_000;
/** Weight units of a byte that is no witness. BIP 141 §Block size. */
export const WITNESS_SCALE_FACTOR = 4;
/** The cost of all signature checks in one block. BIP 141 §Sigops. */
export const BLOCK_SIGOPS_COST_MAX = 80_000;
/** Blocks that must stand on a coinbase's own before its outputs may be spent. */
export const COINBASE_MATURITY_BLOCKS = 100;

/** Weight units of a whole block: header and count stand outside the witnesses. BIP 141 §Block size. */
export function blockWeight({ txs }: ClaimedBlock): number {
  const count = txs.length < 0xfd ? 1 : txs.length <= 0xffff ? 3 : 5;
  return txs.reduce((sum, each) => sum + weightOf(each), (HEADER_BYTES + count) * WITNESS_SCALE_FACTOR);
}
