import { type FilterHash, type FilterHeader, filterHash, filterHeader, hashBytes } from "../base/ids.ts";
import { type Codec, listOf, refine, struct, type ValueOf } from "../codec/codec.ts";
import { blockHashCodec, bytes, bytesOf, u8, u32le } from "../codec/primitives.ts";
import { compactSize, compactSizeTo } from "../codec/varint.ts";

/** Messages by which light clients get block filters, and the headers that they check them with. */

/** Blocks that one `getcfilters` may ask for. BIP 157 §getcfilters. */
export const FILTERS_MAX = 1000;
/** Hashes in one `cfheaders`. BIP 157 §cfheaders. */
export const FILTER_HASHES_MAX = 2000;
/** Blocks between two headers of `cfcheckpt`. BIP 157 §cfcheckpt. */
export const CHECKPOINT_BLOCKS = 1000;
/** Policy, not protocol: as many as chains of ten million blocks have. */
const CHECKPOINTS_MAX = 10_000;

export const filterHashCodec: Codec<FilterHash> = refine("filter_hash", bytes(32), filterHash, hashBytes);
export const filterHeaderCodec: Codec<FilterHeader> = refine("filter_header", bytes(32), filterHeader, hashBytes);

/** The blocks from a height up to a hash. */
const range = struct({ filter_type: u8, start_height: u32le, stop_hash: blockHashCodec });
export type FilterRange = ValueOf<typeof range>;
export const getcfilters = range;
export const getcfheaders = range;
export const getcfcheckpt = struct({ filter_type: u8, stop_hash: blockHashCodec });

export const cfilter = struct({ filter_type: u8, block_hash: blockHashCodec, filter: bytesOf(compactSize) });
export const cfheaders = struct({
  filter_type: u8,
  stop_hash: blockHashCodec,
  /** Of the block before the first one asked for. */
  previous_filter_header: filterHeaderCodec,
  filter_hashes: listOf(compactSizeTo(FILTER_HASHES_MAX), filterHashCodec),
});
export const cfcheckpt = struct({
  filter_type: u8,
  stop_hash: blockHashCodec,
  filter_headers: listOf(compactSizeTo(CHECKPOINTS_MAX), filterHeaderCodec),
});
