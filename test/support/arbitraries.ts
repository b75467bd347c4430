import fc from "fast-check";
import { type Codec, decode, encode, type Shape } from "../../src/codec/codec.ts";
import { ByteReader } from "../../src/codec/io.ts";
import type { AnyMessage } from "../../src/wire/declare.ts";

/**
 * Values of a codec, derived from its `shape`: every value it can hold is possible, edges of ranges come up often. There is
 * no code for any message or record here; a new codec needs none either.
 */
export function arbitrary<T>(codec: Codec<T>): fc.Arbitrary<T> {
  return ofShape(codec.shape, codec) as fc.Arbitrary<T>;
}

/** Values of a declared message: its name, its fields, and any subset of its TLV records. */
export function arbitraryMessage(declared: AnyMessage): fc.Arbitrary<{ readonly name: string }> {
  const fields = ofFields(declared.fields);
  const records = declared.tlvs === undefined ? fc.constant({}) : ofRecords(declared.tlvs);
  return fc.tuple(fields, records).map(([fixed, extension]) => ({ name: declared.name, ...fixed, ...extension }));
}

function ofShape(shape: Shape, codec: Codec<unknown>): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "uint":
      return shape.bits === 64 ? integers(0n, 2n ** 64n - 1n) : fc.integer({ min: 0, max: 2 ** shape.bits - 1 });
    case "int":
      return shape.bits === 64 ? integers(-(2n ** 63n), 2n ** 63n - 1n) : fc.integer();
    case "truncated":
      return integers(0n, 2n ** BigInt(shape.bits) - 1n);
    case "bigsize":
      return integers(0n, 2n ** 64n - 1n);
    case "compactsize":
      return shape.bits === 64 ? integers(0n, 2n ** 64n - 1n) : fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case "bytes":
      return fc.uint8Array({ minLength: shape.length, maxLength: shape.length });
    case "rest":
      return fc.uint8Array({ maxLength: 80 });
    case "prefixed":
      return shape.item === undefined
        ? fc.uint8Array({ maxLength: 80 })
        : fc.array(arbitrary(shape.item), { maxLength: 4 });
    case "list":
      return fc.array(arbitrary(shape.item), { maxLength: 4 });
    case "struct":
      return ofFields(shape.fields);
    case "union":
      return fc.oneof(
        ...Object.entries(shape.cases).map(([tag, item]) =>
          arbitrary(item).map((value) => ({ tag, ...(value as object) })),
        ),
      );
    case "tlv_stream":
      return ofRecords(shape.records);
    case "constant":
      return fc.constant(codec.read(new ByteReader(new Uint8Array(0))));
    case "refined":
      return ofRefined(shape, codec);
  }
}

/** Bigints, often at the ends of the range and around powers of two. */
function integers(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const edges = [min, max, 0n, 1n, 0xfcn, 0xfdn, 0xffffn, 0x1_0000n, 0xffff_ffffn, 0x1_0000_0000n];
  return fc.oneof(
    fc.constantFrom(...edges.filter((edge) => edge >= min && edge <= max)),
    fc.bigInt({ min, max }),
    fc.bigInt({ min: min < 0n ? -1000n : min, max: 1000n < max ? 1000n : max }),
  );
}

/** Raw values that the refinement takes: most by chance, those of narrow ones by the bytes that lead to them. */
function ofRefined(shape: Shape & { readonly kind: "refined" }, codec: Codec<unknown>): fc.Arbitrary<unknown> {
  return raw(shape, codec)
    .map((base) => shape.parse(base as never))
    .filter((value) => value !== undefined)
    .map((value) => (shape.name === "optional" ? (value as { readonly value: unknown }).value : value));
}
function raw(shape: Shape & { readonly kind: "refined" }, codec: Codec<unknown>): fc.Arbitrary<unknown> {
  const base = ofShape(shape.base.shape, codec);
  const compressed = fc.tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 }));
  switch (shape.name) {
    case "point":
    case "node_id":
      return compressed.map(([prefix, x]) => Uint8Array.of(prefix, ...x));
    case "msat":
      return integers(0n, 2_100_000_000_000_000_000n);
    case "sat":
      return integers(0n, 2_100_000_000_000_000n);
    case "height":
      return fc.integer({ min: 0, max: 499_999_999 });
    case "flag":
      return fc.constantFrom(0, 1);
    case "text":
      return fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => new TextEncoder().encode(text));
    case "optional":
      return fc.oneof(
        fc.constant([]),
        arbitrary((shape.base.shape as { readonly item: Codec<unknown> }).item).map((item) => [item]),
      );
    default:
      return base;
  }
}

function ofFields(fields: Readonly<Record<string, Codec<unknown>>>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, arbitrary(field)])));
}
function ofRecords(records: Readonly<Record<string, { readonly codec: Codec<unknown> }>>): fc.Arbitrary<object> {
  const values = Object.entries(records).map(([name, { codec }]) => [name, arbitrary(codec)] as const);
  return fc.record(Object.fromEntries(values), { requiredKeys: [] });
}

/** Bytes near to valid ones: cut short, a byte changed, bytes put in or appended. What a decoder must survive. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) });
  return fc.oneof(
    at.map((length) => bytes.slice(0, length)),
    fc
      .tuple(at, fc.integer({ min: 1, max: 255 }))
      .map(([index, change]) => bytes.map((byte, i) => (i === index ? byte ^ change : byte))),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 9 }))
      .map(([index, more]) => Uint8Array.of(...bytes.subarray(0, index), ...more, ...bytes.subarray(index))),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Uint8Array.of(...bytes, ...more)),
  );
}

/**
 * What holds of any codec: it reads back what it writes; on damaged or random bytes it answers an error or a value that it
 * would write again as the same value, and never throws.
 */
export function checkCodec<T>(codec: Codec<T>, same: (a: T, b: T) => void, runs = 50): void {
  fc.assert(
    fc.property(
      arbitrary(codec).chain((value) => fc.tuple(fc.constant(value), damaged(encode(codec, value)))),
      ([value, broken]) => {
        const back = decode(codec, encode(codec, value));
        if (!back.ok) throw back.error;
        same(back.value, value);
        const read = decode(codec, broken);
        if (!read.ok) return;
        const again = decode(codec, encode(codec, read.value));
        if (!again.ok) throw again.error;
        same(again.value, read.value);
      },
    ),
    { seed: 1, numRuns: runs },
  );
}
