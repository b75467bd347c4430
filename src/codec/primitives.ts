import { printable } from "../base/bytes.ts";
import {
  type BlockHash,
  blockHash,
  type ChannelId,
  hashBytes,
  idBytes,
  channelId as makeChannelId,
  nodeId as makeNodeId,
  paymentHash as makePaymentHash,
  preimage as makePreimage,
  txid as makeTxid,
  type NodeId,
  type PaymentHash,
  type Preimage,
  type ShortChannelId,
  type Txid,
  unpackShortChannelId,
} from "../base/ids.ts";
import { AssertionError, assert } from "../base/result.ts";
import {
  type BlockHeight,
  blockHeight,
  type CltvExpiry,
  cltvExpiry,
  HEIGHT_LIMIT,
  isMsat,
  isSat,
  type Msat,
  type Sat,
  type SatPerKw,
  satPerKw,
} from "../base/units.ts";
import { type Codec, refine, type Shape } from "./codec.ts";
import { type ByteReader, type ByteWriter, DecodeError } from "./io.ts";

const uint = <T extends number | bigint>(
  bits: 8 | 16 | 32 | 64,
  read: (reader: ByteReader) => T,
  write: (writer: ByteWriter, value: T) => void,
  littleEndian?: true,
): Codec<T> => ({
  shape: littleEndian ? { kind: "uint", bits, littleEndian } : { kind: "uint", bits },
  write: (writer, value) => {
    if (!isUnsigned(bits, value)) throw new AssertionError(`unsigned integer of ${bits} bits: ${value}`);
    write(writer, value);
  },
  read,
});

/** Written out: a power of two for each number that is written costs more than to write it. */
const LIMIT = { 8: 0x100, 16: 0x1_0000, 32: 0x1_0000_0000, 64: 0x1_0000_0000_0000_0000n } as const;
const isUnsigned = (bits: keyof typeof LIMIT, value: number | bigint): boolean => value >= 0 && value < LIMIT[bits];

/** Unsigned integers, big endian. BOLT 1 §Fundamental Types. */
export const u8 = uint(
  8,
  (r) => r.u8(),
  (w, v: number) => w.u8(v),
);
export const u16 = uint(
  16,
  (r) => r.u16(),
  (w, v: number) => w.u16(v),
);
export const u32 = uint(
  32,
  (r) => r.u32(),
  (w, v: number) => w.u32(v),
);
export const u64 = uint(
  64,
  (r) => r.u64(),
  (w, v: bigint) => w.u64(v),
);
/** Unsigned integers, little endian: Bitcoin's. */
export const u16le = uint(
  16,
  (r) => r.u16le(),
  (w, v: number) => w.u16le(v),
  true,
);
export const u32le = uint(
  32,
  (r) => r.u32le(),
  (w, v: number) => w.u32le(v),
  true,
);
export const u64le = uint(
  64,
  (r) => r.u64le(),
  (w, v: bigint) => w.u64le(v),
  true,
);
export const i32le: Codec<number> = {
  shape: { kind: "int", bits: 32 },
  write: (writer, value) => writer.i32le(value),
  read: (reader) => reader.i32le(),
};

/** Two's complement, little endian: what a Bitcoin amount is on the wire, negative or not. */
export const i64le: Codec<bigint> = {
  shape: { kind: "int", bits: 64 },
  write: (writer, value) => {
    assert(BigInt.asIntN(64, value) === value, `signed integer of 64 bits: ${value}`);
    writer.u64le(BigInt.asUintN(64, value));
  },
  read: (reader) => BigInt.asIntN(64, reader.u64le()),
};

/** Two's complement, big endian: `s64`. BOLT 1 §Fundamental Types. */
export const i64: Codec<bigint> = {
  shape: { kind: "int", bits: 64 },
  write: (writer, value) => {
    assert(BigInt.asIntN(64, value) === value, `signed integer of 64 bits: ${value}`);
    writer.i64(value);
  },
  read: (reader) => reader.i64(),
};

/** Exactly `length` bytes. */
export function bytes(length: number): Codec<Uint8Array> {
  return {
    shape: { kind: "bytes", length },
    write: (writer, value) => {
      if (value.length !== length) throw new AssertionError(`field of ${length} bytes, got ${value.length}`);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(length),
  };
}

/** All bytes to the end of the enclosing message, TLV value or window. */
export const rest: Codec<Uint8Array> = {
  shape: { kind: "rest" },
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(reader.remaining),
};

/** Bytes behind a length that `prefix` holds. The length is checked against what is left before memory is used. */
export function bytesOf(prefix: Codec<number>): Codec<Uint8Array> {
  return {
    shape: { kind: "prefixed", prefix, item: undefined },
    write: (writer, value) => {
      prefix.write(writer, value.length);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(prefix.read(reader)),
  };
}

/** Bytes that must stand exactly so. Its value is always undefined. */
export function constant(expected: Uint8Array): Codec<undefined> {
  const shape: Shape = { kind: "constant" };
  return {
    shape,
    write: (writer) => writer.bytes(expected),
    read: (reader) => {
      for (const byte of expected) if (reader.u8() !== byte) throw new DecodeError("invalid");
      return undefined;
    },
  };
}

/** One byte, 0 or 1. For our own records. */
export const flag: Codec<boolean> = refine(
  "flag",
  u8,
  (value) => (value > 1 ? undefined : value === 1),
  (value) => (value ? 1 : 0),
);
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const textEncoder = new TextEncoder();
/** Strict UTF-8 behind a 16-bit length. For our own records. */
export const text: Codec<string> = refine(
  "text",
  bytesOf(u16),
  (value) => {
    try {
      return textDecoder.decode(value);
    } catch {
      return undefined;
    }
  },
  (value) => textEncoder.encode(value),
);
/** Text of a peer, made safe for logs and terminals when read. */
export const peerText: Codec<Uint8Array> = bytesOf(u16);
export const showPeerText = (value: Uint8Array): string => printable(value);

export const amountMsat: Codec<Msat> = refine(
  "msat",
  u64,
  (v) => (isMsat(v) ? v : undefined),
  (v) => v,
);
export const amountSat: Codec<Sat> = refine(
  "sat",
  u64,
  (v) => (isSat(v) ? v : undefined),
  (v) => v,
);
export const feerate: Codec<SatPerKw> = refine("sat_per_kw", u32, satPerKw, (v) => v);
/** An absolute expiry as it stands on the wire; whether it is sensible is for the channel to judge. */
export const expiry: Codec<CltvExpiry> = refine("cltv_expiry", u32, cltvExpiry, (v) => v);
export const height: Codec<BlockHeight> = refine(
  "height",
  u32,
  (v) => (v < HEIGHT_LIMIT ? blockHeight(v) : undefined),
  (v) => v,
);
export const channelId: Codec<ChannelId> = refine("channel_id", bytes(32), makeChannelId, idBytes);
export const paymentHash: Codec<PaymentHash> = refine("sha256", bytes(32), makePaymentHash, idBytes);
export const preimage: Codec<Preimage> = refine("preimage", bytes(32), makePreimage, idBytes);
export const txid: Codec<Txid> = refine("txid", bytes(32), makeTxid, hashBytes);
export const blockHashCodec: Codec<BlockHash> = refine("chain_hash", bytes(32), blockHash, hashBytes);
export const shortChannelId: Codec<ShortChannelId> = refine("short_channel_id", u64, unpackShortChannelId, (v) => v);

const isCompressed = (value: Uint8Array): boolean => value[0] === 2 || value[0] === 3;
/** 33 bytes with a compressed prefix. That it lies on the curve is checked where it is first used. BOLT 1 §Fundamental Types. */
export const point: Codec<Uint8Array> = refine(
  "point",
  bytes(33),
  (v) => (isCompressed(v) ? v : undefined),
  (v) => v,
);
export const nodeId: Codec<NodeId> = refine(
  "node_id",
  bytes(33),
  (v) => (isCompressed(v) ? makeNodeId(v) : undefined),
  idBytes,
);
/** 64 bytes, r then s, big endian. BOLT 1 §Fundamental Types. */
export const signature = bytes(64);

/** One of a few words, as a byte: its place among them. A word is only ever added behind the others. */
export const enumeration = <T extends string>(name: string, ...values: readonly T[]): Codec<T> =>
  refine(
    name,
    u8,
    (index) => values[index],
    (value) => values.indexOf(value),
  );
