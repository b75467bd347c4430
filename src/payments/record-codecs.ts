import type { UnixMs } from "../base/units.ts";
import { unixMs } from "../base/units.ts";
import { type Codec, refine, struct } from "../codec/codec.ts";
import { bytesOf, constant, u16, u64 } from "../codec/primitives.ts";
import type { UnknownRecord } from "../codec/tlv.ts";
import { bigSize } from "../codec/varint.ts";

/** What stored records of payments and streams are made of, beside the words of the wire. */
export const time: Codec<UnixMs> = refine(
  "unix_ms",
  u64,
  (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? unixMs(Number(value)) : undefined),
  BigInt,
);
export const customRecord: Codec<UnknownRecord> = struct({ type: bigSize, value: bytesOf(u16) });

/** A record with its version in front. A layout that has been written once is read for ever: a new one takes the next number. */
export function versioned<T>(version: number, codec: Codec<T>): Codec<T> {
  const mark = constant(Uint8Array.of(version));
  return {
    shape: struct({ version: mark, record: codec }).shape,
    write: (writer, value) => {
      mark.write(writer, undefined);
      codec.write(writer, value);
    },
    read: (reader) => {
      mark.read(reader);
      return codec.read(reader);
    },
  };
}
