import type { Codec, Fields, Shape } from "../../src/codec/codec.ts";
import type { Tlvs } from "../../src/codec/tlv.ts";
import { FEATURES } from "../../src/wire/features.ts";
import { MESSAGES } from "../../src/wire/registry.ts";

/**
 * Our own declarations in the layout of the extract from the BOLTs: in a clone without the public vectors they hold the
 * wire format still. Which BOLT a message is from is not declared, so all say 0.
 */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly count?: string;
}

/** A field as the BOLTs write it: a counted one is two, its length and its items. */
function fieldsOf(name: string, codec: Codec<unknown>): readonly Field[] {
  const shape = bare(codec.shape);
  switch (shape.kind) {
    case "bytes":
      return [{ name, type: "byte", count: String(shape.length) }];
    case "rest":
      return [{ name, type: "byte", count: "..." }];
    case "prefixed": {
      const counter: Field = { name: `${name}_len`, type: simple(shape.prefix) };
      return [counter, { name, type: shape.item === undefined ? "byte" : simple(shape.item), count: counter.name }];
    }
    case "list":
      return [{ name, type: simple(shape.item), count: "..." }];
    case "struct":
      return Object.entries(shape.fields).flatMap(([inner, field]) => fieldsOf(inner, field));
    case "constant":
      return [];
    default:
      return [{ name, type: simple(codec) }];
  }
}
function bare(shape: Shape): Shape {
  return shape.kind === "refined" ? bare(shape.base.shape) : shape;
}

/** Types that stand as items of lists get a name in `subtypes` when they are more than an integer. */
const subtypes = new Map<string, readonly Field[]>();
function simple(codec: Codec<unknown>): string {
  const shape = bare(codec.shape);
  if (shape.kind === "uint") return `u${shape.bits}`;
  if (shape.kind === "int") return `s${shape.bits}`;
  if (shape.kind === "bigsize") return "bigsize";
  const fields = fieldsOf("item", codec);
  const name = `item_${fields.map(({ type, count }) => `${type}${count ?? ""}`).join("_")}`;
  subtypes.set(`0:${name}`, fields);
  return name;
}
const messageFields = (fields: Fields): readonly Field[] =>
  Object.entries(fields).flatMap(([name, codec]) => fieldsOf(name, codec as Codec<unknown>));
const streamRecords = (tlvs: Tlvs): unknown =>
  Object.entries(tlvs).map(([name, { type, codec }]) => ({ name, type: String(type), fields: fieldsOf(name, codec) }));

/** The layouts of every declared message and its TLV stream. */
export function wireFormats(): unknown {
  const messages = MESSAGES.map(({ name, type, fields }) => ({ name, type, bolt: 0, fields: messageFields(fields) }));
  const streams: Record<string, unknown> = {};
  const named: Readonly<Record<string, string>> = {
    open_channel2: "opening",
    accept_channel2: "accept",
    closing_complete: "closing",
    closing_sig: "closing",
  };
  for (const { name, tlvs } of MESSAGES)
    if (tlvs !== undefined) streams[`0:${named[name] ?? name}_tlvs`] = streamRecords(tlvs);
  return { messages, tlv_streams: streams, subtypes: Object.fromEntries(subtypes) };
}

export const featureTable = (): unknown => ({
  features: FEATURES.map(({ bit, ...feature }) => ({ even: bit, odd: bit + 1, ...feature })),
});
