import { equalBytes } from "../src/base/bytes.ts";
import { featureBits, hasBit, hasFeature } from "../src/wire/features.ts";
import type { CommitmentFormat } from "./tx/format.ts";

/** What both sides agree on about a channel by name, before any amount: its `channel_type`. BOLT 2 §Defined Channel Types. */
export interface ChannelType {
  /** Which commitment transactions it has. */
  readonly format: CommitmentFormat;
  /** HTLCs and invoices name it by aliases alone: where it stands in the chain stays between both sides. */
  readonly scidAlias: boolean;
  /** It may be used before its funding transaction is in a block. */
  readonly zeroConf: boolean;
}

/** By the feature bits of the formats, all even: what is agreed on is required. BOLT 9 §Assigned Feature Flags. */
const FORMAT_BITS: { readonly [F in CommitmentFormat]: readonly number[] } = {
  static_remotekey: [12],
  anchors: [12, 22],
};
const FORMATS: readonly CommitmentFormat[] = ["anchors", "static_remotekey"];
const SCID_ALIAS_BIT = 46;
const ZERO_CONF_BIT = 50;

/** The type that all channels had before there was a choice. */
export const ANCHORS: ChannelType = { format: "anchors", scidAlias: false, zeroConf: false };

/** The first of these formats that a peer with these features knows; undefined when it knows none of them. */
export const formatFor = (formats: readonly CommitmentFormat[], features: Uint8Array): CommitmentFormat | undefined =>
  formats.find((format) => FORMAT_BITS[format].every((bit) => ASSUMED.has(bit) || hasFeature(features, bit)));
/** Need not be shown. BOLT 9 §Assigned Feature Flags. */
const ASSUMED: ReadonlySet<number> = new Set([12]);

/** The shortest bit field that says so. */
export const channelTypeBits = ({ format, scidAlias, zeroConf }: ChannelType): Uint8Array =>
  featureBits([...FORMAT_BITS[format], ...(scidAlias ? [SCID_ALIAS_BIT] : []), ...(zeroConf ? [ZERO_CONF_BIT] : [])]);

/** The type of a bit field; undefined for every other field, however close it comes. BOLT 2 §Defined Channel Types. */
export function channelTypeOf(bits: Uint8Array): ChannelType | undefined {
  const format = FORMATS.find((known) => FORMAT_BITS[known].every((bit) => hasBit(bits, bit)));
  if (format === undefined) return undefined;
  const type = { format, scidAlias: hasBit(bits, SCID_ALIAS_BIT), zeroConf: hasBit(bits, ZERO_CONF_BIT) };
  return equalBytes(bits, channelTypeBits(type)) ? type : undefined;
}
