import type { RouteHintHop } from "../../routing/index.ts";
import { fromWords } from "../base/bech32.ts";
import { parseUtf8 } from "../base/bytes.ts";
import { type NodeId, nodeId, type PaymentHash, paymentHash } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decode, listToEnd, struct } from "../codec/codec.ts";
import { nodeId as nodeIdCodec, shortChannelId, u16, u32 } from "../codec/primitives.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import { checkDependencies, featureBits, setBits } from "../wire/features.ts";

/** The tagged fields of an invoice, by their letter, with the number that stands for it. BOLT 11 §Tagged Fields. */
export const FIELD = { p: 1, r: 3, "9": 5, x: 6, f: 9, d: 13, s: 16, n: 19, h: 23, c: 24, m: 27 } as const;
export type FieldLetter = keyof typeof FIELD;
const LETTER = new Map<number, FieldLetter>(
  Object.entries(FIELD).map(([letter, type]) => [type, letter as FieldLetter]),
);
/** In 5-bit words. Fields of these letters with another length are passed over. */
const FIXED_WORDS: Partial<Record<FieldLetter, number>> = { p: 52, h: 52, s: 52, n: 53 };

/** An address on the chain for those who cannot pay over Lightning. */
export interface Fallback {
  /** A witness version, or 17 for a key hash, or 18 for a script hash. */
  readonly version: number;
  readonly program: Uint8Array;
}
export interface InvoiceFields {
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: Uint8Array;
  readonly description: string | undefined;
  readonly descriptionHash: Uint8Array | undefined;
  /** The `n` field: whom the signature must be of. */
  readonly statedPayee: NodeId | undefined;
  readonly expirySeconds: number;
  readonly minFinalCltvExpiryDelta: number;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly features: Uint8Array;
  readonly fallbacks: readonly Fallback[];
  readonly routeHints: readonly (readonly RouteHintHop[])[];
}
export type FieldFault =
  | { readonly code: "malformed_field" | "duplicate_field" | "missing_field"; readonly field: string }
  /** Neither or both of `d` and `h`. */
  | { readonly code: "description_not_one" }
  | { readonly code: "unsupported_feature"; readonly bit: number }
  | { readonly code: "missing_dependency"; readonly feature: string };

export const EXPIRY_SECONDS_DEFAULT = 3600;
export const MIN_FINAL_CLTV_EXPIRY_DELTA_DEFAULT = 18;
/** Required features that a payer of this node can honour: secret, a set of one part, metadata. The first is assumed. */
const PAYER_FEATURES: ReadonlySet<number> = new Set([8, 14, 16, 48]);

/** Letter by letter, the words of each field in order of appearance; unknown letters and wrong lengths left out. */
export type RawFields = ReadonlyMap<FieldLetter, readonly Uint8Array[]>;

/** Cuts the words between timestamp and signature into fields. Undefined when the last one runs over the end. */
export function cutFields(words: Uint8Array): RawFields | undefined {
  const found = new Map<FieldLetter, Uint8Array[]>();
  let at = 0;
  while (at < words.length) {
    if (at + 3 > words.length) return undefined;
    const [type, high, low] = words.subarray(at, at + 3) as unknown as [number, number, number];
    const end = at + 3 + high * 32 + low;
    if (end > words.length) return undefined;
    const letter = LETTER.get(type);
    const fixed = letter && FIXED_WORDS[letter];
    if (letter !== undefined && (fixed === undefined || fixed === end - at - 3)) {
      const field = words.subarray(at + 3, end);
      const before = found.get(letter);
      if (before === undefined) found.set(letter, [field]);
      else before.push(field);
    }
    at = end;
  }
  return found;
}

/** Each may stand once. BOLT 11 §Tagged Fields. */
const SINGLE = ["p", "s", "d", "h", "n", "x", "c", "m", "9"] as const satisfies readonly FieldLetter[];

/** What the fields say, or the first rule that they break. A reader of our own, as strict as the BOLT lets it be. */
export function readFields(raw: RawFields): Result<InvoiceFields, FieldFault> {
  for (const letter of SINGLE) {
    if ((raw.get(letter)?.length ?? 0) > 1) return err({ code: "duplicate_field", field: letter });
  }
  const missing = (["p", "s"] as const).find((letter) => !raw.has(letter));
  if (missing !== undefined) return err({ code: "missing_field", field: missing });
  if (raw.has("d") === raw.has("h")) return err({ code: "description_not_one" });
  let malformed: FieldLetter | undefined;
  const read = <T>(letter: FieldLetter, words: Uint8Array, parse: (words: Uint8Array) => T | undefined): T => {
    const value = parse(words);
    if (value === undefined) malformed ??= letter;
    // When it is undefined the answer is a fault and nothing reads it.
    return value as T;
  };
  const one = <T>(letter: FieldLetter, parse: (words: Uint8Array) => T | undefined): T | undefined => {
    const words = raw.get(letter)?.[0];
    return words === undefined ? undefined : read(letter, words, parse);
  };
  const all = <T>(letter: FieldLetter, parse: (words: Uint8Array) => T | undefined): readonly T[] =>
    (raw.get(letter) ?? []).map((words) => read(letter, words, parse));
  const fields = {
    paymentHash: one("p", (words) => parsed(fromWords(words), paymentHash)) as PaymentHash,
    paymentSecret: one("s", fromWords) as Uint8Array,
    description: one("d", (words) => parsed(fromWords(words), parseUtf8)),
    descriptionHash: one("h", fromWords),
    statedPayee: one("n", (words) => parsed(fromWords(words), point)),
    expirySeconds: one("x", readNumber) ?? EXPIRY_SECONDS_DEFAULT,
    minFinalCltvExpiryDelta: one("c", readDelta) ?? MIN_FINAL_CLTV_EXPIRY_DELTA_DEFAULT,
    paymentMetadata: one("m", fromWords),
    features: one("9", readFeatures) ?? new Uint8Array(0),
    fallbacks: all("f", readFallback).filter((fallback) => fallback !== "unknown_version"),
    routeHints: all("r", readRouteHint),
  };
  if (malformed !== undefined) return err({ code: "malformed_field", field: malformed });
  const fault = featureFault(fields.features);
  return fault === undefined ? ok(fields) : err(fault);
}
const parsed = <T>(bytes: Uint8Array | undefined, parse: (bytes: Uint8Array) => T | undefined): T | undefined =>
  bytes && parse(bytes);

function featureFault(features: Uint8Array): FieldFault | undefined {
  const unsupported = setBits(features).find((bit) => bit % 2 === 0 && !PAYER_FEATURES.has(bit));
  if (unsupported !== undefined) return { code: "unsupported_feature", bit: unsupported };
  const depends = checkDependencies(features);
  if (depends.ok || depends.error.code !== "missing_dependency") return undefined;
  return { code: "missing_dependency", feature: depends.error.depends };
}

const point = (bytes: Uint8Array): NodeId | undefined => (secp256k1.isPoint(bytes) ? nodeId(bytes) : undefined);

/** Longest form of a number that is held exactly: 2^50 - 1 and less. */
const NUMBER_WORDS_MAX = 10;
/** Big endian, without zero words in front. */
function readNumber(words: Uint8Array): number | undefined {
  if (words.length > NUMBER_WORDS_MAX || words[0] === 0) return undefined;
  return words.reduce((total, word) => total * 32 + word, 0);
}

/** No HTLC could be routed that must run for longer than this, in blocks. */
const DELTA_MAX = 0xffff;
function readDelta(words: Uint8Array): number | undefined {
  const delta = readNumber(words);
  return delta !== undefined && delta <= DELTA_MAX ? delta : undefined;
}

/** The bit field that the words are the low end of, without zero words in front. */
function readFeatures(words: Uint8Array): Uint8Array | undefined {
  if (words[0] === 0) return undefined;
  const bits: number[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[words.length - 1 - at] as number;
    for (let low = 0; low < 5; low++) if ((word >> low) & 1) bits.push(at * 5 + low);
  }
  return featureBits(bits);
}

/** Lengths in bytes of the programs that a version may have. */
const PROGRAM_BYTES: Readonly<Record<number, readonly number[]>> = { 0: [20, 32], 17: [20], 18: [20] };
const WITNESS_VERSION_MAX = 16;
function readFallback(words: Uint8Array): Fallback | "unknown_version" | undefined {
  const [version] = words;
  if (version === undefined) return undefined;
  const lengths = PROGRAM_BYTES[version];
  if (lengths === undefined && version > WITNESS_VERSION_MAX) return "unknown_version";
  const program = fromWords(words.subarray(1));
  if (program === undefined) return undefined;
  const fits = lengths === undefined ? program.length >= 2 && program.length <= 40 : lengths.includes(program.length);
  return fits ? { version, program } : undefined;
}

const hintHop = struct({
  pubkey: nodeIdCodec,
  short_channel_id: shortChannelId,
  fee_base_msat: u32,
  fee_proportional_millionths: u32,
  cltv_expiry_delta: u16,
});
const hintHops = listToEnd(hintHop);
function readRouteHint(words: Uint8Array): readonly RouteHintHop[] | undefined {
  const bytes = fromWords(words);
  const hops = bytes && decode(hintHops, bytes);
  if (!hops?.ok || hops.value.length === 0) return undefined;
  return hops.value.map((hop) => ({
    nodeId: hop.pubkey,
    shortChannelId: hop.short_channel_id,
    feeBaseMsat: hop.fee_base_msat,
    feeProportionalMillionths: hop.fee_proportional_millionths,
    cltvExpiryDelta: hop.cltv_expiry_delta,
  }));
}
