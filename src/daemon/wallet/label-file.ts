import { z } from "zod";
import { err, ok, type Result } from "../../base/result.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { LABEL_TYPES, type Label } from "./label.ts";
import { LABEL_MAX, LABELS_MAX, ORIGIN_MAX, refOf } from "./labels.ts";

/** A file of labels: one JSON object a line. BIP 329 §Specification. */

/** Policy, not protocol: what the longest label and origin take when each character is escaped, and a little more. */
const LINE_MAX = 12_000;
const line = z.object({
  type: z.string(),
  ref: z.string(),
  label: z.string().nullish(),
  origin: z.string().nullish(),
  spendable: z.boolean().nullish(),
});
/** What is wrong with a line, which is counted from 1. */
export interface LabelFileFault {
  readonly line: number;
  readonly detail: string;
}
export interface ReadLabels {
  readonly labels: readonly Label[];
  /** Lines of a type that is not known here: others may know it. */
  readonly skipped: number;
}
const CONTROLS = /[\p{Cc}\p{Cs}]/u;
const isOneLine = (text: string, max: number): boolean => text.length <= max && !CONTROLS.test(text);

/** Every line, or why one is refused. Keys that are not known are passed over, as are empty lines. */
export function readLabelFile(text: string, params: ChainParams): Result<ReadLabels, LabelFileFault> {
  const labels: Label[] = [];
  let skipped = 0;
  for (const [at, written] of text.split("\n").entries()) {
    const words = written.trim();
    if (words === "") continue;
    const refuse = (detail: string) => err({ line: at + 1, detail });
    if (words.length > LINE_MAX) return refuse(`it has more than ${LINE_MAX} characters`);
    if (labels.length === LABELS_MAX) return refuse(`a file has at most ${LABELS_MAX} labels`);
    const parsed = line.safeParse(parsedJson(words));
    if (!parsed.success) return refuse("it is no JSON object with type, ref and label as text");
    const type = LABEL_TYPES.find((one) => one === parsed.data.type);
    if (type === undefined) {
      skipped++;
      continue;
    }
    const { label = "", origin, spendable } = parsed.data;
    const ref = refOf(type, parsed.data.ref, params);
    if (ref === undefined) return refuse(`its ref is no ${type} of this network`);
    if (!isOneLine(label ?? "", LABEL_MAX))
      return refuse(`its label is not one line of ${LABEL_MAX} characters at most`);
    if (!isOneLine(origin ?? "", ORIGIN_MAX)) return refuse(`its origin is not one line of ${ORIGIN_MAX} characters`);
    labels.push({
      type,
      ref,
      label: label ?? "",
      origin: type === "tx" ? (origin ?? undefined) : undefined,
      spendable: type === "output" ? (spendable ?? undefined) : undefined,
    });
  }
  return ok({ labels, skipped });
}
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
