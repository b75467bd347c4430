import { assert } from "../base/result.ts";
import { type Codec, refine } from "./codec.ts";
import { type ByteReader, type ByteWriter, DecodeError } from "./io.ts";

/** Unsigned integer of 1, 3, 5 or 9 bytes, big endian, shortest form only. BOLT 1 §Type-Length-Value Format. */
export const bigSize: Codec<bigint> = {
  shape: { kind: "bigsize" },
  write: (writer, value) => {
    assert(value >= 0n && value < 1n << 64n, "BigSize holds 64 bits");
    if (value < 0xfdn) writer.u8(Number(value));
    else if (value < 0x1_0000n) {
      writer.u8(0xfd);
      writer.u16(Number(value));
    } else if (value < 0x1_0000_0000n) {
      writer.u8(0xfe);
      writer.u32(Number(value));
    } else {
      writer.u8(0xff);
      writer.u64(value);
    }
  },
  read: (reader) => {
    const first = reader.u8();
    if (first < 0xfd) return BigInt(first);
    if (first === 0xfd) return atLeast(BigInt(reader.u16()), 0xfdn);
    if (first === 0xfe) return atLeast(BigInt(reader.u32()), 0x1_0000n);
    return atLeast(reader.u64(), 0x1_0000_0000n);
  },
};

/** Bitcoin's CompactSize, shortest form only, as a number: every count in a block or transaction is below 2^32. */
export const compactSize: Codec<number> = {
  shape: { kind: "compactsize", bits: 32 },
  write: (writer, value) => {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "CompactSize of at most 32 bits");
    if (value < 0xfd) writer.u8(value);
    else if (value < 0x1_0000) {
      writer.u8(0xfd);
      writer.u16le(value);
    } else {
      writer.u8(0xfe);
      writer.u32le(value);
    }
  },
  read: (reader) => {
    const first = reader.u8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return Number(atLeast(BigInt(reader.u16le()), 0xfdn));
    if (first === 0xfe) return Number(atLeast(BigInt(reader.u32le()), 0x1_0000n));
    reader.u64le();
    throw new DecodeError("too_long");
  },
};
/** A CompactSize that is refused above `limit`: for a count, before anything behind it is read. */
export const compactSizeTo = (limit: number): Codec<number> =>
  refine(
    `compact_size_to_${limit}`,
    compactSize,
    (count) => (count <= limit ? count : undefined),
    (count) => count,
  );
/** CompactSize of up to 64 bits, for what is no count. */
export const compactSize64: Codec<bigint> = {
  shape: { kind: "compactsize", bits: 64 },
  write: (writer, value) => {
    if (value <= 0xffff_ffffn) return compactSize.write(writer, Number(value));
    writer.u8(0xff);
    writer.u64le(value);
  },
  read: (reader) => {
    const first = reader.u8();
    if (first < 0xfd) return BigInt(first);
    if (first === 0xfd) return atLeast(BigInt(reader.u16le()), 0xfdn);
    if (first === 0xfe) return atLeast(BigInt(reader.u32le()), 0x1_0000n);
    return atLeast(reader.u64le(), 0x1_0000_0000n);
  },
};

function atLeast(value: bigint, minimum: bigint): bigint {
  if (value < minimum) throw new DecodeError("not_minimal");
  return value;
}

function truncated(bits: 16 | 32 | 64): Codec<bigint> {
  const size = bits / 8;
  return {
    shape: { kind: "truncated", bits },
    write: (writer: ByteWriter, value) => {
      assert(value >= 0n && value < 1n << BigInt(bits), `truncated integer of ${bits} bits`);
      for (let shift = BigInt(bits - 8); shift >= 0n; shift -= 8n) {
        if (value >> shift > 0n) writer.u8(Number((value >> shift) & 0xffn));
      }
    },
    read: (reader: ByteReader) => {
      if (reader.remaining > size) throw new DecodeError("too_long");
      let value = 0n;
      for (let first = true; reader.remaining > 0; first = false) {
        const byte = reader.u8();
        if (first && byte === 0) throw new DecodeError("not_minimal");
        value = (value << 8n) | BigInt(byte);
      }
      return value;
    },
  };
}

const asNumber = (name: string, base: Codec<bigint>): Codec<number> => refine(name, base, Number, BigInt);
/** Integers without leading zero bytes, which end a TLV value: zero takes no byte at all. BOLT 1 §Fundamental Types. */
export const tu16 = asNumber("tu16", truncated(16));
export const tu32 = asNumber("tu32", truncated(32));
export const tu64 = truncated(64);
