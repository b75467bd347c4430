import { type Codec, decode, encode, optional, refine, struct, union } from "../../codec/codec.ts";
import { flag, text, u8 } from "../../codec/primitives.ts";
import { StoreCorrupt, type StoreEntry } from "../../ports/store.ts";
import { KEY } from "../records.ts";
import { LABEL_TYPES, type Label, type Labels, type LabelType, labelKey } from "./label.ts";

export const labelRecord = (key: string): string => `${KEY.labels}${key}`;

/** As its place in the list: types are only ever added, at the end. */
const type: Codec<LabelType> = refine(
  "type",
  u8,
  (at) => LABEL_TYPES[at],
  (value) => LABEL_TYPES.indexOf(value),
);
/** The first byte says which layout follows; none is ever removed. */
const labelCodec = union(u8, {
  v1: [1, struct({ type, ref: text, label: text, origin: optional(text), spendable: optional(flag) })],
});
export const encodeLabel = (label: Label): Uint8Array => encode(labelCodec, { tag: "v1", ...label });

/** All entries under `KEY.labels`. Throws `StoreCorrupt` on one that cannot be read or stands where it does not belong. */
export function loadLabels(entries: Iterable<StoreEntry>): Labels {
  const labels = new Map<string, Label>();
  for (const { key: at, value } of entries) {
    const decoded = decode(labelCodec, value);
    if (!decoded.ok) throw new StoreCorrupt(at, decoded.error.toString());
    const { tag: _, ...label } = decoded.value;
    const key = labelKey(label.type, label.ref);
    if (labelRecord(key) !== at) throw new StoreCorrupt(at, "stands under another record's key");
    labels.set(key, label);
  }
  return labels;
}
