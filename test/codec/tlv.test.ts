import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { formatShortChannelId, type ShortChannelId } from "../../src/base/ids.ts";
import { type Codec, decode, decodePrefix, encode, type Fields, struct } from "../../src/codec/codec.ts";
import { point, rest, shortChannelId, u16, u64 } from "../../src/codec/primitives.ts";
import { openTlvStream, presence, type Tlvs, tlv, tlvStream } from "../../src/codec/tlv.ts";
import { bigSize, tu32, tu64 } from "../../src/codec/varint.ts";
import { decodeMessage, payloadOf } from "../../src/wire/registry.ts";
import { arbitrary, checkCodec } from "../support/arbitraries.ts";
import { describeVectors } from "../support/vectors.ts";

interface Namespace {
  readonly [type: string]: { readonly name: string; readonly fields: readonly (readonly [string, string])[] };
}
interface TlvVectors {
  readonly namespaces: Readonly<Record<string, Namespace>>;
  readonly failures: readonly {
    readonly namespaces: readonly string[];
    readonly stream: string;
    readonly reason: string;
  }[];
  readonly successes: readonly {
    readonly namespaces: readonly string[];
    readonly stream: string;
    readonly record: string | null;
    readonly values?: Readonly<Record<string, string>>;
  }[];
}
// biome-ignore lint/suspicious/noExplicitAny: codecs of different types in one table.
const TYPES: Readonly<Record<string, Codec<any>>> = { tu64, tu32, u64, u16, point, short_channel_id: shortChannelId };

/** A namespace of the vectors as a stream of ours: every record a struct. */
function streamOf(namespace: Namespace) {
  const records: Record<string, Tlvs[string]> = {};
  for (const [type, { name, fields }] of Object.entries(namespace)) {
    const codecs: Fields = Object.fromEntries(fields.map(([field, kind]) => [field, TYPES[kind] as Codec<unknown>]));
    records[name] = tlv(BigInt(type), struct(codecs));
  }
  return tlvStream(records as Tlvs);
}
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  return String(value);
}

describeVectors<TlvVectors>(
  "BOLT 1 §Appendix B: Type-Length-Value Test Vectors",
  "bolts/bolt01/tlv.json",
  (vectors) => {
    const streams = Object.fromEntries(
      Object.entries(vectors.namespaces).map(([name, space]) => [name, streamOf(space)]),
    );
    const stream = (name: string) => streams[name] as ReturnType<typeof streamOf>;

    for (const { namespaces, stream: hex, reason } of vectors.failures)
      for (const name of namespaces)
        it(`${name} refuses ${hex.slice(0, 40)}: ${reason}`, () => {
          expect(decode(stream(name), fromHex(hex)).ok).to.equal(false);
        });
    for (const { namespaces, stream: hex, record, values } of vectors.successes)
      for (const name of namespaces)
        it(`${name} reads ${hex === "" ? "an empty stream" : hex.slice(0, 40)}`, () => {
          const read = decode(stream(name), fromHex(hex));
          const got = read.ok ? (read.value as Readonly<Record<string, Readonly<Record<string, unknown>>>>) : undefined;
          expect(Object.keys(got ?? { failed: true })).to.deep.equal(record === null ? [] : [record]);
          if (record === null) return;
          const fields = Object.entries(got?.[record] ?? {}).map(([field, value]) => [
            field,
            field === "scid" ? formatShortChannelId(value as ShortChannelId) : shown(value),
          ]);
          expect(Object.fromEntries(fields)).to.deep.equal(values);
          expect(toHex(encode(stream(name), got as never))).to.equal(hex);
        });
    it("refuses every valid stream that is followed by an invalid one", () => {
      for (const good of vectors.successes)
        for (const bad of vectors.failures)
          for (const name of good.namespaces.filter((space) => bad.namespaces.includes(space)))
            expect(decode(stream(name), fromHex(good.stream + bad.stream)).ok).to.equal(false);
    });
    it("reads a valid stream of lower types followed by one of higher types, and not the other way round", () => {
      const type = (hex: string): bigint => {
        const read = decodePrefix(bigSize, fromHex(hex));
        return read.ok ? read.value.value : -1n;
      };
      const all = vectors.successes.filter(({ namespaces, stream: hex }) => namespaces.includes("n1") && hex !== "");
      for (const low of all)
        for (const high of all)
          expect(decode(stream("n1"), fromHex(low.stream + high.stream)).ok).to.equal(
            type(low.stream) < type(high.stream),
          );
    });
  },
);

interface InitVectors {
  readonly valid: readonly {
    readonly message: string;
    readonly extension_records: readonly { readonly type: number; readonly value: string }[];
  }[];
  readonly invalid: readonly { readonly message: string; readonly reason: string }[];
}
describeVectors<InitVectors>("BOLT 1 §Appendix C: Message Extension", "bolts/bolt01/init-extension.json", (vectors) => {
  for (const { message, extension_records } of vectors.valid)
    it(`init reads ${message} with ${extension_records.length} unknown records`, () => {
      const empty = new Uint8Array(0);
      expect(decodeMessage(fromHex(message))).to.deep.equal({
        ok: true,
        value: { name: "init", globalfeatures: empty, features: empty },
      });
      const extension = payloadOf(fromHex(message)).subarray(4);
      const unknown = extension_records.map(({ type, value }) => ({ type: BigInt(type), value: fromHex(value) }));
      expect(decode(openTlvStream({}), extension)).to.deep.equal({ ok: true, value: { known: {}, unknown } });
    });
  for (const { message, reason } of vectors.invalid)
    it(`init refuses ${message}: ${reason}`, () => {
      expect(decodeMessage(fromHex(message)).ok).to.equal(false);
    });
});

const sample = {
  amount: tlv(2, tu64),
  seen: tlv(4, presence),
  note: tlv(7, rest),
  pair: tlv(0x1_0000, struct({ a: u16, b: u16 })),
};
const same = <T>(a: T, b: T): void => void expect(a).to.deep.equal(b);

describe("CONFORMANCE 3: TLV streams", () => {
  it("read back what they write and survive damage", () => checkCodec(tlvStream(sample), same, 300));
  it("write records in order of type, whatever the order of keys", () => {
    const value = { pair: { a: 1, b: 2 }, note: fromHex("ff"), seen: true, amount: 3n } as const;
    expect(toHex(encode(tlvStream(sample), value))).to.equal("0201030400" + "0701ff" + "fe000100000400010002");
  });
  it("name the record, and the field in it, where reading stopped", () => {
    const stop = (hex: string): string => {
      const read = decode(tlvStream(sample), fromHex(hex));
      return read.ok ? "" : String(read.error);
    };
    expect(stop("020200ff")).to.equal("not_minimal at amount");
    expect(stop("0401ff")).to.equal("length_mismatch at seen");
    expect(stop("fe0001000003000100")).to.equal("short_read at pair.b");
    expect(stop("fe000100000500010002ff")).to.equal("length_mismatch at pair");
    expect(stop("07fd0100")).to.equal("short_read");
    expect(stop("07fe00010000")).to.equal("too_long");
  });
  it("keep unknown odd records where they are declared to, and write them back in place", () => {
    const open = openTlvStream(sample);
    const unknown = fc.uniqueArray(fc.tuple(fc.integer({ min: 4, max: 300 }), fc.uint8Array({ maxLength: 9 })), {
      selector: ([half]) => half,
      maxLength: 5,
    });
    fc.assert(
      fc.property(arbitrary(tlvStream(sample)), unknown, (known, extra) => {
        const records = extra
          .map(([half, value]) => ({ type: BigInt(2 * half + 1), value }))
          .sort((a, b) => Number(a.type - b.type));
        const bytes = encode(open, { known, unknown: records });
        expect(decode(open, bytes)).to.deep.equal({ ok: true, value: { known, unknown: records } });
        expect(decode(tlvStream(sample), bytes)).to.deep.equal({ ok: true, value: known });
      }),
      { seed: 1, numRuns: 100 },
    );
  });
  it("refuse a second declaration of one type", () => {
    expect(() => tlvStream({ a: tlv(1, u16), b: tlv(1, u16) })).to.throw("TLV type 1 is declared once");
  });
  it("read an even type that follows the known ones as a failure", () => {
    const known = encode(tlvStream(sample), { amount: 1n });
    const read = decode(openTlvStream(sample), concat(known, fromHex("0a00")));
    expect(read.ok || read.error.code).to.equal("unknown_even_type");
  });
});
