import { expect } from "chai";
import type { Codec, Shape } from "../../src/codec/codec.ts";
import type { Tlvs } from "../../src/codec/tlv.ts";
import { FEATURES } from "../../src/wire/features.ts";
import { MESSAGES } from "../../src/wire/registry.ts";
import { countCases, describeVectors } from "../support/vectors.ts";

interface SpecField {
  readonly name: string;
  readonly type: string;
  readonly count?: string;
}
interface SpecMessage {
  readonly name: string;
  readonly type: number;
  readonly bolt: number;
  readonly fields: readonly SpecField[];
}
interface SpecRecord {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly SpecField[];
}
interface WireFormats {
  readonly messages: readonly SpecMessage[];
  readonly tlv_streams: Readonly<Record<string, readonly SpecRecord[]>>;
  readonly subtypes: Readonly<Record<string, readonly SpecField[]>>;
}

/** How a layout stands in bytes, whatever names or narrower types lie over it: `u16`, `bytes 32`, `[u16 × …]`. */
function layout(shape: Shape): string {
  const inner = (codec: Codec<unknown>): string => layout(codec.shape);
  switch (shape.kind) {
    case "uint":
      return `u${shape.bits}`;
    case "int":
      return `s${shape.bits}`;
    case "truncated":
      return `tu${shape.bits}`;
    case "bytes":
      return `bytes ${shape.length}`;
    case "rest":
      return "bytes to the end";
    case "prefixed":
      return `${inner(shape.prefix)} × ${shape.item === undefined ? "byte" : inner(shape.item)}`;
    case "list":
      return `${inner(shape.item)} to the end`;
    case "struct":
      return `{${Object.entries(shape.fields).map(([name, codec]) => `${name}: ${inner(codec)}`)}}`;
    case "refined":
      return inner(shape.base);
    case "constant":
      return "nothing";
    default:
      return shape.kind;
  }
}

const SIMPLE: Readonly<Record<string, string>> = {
  byte: "u8",
  u8: "u8",
  u16: "u16",
  u32: "u32",
  u64: "u64",
  s64: "s64",
  bigsize: "bigsize",
  point: "bytes 33",
  sha256: "bytes 32",
  chain_hash: "bytes 32",
  channel_id: "bytes 32",
  short_channel_id: "u64",
  signature: "bytes 64",
};

/** The same notation from the BOLTs' own description. A length and the bytes it counts are one field of ours. */
function specFields(fields: readonly SpecField[], formats: WireFormats): readonly (readonly [string, string])[] {
  const counts = new Set(fields.map((field) => field.count));
  const named: (readonly [string, string])[] = [];
  for (const field of fields) {
    if (field.type.endsWith("_tlvs") || counts.has(field.name)) continue;
    const counter = fields.find((other) => other.name === field.count);
    named.push([field.name, specLayout(field, counter, formats)]);
  }
  return named;
}
function specLayout(field: SpecField, counter: SpecField | undefined, formats: WireFormats): string {
  const { type, count } = field;
  const item = SIMPLE[type] ?? specSubtype(type, formats);
  if (counter !== undefined) return `${counter.type} × ${type === "byte" ? "byte" : item}`;
  if (count === undefined) return item;
  if (count === "...") return type === "byte" ? "bytes to the end" : `${item} to the end`;
  if (type.startsWith("sha256[..4]")) return `bytes ${4 * Number(count)}`;
  const size = type === "byte" ? 1 : Number(/^u(\d+)$/.exec(type)?.[1]) / 8;
  return `bytes ${size * Number(count)}`;
}
function specSubtype(type: string, formats: WireFormats): string {
  const found = Object.entries(formats.subtypes).find(([key]) => key.endsWith(`:${type}`));
  if (found === undefined) return type;
  const fields = specFields(found[1], formats);
  return fields.length === 1 ? (fields[0] as readonly [string, string])[1] : specStruct(fields);
}
const specStruct = (fields: readonly (readonly [string, string])[]): string =>
  `{${fields.map(([name, text]) => `${name}: ${text}`)}}`;

/** A record of one field is that field; of several, a struct; of none, its presence. */
function specRecords(records: readonly SpecRecord[], formats: WireFormats): unknown {
  return records.map(({ name, type, fields }) => {
    const laid = specFields(fields, formats);
    const value = laid.length === 0 ? "nothing" : laid.length === 1 ? laid[0]?.[1] : specStruct(laid);
    return { name, type: BigInt(type), value };
  });
}
const ourRecords = (tlvs: Tlvs): unknown =>
  Object.entries(tlvs).map(([name, { type, codec }]) => ({ name, type, value: layout(codec.shape) }));

/** Streams that the BOLTs name otherwise than after their message. */
const STREAMS: Readonly<Record<string, string>> = {
  open_channel2: "opening_tlvs",
  accept_channel2: "accept_tlvs",
  closing_complete: "closing_tlvs",
  closing_sig: "closing_tlvs",
};

describeVectors<WireFormats>("declared messages against the BOLTs", "bolts/wire-formats.json", (formats) => {
  const streamOf = (message: SpecMessage): readonly SpecRecord[] | undefined =>
    formats.tlv_streams[`${message.bolt}:${STREAMS[message.name] ?? `${message.name}_tlvs`}`];
  const streams = formats.messages.filter((message) => streamOf(message) !== undefined).length;
  countCases("bolts/wire-formats.json", formats.messages.length + streams);

  it("declares exactly the messages of the BOLTs, by name and type", () => {
    const ours = MESSAGES.map(({ name, type }) => [type, name] as const);
    const theirs = [...formats.messages].sort((a, b) => a.type - b.type);
    expect(ours).to.deep.equal(theirs.map(({ name, type }) => [type, name]));
  });
  for (const message of formats.messages) {
    it(`${message.name}: fields, order and sizes, TLV names and numbers`, () => {
      const ours = MESSAGES.find((declared) => declared.name === message.name);
      const fields = Object.entries(ours?.fields ?? {}).map(([name, codec]) => [name, layout(codec.shape)] as const);
      expect(fields).to.deep.equal(specFields(message.fields, formats));
      const stream = streamOf(message);
      expect(ours?.tlvs === undefined ? undefined : ourRecords(ours.tlvs)).to.deep.equal(
        stream === undefined ? undefined : specRecords(stream, formats),
      );
    });
  }
});

interface FeatureTable {
  readonly features: readonly {
    readonly even: number;
    readonly name: string;
    readonly assumed: boolean;
    readonly depends: readonly string[];
  }[];
}
describeVectors<FeatureTable>(
  "the feature table against BOLT 9 §Assigned Feature Flags",
  "bolts/bolt09/features.json",
  (table) => {
    it("has every assigned feature with its bit, its dependencies and whether it is assumed", () => {
      expect(FEATURES).to.deep.equal(
        table.features.map(({ even, name, assumed, depends }) => ({ bit: even, name, assumed, depends })),
      );
    });
  },
);
