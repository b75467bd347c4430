import { expect } from "chai";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import {
  type Codec,
  decode,
  decodePrefix,
  encode,
  listOf,
  listToEnd,
  optional,
  refine,
  struct,
  union,
} from "../../src/codec/codec.ts";
import { ByteReader, ByteWriter, DecodeError } from "../../src/codec/io.ts";
import {
  amountMsat,
  amountSat,
  blockHashCodec,
  bytes,
  bytesOf,
  channelId,
  constant,
  expiry,
  feerate,
  flag,
  height,
  i32le,
  nodeId,
  paymentHash,
  point,
  preimage,
  rest,
  shortChannelId,
  showPeerText,
  signature,
  text,
  txid,
  u8,
  u16,
  u16le,
  u32,
  u32le,
  u64,
  u64le,
} from "../../src/codec/primitives.ts";
import { checkCodec } from "../support/arbitraries.ts";

const same = <T>(a: T, b: T): void => void expect(a).to.deep.equal(b);
const failure = <T>(codec: Codec<T>, hex: string): string => {
  const read = decode(codec, fromHex(hex));
  return read.ok ? "none" : String(read.error);
};
const record = struct({ id: u16, inner: struct({ name: bytesOf(u8), flags: listOf(u8, u16) }) });

describe("codecs: every kind reads back what it writes and survives damage", () => {
  const shape = union(u8, { point: [1, struct({ x: u16, y: u16 })], empty: [2, struct({})] });
  const all = {
    u8,
    u16,
    u32,
    u64,
    u16le,
    u32le,
    u64le,
    i32le,
    rest,
    flag,
    text,
    amountMsat,
    amountSat,
    feerate,
    expiry,
  };
  const named = {
    height,
    channelId,
    paymentHash,
    preimage,
    txid,
    blockHashCodec,
    shortChannelId,
    point,
    nodeId,
    signature,
  };
  const combined = {
    bytes: bytes(5),
    bytesOf: bytesOf(u16),
    record,
    listOf: listOf(u8, record),
    listToEnd: listToEnd(u32),
    union: shape,
    optional: optional(record),
  };
  for (const [name, codec] of Object.entries({ ...all, ...named, ...combined })) {
    it(name, () => checkCodec<unknown>(codec as never, same, 100));
  }
});

describe("codecs: refusals", () => {
  it("name the path from the outermost field", () => {
    expect(failure(record, "0001" + "02aa")).to.equal("short_read at inner.name");
    expect(failure(record, "0001" + "01aa" + "02" + "0001" + "00")).to.equal("short_read at inner.flags");
    expect(failure(record, "00")).to.equal("short_read at id");
    expect(failure(record, "000100" + "00ff")).to.equal("trailing_bytes");
  });
  it("tell a count that cannot be right before any memory is used", () => {
    expect(failure(listOf(u32, u8), "ffffffff00")).to.equal("short_read");
    expect(failure(bytesOf(u32), "ffffffff00")).to.equal("short_read");
  });
  it("leave what follows to `decodePrefix`", () => {
    expect(decodePrefix(u16, fromHex("0102ff"))).to.deep.equal({ ok: true, value: { value: 0x0102, length: 2 } });
    expect(decodePrefix(u16, fromHex("01")).ok).to.equal(false);
  });
  it("report a narrower type's no as out_of_range", () => {
    const even = refine(
      "even",
      u8,
      (v) => (v % 2 === 0 ? v : undefined),
      (v) => v,
    );
    expect(failure(even, "03")).to.equal("out_of_range");
    expect(failure(flag, "02")).to.equal("out_of_range");
    expect(failure(optional(u8), "02")).to.equal("out_of_range");
    expect(failure(text, "0001ff")).to.equal("out_of_range");
    expect(failure(amountSat, "000775f05a074001")).to.equal("out_of_range");
    expect(failure(height, "1dcd6500")).to.equal("out_of_range");
    expect(failure(point, "04".repeat(33))).to.equal("out_of_range");
    expect(failure(nodeId, "00".repeat(33))).to.equal("out_of_range");
  });
  it("refuse other bytes than a constant's, and an unknown tag of a union", () => {
    const magic = constant(fromHex("cafe"));
    expect(decode(magic, fromHex("cafe"))).to.deep.equal({ ok: true, value: undefined });
    expect(failure(magic, "caff")).to.equal("invalid");
    expect(failure(magic, "ca")).to.equal("short_read");
    expect(failure(union(u8, { a: [1, struct({})] }), "02")).to.equal("out_of_range at tag");
  });
  it("let our own bugs through as throws", () => {
    expect(() => encode(u8, 256)).to.throw("unsigned integer of 8 bits");
    expect(() => encode(u8, -1)).to.throw("unsigned integer of 8 bits");
    expect(() => encode(u64, 2n ** 64n)).to.throw("unsigned integer of 64 bits");
    expect(() => encode(bytes(3), fromHex("0102"))).to.throw("field of 3 bytes, got 2");
    expect(() => encode(bytesOf(u8), new Uint8Array(256))).to.throw("unsigned integer of 8 bits");
    expect(() => union(u8, { a: [1, u8], b: [1, u8] } as never)).to.throw("tag 1 of a union is used once");
    const broken: Codec<number> = { ...u8, read: () => JSON.parse("{") };
    expect(() => decode(broken, fromHex("00"))).to.throw(SyntaxError);
    expect(() => decode(listToEnd(constant(fromHex(""))), fromHex("00"))).to.throw("at least one byte");
  });
});

describe("identifiers on the wire", () => {
  it("stand in hash order for what Bitcoin shows reversed, and as they are for the rest", () => {
    const bytes32 = `${"00".repeat(31)}01`;
    expect(decode(txid, fromHex(bytes32))).to.deep.equal({ ok: true, value: `01${"00".repeat(31)}` });
    expect(decode(blockHashCodec, fromHex(bytes32))).to.deep.equal({ ok: true, value: `01${"00".repeat(31)}` });
    expect(decode(channelId, fromHex(bytes32))).to.deep.equal({ ok: true, value: bytes32 });
  });
  it("make a peer's text safe to show", () => {
    expect(showPeerText(utf8("a\u001b[31m\nb\u00e9"))).to.equal("a?[31m?b??");
  });
});

describe("ByteReader and ByteWriter", () => {
  it("read exactly what is there and no byte more", () => {
    const reader = new ByteReader(fromHex("0102030405060708090a"));
    expect([reader.u8(), reader.u16(), reader.u32le()]).to.deep.equal([1, 0x0203, 0x07060504]);
    expect([reader.position, reader.remaining]).to.deep.equal([7, 3]);
    expect(() => reader.u32()).to.throw(DecodeError, "short_read");
    expect(toHex(reader.bytes(3))).to.equal("08090a");
    expect(() => reader.u8()).to.throw(DecodeError, "short_read");
  });
  it("give copies, so that a field does not keep its message alive", () => {
    const whole = fromHex("0102");
    const field = new ByteReader(whole).bytes(2);
    whole[0] = 0xff;
    expect(toHex(field)).to.equal("0102");
  });
  it("keep a window from reading beyond its end, also over a part of a larger buffer", () => {
    const reader = new ByteReader(fromHex("ff010203ff").subarray(1, 4));
    const window = reader.window(2);
    expect([window.u16(), window.remaining, reader.remaining]).to.deep.equal([0x0102, 0, 1]);
    expect(() => window.u8()).to.throw(DecodeError, "short_read");
    expect(() => reader.window(2)).to.throw(DecodeError, "short_read");
  });
  it("grow as needed", () => {
    const writer = new ByteWriter(1);
    writer.u8(1);
    writer.u64(2n);
    writer.bytes(new Uint8Array(1000));
    writer.i32le(-2);
    writer.u64le(3n);
    expect(writer.length).to.equal(1 + 8 + 1000 + 4 + 8);
    expect(toHex(writer.finish()).replaceAll("00".repeat(1000), "…")).to.equal(
      "010000000000000002…feffffff0300000000000000",
    );
  });
});
