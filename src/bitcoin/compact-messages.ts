import { type Codec, listOf, refine, struct, type ValueOf } from "../codec/codec.ts";
import { blockHashCodec, bytes, flag, u64le } from "../codec/primitives.ts";
import { compactSize, compactSizeTo } from "../codec/varint.ts";
import { blockHeader } from "./block.ts";
import { type ClaimedTx, claimedTx } from "./tx.ts";

/** Messages of compact blocks: a block as the header and six bytes for each transaction that the peer should have. */

/** The version whose short ids are of wtxids: the only one that this node speaks. BIP 152 §Specification for version 2. */
export const COMPACT_VERSION = 2n;
/** Transactions in a block that is told of compactly: their indexes have 16 bits. Blocks cannot hold nearly so many. */
export const COMPACT_TXS_MAX = 0xffff;

/** Six bytes, little endian: any number below 2^48. */
const shortId: Codec<number> = refine(
  "short_id",
  bytes(6),
  (raw) => raw.reduceRight((sum, byte) => sum * 256 + byte, 0),
  (id) => Uint8Array.from({ length: 6 }, (_, at) => Math.floor(id / 256 ** at) % 256),
);

/** Indexes from the steps between them, which stand one lower; undefined above 16 bits. BIP 152 §New data structures. */
function indexesOf(steps: readonly number[]): readonly number[] | undefined {
  let next = 0;
  const indexes = steps.map((step) => {
    const index = next + step;
    next = index + 1;
    return index;
  });
  return next - 1 > COMPACT_TXS_MAX ? undefined : indexes;
}
const stepsOf = (indexes: readonly number[]): readonly number[] =>
  indexes.map((index, at) => index - (at === 0 ? 0 : (indexes[at - 1] as number) + 1));

/** Indexes that ascend, without repetition. */
const ascendingIndexes: Codec<readonly number[]> = refine(
  "ascending_indexes",
  listOf(compactSizeTo(COMPACT_TXS_MAX), compactSize),
  indexesOf,
  stepsOf,
);

/** A transaction that is told whole, and its place in the block. */
export interface PrefilledTx {
  readonly index: number;
  readonly tx: ClaimedTx;
}
const prefilled: Codec<readonly PrefilledTx[]> = refine(
  "prefilled",
  listOf(compactSizeTo(COMPACT_TXS_MAX), struct({ step: compactSize, tx: claimedTx })),
  (list) =>
    indexesOf(list.map(({ step }) => step))?.map((index, at) => ({
      index,
      tx: (list[at] as (typeof list)[number]).tx,
    })),
  (list) => stepsOf(list.map(({ index }) => index)).map((step, at) => ({ step, tx: (list[at] as PrefilledTx).tx })),
);

/** @property announce  whether the sender wants to hear of new blocks by `cmpctblock` at once */
export const sendcmpct = struct({ announce: flag, version: u64le });
export const cmpctblock = struct({
  header: blockHeader,
  /** Random: makes short ids that nobody could prepare collisions for. */
  nonce: u64le,
  /** Of all transactions that are not prefilled, in the block's order. */
  short_ids: listOf(compactSizeTo(COMPACT_TXS_MAX), shortId),
  prefilled,
});
export type CompactBlock = ValueOf<typeof cmpctblock>;
export const getblocktxn = struct({ block_hash: blockHashCodec, indexes: ascendingIndexes });
export const blocktxn = struct({ block_hash: blockHashCodec, txs: listOf(compactSizeTo(COMPACT_TXS_MAX), claimedTx) });
