import type { UnixMs } from "../base/units.ts";
import { unixMs } from "../base/units.ts";
import { type Codec, refine, struct } from "../codec/codec.ts";
import { DecodeError } from "../codec/io.ts";
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

/**
 * A record with its version in front. A layout that has been written once is read for ever: a new one takes the next number.
 *
 * @param before the layouts of earlier versions, which are read and never written again
 */
export function versioned<T>(
  version: number,
  codec: Codec<T>,
  before: Readonly<Record<number, Reads<T>>> = {},
): Codec<T> {
  const layouts: Readonly<Record<number, Reads<T>>> = { ...before, [version]: codec };
  return {
    shape: struct({ version: constant(Uint8Array.of(version)), record: codec }).shape,
    write: (writer, value) => {
      writer.u8(version);
      codec.write(writer, value);
    },
    read: (reader) => {
      const layout = layouts[reader.u8()];
      if (layout === undefined) throw new DecodeError("out_of_range", "version");
      return layout.read(reader);
    },
  };
}
type Reads<T> = Pick<Codec<T>, "read">;
