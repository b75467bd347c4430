import type { ShortChannelId } from "../../src/base/ids.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import { decode, encode, listToEnd } from "../../src/codec/codec.ts";
import { shortChannelId } from "../../src/codec/primitives.ts";
import { bigSize } from "../../src/codec/varint.ts";

/** The only encoding in use: one after the other. 1 was zlib, which must not be used. BOLT 7 §Query Messages. */
const PLAIN = 0;
const ids = listToEnd(shortChannelId);
const flags = listToEnd(bigSize);

export type ShortIdsFault = "unknown encoding" | "not a whole number of ids" | "not one flag for each id";

/** The list as it stands in `encoded_short_ids`. Ids in ascending order. BOLT 7 §Query Messages. */
export function encodeShortIds(list: readonly ShortChannelId[]): Uint8Array {
  const plain = encode(ids, list);
  const encoded = new Uint8Array(1 + plain.length);
  encoded[0] = PLAIN;
  encoded.set(plain, 1);
  return encoded;
}

/** The ids of `encoded_short_ids`, as many as fit into one message. Never decompresses (RELIABILITY D5). */
export function decodeShortIds(encoded: Uint8Array): Result<readonly ShortChannelId[], ShortIdsFault> {
  if (encoded.length === 0) return ok([]);
  if (encoded[0] !== PLAIN) return err("unknown encoding");
  const list = decode(ids, encoded.subarray(1));
  return list.ok ? list : err("not a whole number of ids");
}

/** One set of flags for each id. BOLT 7 §The query_short_channel_ids/reply_short_channel_ids_end Messages. */
export function decodeQueryFlags(
  encodingType: number,
  encoded: Uint8Array,
  count: number,
): Result<readonly bigint[], ShortIdsFault> {
  if (encodingType !== PLAIN) return err("unknown encoding");
  const list = decode(flags, encoded);
  return list.ok && list.value.length === count ? list : err("not one flag for each id");
}
