import { type Outpoint, parseTxid } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { addressOf, scriptOfAddress } from "../../bitcoin/address.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import type { StoreRecord } from "../../ports/store.ts";
import { type Label, type Labels, type LabelType, labelKey } from "./label.ts";
import { encodeLabel, labelRecord } from "./label-records.ts";

/** Policy, not protocol: wallets take 255 characters of a label at least. BIP 329 §Importing. */
export const LABEL_MAX = 500;
export const ORIGIN_MAX = 500;
export const LABELS_MAX = 20_000;

/** Longer than any that there is. */
const ADDRESS_MAX = 100;
const TXID = /^[0-9a-f]{64}$/;
const OUTPOINT = /^([0-9a-f]{64}):(0|[1-9]\d{0,9})$/;
const PUBKEY = /^(?:0[23][0-9a-f]{64}|04[0-9a-f]{128}|[0-9a-f]{64})$/;
const XPUB = /^[1-9A-HJ-NP-Za-km-z]{100,120}$/;

/** An output as labels name it. */
export function outpointOfRef(ref: string): Outpoint | undefined {
  const [, id = "", index = ""] = OUTPOINT.exec(ref) ?? [];
  const txid = parseTxid(id);
  const vout = Number(index);
  return txid !== undefined && vout < 2 ** 32 ? { txid, vout } : undefined;
}
/** As the thing of this type that it names is written here, which is what it is found by; undefined where it can be none of this network. */
export function refOf(type: LabelType, ref: string, params: ChainParams): string | undefined {
  if (type === "addr") {
    const script = ref.length <= ADDRESS_MAX ? scriptOfAddress(ref, params) : undefined;
    return script?.ok ? addressOf(script.value, params) : undefined;
  }
  return isWritten(type, ref) ? ref : undefined;
}
function isWritten(type: Exclude<LabelType, "addr">, ref: string): boolean {
  if (type === "tx") return TXID.test(ref);
  if (type === "pubkey") return PUBKEY.test(ref);
  return type === "xpub" ? XPUB.test(ref) : outpointOfRef(ref) !== undefined;
}

export interface LabelStep {
  readonly next: Labels;
  readonly records: readonly StoreRecord[];
}
/**
 * Sets all of them, each in place of the one before. One without words, and without anything else that is said, is taken away.
 * Refused as a whole where there would be too many.
 */
export function setLabels(
  labels: Labels,
  given: readonly Label[],
): Result<LabelStep, { readonly code: "too_many_labels" }> {
  const next = new Map(labels);
  const records = new Map<string, StoreRecord>();
  for (const label of given) {
    const key = labelKey(label.type, label.ref);
    const isEmpty = label.label === "" && label.origin === undefined && label.spendable === undefined;
    if (isEmpty) next.delete(key);
    else next.set(key, label);
    const value = isEmpty ? undefined : encodeLabel(label);
    records.set(key, { key: labelRecord(key), value });
  }
  return next.size > LABELS_MAX ? err({ code: "too_many_labels" }) : ok({ next, records: [...records.values()] });
}
