import type { BlockHash, Outpoint, Txid } from "../../../base/ids.ts";
import { hashBytes } from "../../../base/ids.ts";
import { blockHeader } from "../../../bitcoin/block.ts";
import { txOut } from "../../../bitcoin/tx.ts";
import type { BlockUndo, Coin } from "../../../chain/coins.ts";
import type { StoredHeader, TxPlace } from "../../../chain/storage.ts";
import { type Codec, listOf, refine, struct } from "../../../codec/codec.ts";
import { blockHashCodec, flag, u8, u32, u64 } from "../../../codec/primitives.ts";
import { compactSize } from "../../../codec/varint.ts";

/** How the chain stands on disk. Everything can be fetched from peers again, so a new format may drop the old one. */
export const FORMAT = 1;

const STATES = ["header", "held", "invalid"] as const;
const state: Codec<StoredHeader["state"]> = refine(
  "block_state",
  u8,
  (value) => STATES[value],
  (value) => STATES.indexOf(value),
);
export const headerRecord = struct({ header: blockHeader, state });

export const coinRecord: Codec<Coin> = struct({ output: txOut, height: u32, coinbase: flag });
export const undoRecord: Codec<BlockUndo> = listOf(compactSize, coinRecord);
export const placeRecord: Codec<TxPlace> = struct({ block: blockHashCodec, index: u32 });
/** The connected block and the sum of all coins after it, together: one record, one truth. */
export const tipRecord = struct({ tip: blockHashCodec, count: u32, total: u64 });

/** Headers in the order in which they came: parents before children. */
export function orderKey(order: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, order);
  return key;
}
export const hashKey = (hash: BlockHash | Txid): Uint8Array => hashBytes(hash);
export function outpointBytes({ txid, vout }: Outpoint): Uint8Array {
  const key = new Uint8Array(36);
  key.set(hashBytes(txid));
  new DataView(key.buffer).setUint32(32, vout);
  return key;
}
