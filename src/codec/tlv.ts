import { assert } from "../base/result.ts";
import { type Codec, encode, type TlvShape } from "./codec.ts";
import { type ByteReader, type ByteWriter, DecodeError } from "./io.ts";
import { bigSize } from "./varint.ts";

/** One record of a TLV stream: its type number and the layout of its value. */
export interface Tlv<T> {
  readonly type: bigint;
  readonly codec: Codec<T>;
}
export const tlv = <T>(type: number | bigint, codec: Codec<T>): Tlv<T> => ({ type: BigInt(type), codec });

/** A record whose type is not declared: odd as a rule, so it may be there. Kept only where a stream is declared to keep them. */
export interface UnknownRecord {
  readonly type: bigint;
  readonly value: Uint8Array;
}
// biome-ignore lint/suspicious/noExplicitAny: the record's own type is recovered by StreamOf.
export type Tlvs = Readonly<Record<string, Tlv<any>>>;
/** Every declared record is optional in the value; requirements on presence belong to the message's reader. */
export type StreamOf<R extends Tlvs> = {
  readonly [K in keyof R]?: R[K] extends Tlv<infer T> ? T : never;
};

/** The largest value a record may have: no message is longer. */
const VALUE_BYTES_MAX = 65_535n;

/**
 * A TLV stream to the end of its window: types strictly increasing, shortest integers, no unknown even type, each known
 * value taken up exactly. Unknown odd records are skipped. BOLT 1 §Type-Length-Value Format.
 */
export function tlvStream<R extends Tlvs>(records: R): Codec<StreamOf<R>> {
  const { write, read, shape } = stream(records);
  return {
    shape,
    write: (writer, value) => write(writer, value, []),
    read: (reader) => read(reader).known,
  };
}

const isOdd = (type: bigint): boolean => type % 2n === 1n;
/**
 * As `tlvStream`, keeping unknown records, in order: for onion payloads and records of applications. Odd ones, unless `mayBe` says
 * of others too that the reader will judge them.
 */
export function openTlvStream<R extends Tlvs>(
  records: R,
  mayBe = isOdd,
): Codec<{ readonly known: StreamOf<R>; readonly unknown: readonly UnknownRecord[] }> {
  const { write, read, shape } = stream(records, mayBe);
  return { shape, write: (writer, value) => write(writer, value.known, value.unknown), read };
}

function stream<R extends Tlvs>(records: R, mayBe = isOdd) {
  const byType = new Map<bigint, readonly [string, Codec<unknown>]>();
  for (const [name, { type, codec }] of Object.entries(records)) {
    assert(!byType.has(type), `TLV type ${type} is declared once`);
    byType.set(type, [name, codec]);
  }
  const shape: { kind: "tlv_stream"; records: Record<string, TlvShape> } = { kind: "tlv_stream", records };
  const write = (writer: ByteWriter, known: StreamOf<R>, unknown: readonly UnknownRecord[]): void => {
    const present: UnknownRecord[] = [...unknown];
    for (const [type, [name, codec]] of byType) {
      const value = known[name as keyof R];
      if (value !== undefined) present.push({ type, value: encode(codec, value) });
    }
    present.sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
    for (const record of present) writeRecord(writer, record);
  };
  const read = (reader: ByteReader): { known: StreamOf<R>; unknown: readonly UnknownRecord[] } => {
    const known: Record<string, unknown> = {};
    const unknown: UnknownRecord[] = [];
    let previous = -1n;
    while (reader.remaining > 0) {
      const type = bigSize.read(reader);
      if (type <= previous) throw new DecodeError("not_increasing");
      previous = type;
      const length = bigSize.read(reader);
      if (length > VALUE_BYTES_MAX) throw new DecodeError("too_long");
      const window = reader.window(Number(length));
      const declared = byType.get(type);
      if (declared !== undefined) known[declared[0]] = readValue(window, declared);
      else if (!mayBe(type)) throw new DecodeError("unknown_even_type");
      else unknown.push({ type, value: window.bytes(window.remaining) });
    }
    return { known: known as StreamOf<R>, unknown };
  };
  return { write, read, shape };
}

function readValue(window: ByteReader, [name, codec]: readonly [string, Codec<unknown>]): unknown {
  try {
    const value = codec.read(window);
    if (window.remaining > 0) throw new DecodeError("length_mismatch");
    return value;
  } catch (error) {
    throw error instanceof DecodeError ? error.within(name) : error;
  }
}

function writeRecord(writer: ByteWriter, record: UnknownRecord): void {
  bigSize.write(writer, record.type);
  bigSize.write(writer, BigInt(record.value.length));
  writer.bytes(record.value);
}

/** A record that says what it has to say by being there. */
export const presence: Codec<true> = {
  shape: { kind: "constant" },
  write: () => undefined,
  read: () => true,
};
