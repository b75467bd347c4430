import { assert, err, ok, type Result } from "../base/result.ts";
import { ByteReader, ByteWriter, DecodeError } from "./io.ts";

/**
 * How a value stands in bytes, written once and used both ways. `shape` describes it as data, so that tests can derive
 * generators from it and compare it with the layouts extracted from the BOLTs.
 */
export interface Codec<T> {
  readonly shape: Shape;
  write(writer: ByteWriter, value: T): void;
  /** Throws `DecodeError`; only `decode` may be called from outside `src/codec`. */
  read(reader: ByteReader): T;
}
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

export type Shape =
  | { readonly kind: "uint"; readonly bits: 8 | 16 | 32 | 64; readonly littleEndian?: true }
  | { readonly kind: "truncated"; readonly bits: 16 | 32 | 64 }
  | { readonly kind: "int"; readonly bits: 32 | 64 }
  | { readonly kind: "bigsize" }
  | { readonly kind: "compactsize"; readonly bits: 32 | 64 }
  | { readonly kind: "bytes"; readonly length: number }
  | { readonly kind: "rest" }
  | { readonly kind: "prefixed"; readonly prefix: Codec<number>; readonly item: Codec<unknown> | undefined }
  | { readonly kind: "list"; readonly item: Codec<unknown> }
  | { readonly kind: "struct"; readonly fields: Fields }
  | { readonly kind: "union"; readonly tag: Codec<number>; readonly cases: Readonly<Record<string, Codec<unknown>>> }
  | { readonly kind: "tlv_stream"; readonly records: Readonly<Record<string, TlvShape>> }
  | { readonly kind: "constant" }
  | {
      readonly kind: "refined";
      readonly name: string;
      readonly base: Codec<unknown>;
      readonly parse: (raw: never) => unknown;
    };
export interface TlvShape {
  readonly type: bigint;
  readonly codec: Codec<unknown>;
}
// biome-ignore lint/suspicious/noExplicitAny: the field's own type is recovered by ValueOf.
export type Fields = Readonly<Record<string, Codec<any>>>;
export type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** The bytes of a value. Throws only on a bug of ours: a value that its type does not allow. */
export const encode = <T>(codec: Codec<T>, value: T): Uint8Array =>
  lent((writer) => {
    codec.write(writer, value);
    return writer.finish();
  });

/** A writer for the time of `use`. */
export function lent(use: (writer: ByteWriter) => Uint8Array): Uint8Array {
  const writer = spare.pop() ?? new ByteWriter();
  writer.clear();
  const bytes = use(writer);
  if (bytes.length <= SPARE_BYTES_MAX) spare.push(writer);
  return bytes;
}
/** Writers for the next values: as many as values were ever encoded within another. Those that grew large are not kept. */
const spare: ByteWriter[] = [];
const SPARE_BYTES_MAX = 4096;

/** The value of exactly these bytes, or why they are not one. Never throws. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): Result<T, DecodeError> {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const value = codec.read(reader);
    if (reader.remaining > 0) throw new DecodeError("trailing_bytes");
    return value;
  });
}

/** As `decode`, for bytes that may go on after the value; `length` says how many it took. */
export function decodePrefix<T>(
  codec: Codec<T>,
  bytes: Uint8Array,
): Result<{ readonly value: T; readonly length: number }, DecodeError> {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const value = codec.read(reader);
    return { value, length: reader.position };
  });
}

function attempt<T>(read: () => T): Result<T, DecodeError> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof DecodeError) return err(error);
    throw error;
  }
}

/**
 * A narrower type over a codec: amounts, ids, points. `parse` answers undefined for what is not one, which decoding
 * reports as `out_of_range`; `unparse` goes back.
 */
export function refine<Raw, T>(
  name: string,
  base: Codec<Raw>,
  parse: (raw: Raw) => T | undefined,
  unparse: (value: T) => Raw,
): Codec<T> {
  return {
    shape: { kind: "refined", name, base: base as Codec<unknown>, parse: parse as (raw: never) => unknown },
    write: (writer, value) => base.write(writer, unparse(value)),
    read: (reader) => {
      const value = parse(base.read(reader));
      if (value === undefined) throw new DecodeError("out_of_range");
      return value;
    },
  };
}

/** Fields one after the other, in the order they are written down here. */
export function struct<F extends Fields>(fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields);
  return {
    shape: { kind: "struct", fields },
    write: (writer, value) => {
      for (const [name, field] of entries) field.write(writer, value[name as keyof F]);
    },
    read: (reader) => {
      const value: Record<string, unknown> = {};
      let current = "";
      try {
        for (const [name, field] of entries) {
          current = name;
          value[name] = field.read(reader);
        }
      } catch (error) {
        throw error instanceof DecodeError ? error.within(current) : error;
      }
      return value as StructOf<F>;
    },
  };
}

/** `count` items behind a count that `prefix` holds. The count is checked against the bytes left before memory is used. */
export function listOf<T>(prefix: Codec<number>, item: Codec<T>): Codec<readonly T[]> {
  return {
    shape: { kind: "prefixed", prefix, item: item as Codec<unknown> },
    write: (writer, value) => {
      prefix.write(writer, value.length);
      for (const element of value) item.write(writer, element);
    },
    read: (reader) => {
      const count = prefix.read(reader);
      if (count > reader.remaining) throw new DecodeError("short_read");
      const items: T[] = [];
      for (let i = 0; i < count; i++) items.push(item.read(reader));
      return items;
    },
  };
}

/** Items up to the end of the enclosing message, TLV value or window. Each must take at least one byte. */
export function listToEnd<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    shape: { kind: "list", item: item as Codec<unknown> },
    write: (writer, value) => {
      for (const element of value) item.write(writer, element);
    },
    read: (reader) => {
      const items: T[] = [];
      while (reader.remaining > 0) {
        const before = reader.remaining;
        items.push(item.read(reader));
        assert(reader.remaining < before, "a list item takes at least one byte");
      }
      return items;
    },
  };
}

/** One of several layouts, told apart by a number in front. The value carries the case's name as `tag`. */
export function union<C extends Fields>(
  tagCodec: Codec<number>,
  cases: { readonly [K in keyof C]: readonly [tag: number, codec: C[K]] },
): Codec<{ [K in keyof C]: { readonly tag: K } & ValueOf<C[K]> }[keyof C]> {
  type Value = { [K in keyof C]: { readonly tag: K } & ValueOf<C[K]> }[keyof C];
  const byName = new Map<PropertyKey, readonly [number, Codec<unknown>]>(Object.entries(cases));
  const byTag = new Map<number, readonly [string, Codec<unknown>]>();
  for (const [name, [tag, codec]] of Object.entries(cases)) {
    assert(!byTag.has(tag), `tag ${tag} of a union is used once`);
    byTag.set(tag, [name, codec]);
  }
  const shapes = Object.fromEntries([...byTag.values()]);
  return {
    shape: { kind: "union", tag: tagCodec, cases: shapes },
    write: (writer, value) => {
      const found = byName.get(value.tag);
      assert(found !== undefined, `union knows the case ${String(value.tag)}`);
      tagCodec.write(writer, found[0]);
      found[1].write(writer, value);
    },
    read: (reader) => {
      const found = byTag.get(tagCodec.read(reader));
      if (found === undefined) throw new DecodeError("out_of_range", "tag");
      return { tag: found[0], ...(found[1].read(reader) as object) } as Value;
    },
  };
}

/** Zero or one byte in front says whether the value is there. For our own records; the BOLTs use TLVs for this. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    shape: {
      kind: "refined",
      name: "optional",
      base: listOf(byteCount, codec) as Codec<unknown>,
      parse: ((items: readonly T[]) => (items.length > 1 ? undefined : { value: items[0] })) as (raw: never) => unknown,
    },
    write: (writer, value) => {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) codec.write(writer, value);
    },
    read: (reader) => {
      const flag = reader.u8();
      if (flag > 1) throw new DecodeError("out_of_range");
      return flag === 1 ? codec.read(reader) : undefined;
    },
  };
}
const byteCount: Codec<number> = {
  shape: { kind: "uint", bits: 8 },
  write: (writer, value) => writer.u8(value),
  read: (reader) => reader.u8(),
};
