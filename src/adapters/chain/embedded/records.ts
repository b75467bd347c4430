import { type BlockHash, hashBytes } from "../../../base/ids.ts";
import { blockHeader } from "../../../bitcoin/block.ts";
import { txOut } from "../../../bitcoin/tx.ts";
import type { BlockUndo, Coin } from "../../../chain/coins.ts";
import type { StoredHeader } from "../../../chain/storage.ts";
import { type Codec, listOf, refine, struct } from "../../../codec/codec.ts";
import { blockHashCodec, flag, u8, u32, u64 } from "../../../codec/primitives.ts";
import { compactSize } from "../../../codec/varint.ts";
import type { BlockPlace } from "./block-files.ts";

/** How the chain stands on disk. Everything can be fetched from peers again, so a new format may drop the old one. */
export const FORMAT = 3;

const STATES = ["header", "held", "invalid"] as const;
const state: Codec<StoredHeader["state"]> = refine(
  "block_state",
  u8,
  (value) => STATES[value],
  (value) => STATES.indexOf(value),
);
export const headerRecord = struct({ header: blockHeader, state });

export const blockPlaceRecord: Codec<BlockPlace> = struct({ file: u32, offset: u32, length: u32 });
/** How far a file of blocks is written, and the highest block in it. */
export const blockFileRecord = struct({ size: u32, highest: u32 });
/** Of a block in a file: the number of the file, then where in it the block begins. */
export function filedKey({ file, offset }: Pick<BlockPlace, "file" | "offset">): Uint8Array {
  const key = new Uint8Array(8);
  const view = new DataView(key.buffer);
  view.setUint32(0, file);
  view.setUint32(4, offset);
  return key;
}
export const filedRecord = struct({ hash: blockHashCodec });
export const prunedRecord = struct({ height: u32 });
export const coinRecord: Codec<Coin> = struct({ output: txOut, height: u32, coinbase: flag });
export const undoRecord: Codec<BlockUndo> = listOf(compactSize, coinRecord);
/** The connected block and the sum of all coins after it, together: one record, one truth. */
export const tipRecord = struct({ tip: blockHashCodec, count: u32, total: u64 });

/** Of a header, by its place in the order in which they came (parents before children), or of a file of blocks. */
export function numberKey(number: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}
export const numberOfKey = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(0);
export const hashKey = (hash: BlockHash): Uint8Array => hashBytes(hash);
