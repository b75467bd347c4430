import { err, ok, type Result } from "../base/result.ts";

/**
 * Feature bits. A set of features is held as on the wire: a big-endian bit field whose bit 0 is the lowest bit of the last
 * byte. Bits come in pairs: even means required, odd means optional. BOLT 9 §Assigned Feature Flags.
 */
export interface Feature {
  /** The even bit of the pair. */
  readonly bit: number;
  readonly name: string;
  /** So widespread that its absence means nothing. */
  readonly assumed: boolean;
  readonly depends: readonly string[];
}
const feature = (bit: number, name: string, ...depends: readonly string[]): Feature => ({
  bit,
  name,
  assumed: false,
  depends,
});
const assumed = (bit: number, name: string): Feature => ({ bit, name, assumed: true, depends: [] });

/** Every assigned feature. BOLT 9 §Assigned Feature Flags. */
export const FEATURES: readonly Feature[] = [
  assumed(0, "option_data_loss_protect"),
  feature(4, "option_upfront_shutdown_script"),
  feature(6, "gossip_queries"),
  assumed(8, "var_onion_optin"),
  feature(10, "gossip_queries_ex"),
  assumed(12, "option_static_remotekey"),
  assumed(14, "payment_secret"),
  feature(16, "basic_mpp", "payment_secret"),
  feature(18, "option_support_large_channel"),
  feature(22, "option_anchors"),
  feature(24, "option_route_blinding"),
  feature(26, "option_shutdown_anysegwit"),
  feature(28, "option_dual_fund"),
  feature(34, "option_quiesce"),
  feature(36, "option_attribution_data"),
  feature(38, "option_onion_messages"),
  feature(42, "option_provide_storage"),
  assumed(44, "option_channel_type"),
  feature(46, "option_scid_alias"),
  feature(48, "option_payment_metadata"),
  feature(50, "option_zeroconf", "option_scid_alias"),
  feature(60, "option_simple_close", "option_shutdown_anysegwit"),
  feature(62, "option_splice"),
];
const byBit = new Map(FEATURES.map((known) => [known.bit, known]));
const byName = new Map(FEATURES.map((known) => [known.name, known]));

/** Of nodes that take payments without an invoice, in their announcements alone. Not of BOLT 9: bLIP 3. */
export const KEYSEND_BIT = 54;

/** What this node offers, by the field in which it says so. One place: change it here when a feature lands. */
export const OFFERED = {
  init: [0, 5, 7, 8, 12, 14, 19, 22, 27, 29, 35, 37, 43, 44, 47, 61, 63],
  node_announcement: [0, 5, 7, 8, 12, 14, 19, 22, 27, 29, 35, 37, 43, 44, 47, 61, 63],
  channel_announcement: [],
  invoice: [8, 14],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** The shortest bit field with exactly these bits. */
export function featureBits(bits: Iterable<number>): Uint8Array {
  const list = [...bits];
  const field = new Uint8Array(list.length === 0 ? 0 : Math.floor(Math.max(...list) / 8) + 1);
  for (const bit of list) {
    const at = field.length - 1 - Math.floor(bit / 8);
    field[at] = (field[at] as number) | (1 << (bit % 8));
  }
  return field;
}
export const hasBit = (features: Uint8Array, bit: number): boolean =>
  (((features[features.length - 1 - Math.floor(bit / 8)] ?? 0) >> (bit % 8)) & 1) === 1;
/** Either bit of the pair that begins at the even `bit`. */
export const hasFeature = (features: Uint8Array, bit: number): boolean =>
  hasBit(features, bit) || hasBit(features, bit + 1);

/** The bits that are set, in ascending order. */
export function setBits(features: Uint8Array): readonly number[] {
  const bits: number[] = [];
  for (let at = features.length - 1; at >= 0; at--) {
    const byte = features[at] as number;
    for (let low = 0; low < 8; low++) if ((byte >> low) & 1) bits.push((features.length - 1 - at) * 8 + low);
  }
  return bits;
}

/** The two fields of `init` as one set. BOLT 1 §The init Message. */
export function unionOf(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(Math.max(a.length, b.length));
  joined.set(a, joined.length - a.length);
  for (let i = 0; i < b.length; i++) {
    const at = joined.length - b.length + i;
    joined[at] = (joined[at] as number) | (b[i] as number);
  }
  return joined;
}

/** Without zero bytes in front: the form of `channel_type` and of invoices. */
export function minimalFeatures(features: Uint8Array): Uint8Array {
  const first = features.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : features.slice(first);
}

/** The same bits, whatever the leading zero bytes. */
export function sameFeatures(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [minimalFeatures(a), minimalFeatures(b)];
  return x.length === y.length && x.every((byte, at) => byte === y[at]);
}

export type FeatureFault =
  /** The other side requires what we do not have: by number, and by name where it is assigned. */
  | { readonly code: "unsupported_feature"; readonly bit: number; readonly name: string | undefined }
  /** We require what the other side does not offer. */
  | { readonly code: "lacking_feature"; readonly bit: number; readonly name: string | undefined }
  | { readonly code: "missing_dependency"; readonly name: string; readonly depends: string };

/** The first even bit of `theirs` whose pair is not in `ours`. BOLT 1 §The init Message. */
export function firstUnsupported(ours: Uint8Array, theirs: Uint8Array): number | undefined {
  return setBits(theirs).find((bit) => bit % 2 === 0 && !hasFeature(ours, bit));
}

/** Every feature with the features that it needs; assumed ones are there in any case. BOLT 9 §Requirements. */
export function checkDependencies(features: Uint8Array): Result<void, FeatureFault> {
  for (const known of FEATURES) {
    if (!hasFeature(features, known.bit)) continue;
    for (const name of known.depends) {
      const needed = byName.get(name);
      if (needed === undefined || needed.assumed || hasFeature(features, needed.bit)) continue;
      return err({ code: "missing_dependency", name: known.name, depends: name });
    }
  }
  return ok(undefined);
}

/**
 * Whether two nodes that offer these may go on talking. A required bit must be known to the other side, in both
 * directions, except that assumed features need not be shown. BOLT 1 §The init Message.
 */
export function compatible(ours: Uint8Array, theirs: Uint8Array): Result<void, FeatureFault> {
  const unsupported = firstUnsupported(ours, theirs);
  if (unsupported !== undefined)
    return err({ code: "unsupported_feature", bit: unsupported, name: byBit.get(unsupported)?.name });
  const lacking = setBits(ours).find(
    (bit) => bit % 2 === 0 && byBit.get(bit)?.assumed !== true && !hasFeature(theirs, bit),
  );
  if (lacking !== undefined) return err({ code: "lacking_feature", bit: lacking, name: byBit.get(lacking)?.name });
  return checkDependencies(theirs);
}
