import { encode as encodeWithBolt11, type PaymentRequestObject } from "bolt11";
import type { RouteHintHop } from "../../routing/index.ts";
import { decodeBech32, encodeBech32, fromWords, toWords } from "../base/bech32.ts";
import { concat, toHex, utf8 } from "../base/bytes.ts";
import { idBytes, type NodeId, nodeId, type PaymentHash } from "../base/ids.ts";
import { assert, err, ok, present, type Result } from "../base/result.ts";
import { type Msat, type UnixMs, unixMs } from "../base/units.ts";
import type { NetworkName } from "../bitcoin/params.ts";
import { CHAINS } from "../bitcoin/params.ts";
import { encode } from "../codec/codec.ts";
import { shortChannelId } from "../codec/primitives.ts";
import { sha256 } from "../crypto/hash.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import { setBits } from "../wire/features.ts";
import { CURRENCY, type Currency, readReadablePart } from "./invoice-amount.ts";
import { cutFields, FIELD, type FieldFault, type InvoiceFields, readFields } from "./invoice-fields.ts";

/** A BOLT 11 invoice, read and verified. BOLT 11 §Data Part. */
export interface Invoice extends Omit<InvoiceFields, "statedPayee"> {
  readonly network: NetworkName;
  /** Undefined: the payer chooses. */
  readonly amount: Msat | undefined;
  /** Seconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  /** Whose signature it bears. */
  readonly payee: NodeId;
  /** Whether the payee is named in the invoice and not only found from the signature. */
  readonly payeeStated: boolean;
  readonly signature: Uint8Array;
  readonly recovery: number;
  /** As it was given, in lower case. */
  readonly text: string;
}
export type InvoiceFault =
  | FieldFault
  | { readonly code: "too_long" }
  /** Not bech32: a wrong character, case or checksum. */
  | { readonly code: "not_bech32" }
  | { readonly code: "unknown_prefix" }
  | { readonly code: "wrong_network"; readonly currency: Currency }
  | { readonly code: "bad_amount" }
  | { readonly code: "too_short" }
  | { readonly code: "truncated_field" }
  | { readonly code: "bad_signature" };

/** Policy, not protocol: several times the longest invoice in use. What is stored and searched with stays bounded. */
const INVOICE_CHARACTERS_MAX = 8_192;
const TIMESTAMP_WORDS = 7;
/** 64 bytes of signature and one of recovery id. */
const SIGNATURE_WORDS = 104;

/**
 * The invoice that a text of any origin is, for the given network, or why it must not be paid. Never throws.
 * `bolt11` has no part in reading: it accepts unknown required features, and refuses invoices that the BOLT calls valid.
 */
export function decodeInvoice(text: string, network: NetworkName): Result<Invoice, InvoiceFault> {
  if (text.length > INVOICE_CHARACTERS_MAX) return err({ code: "too_long" });
  const bech32 = decodeBech32(text, INVOICE_CHARACTERS_MAX);
  if (bech32 === undefined || bech32.variant !== "bech32") return err({ code: "not_bech32" });
  const readable = readReadablePart(bech32.hrp);
  if (!readable.ok) return err({ code: readable.error });
  const { currency, amount } = readable.value;
  if (currency !== CURRENCY[network]) return err({ code: "wrong_network", currency });
  const signed = bech32.words.subarray(0, -SIGNATURE_WORDS);
  if (bech32.words.length < TIMESTAMP_WORDS + SIGNATURE_WORDS) return err({ code: "too_short" });
  const raw = cutFields(signed.subarray(TIMESTAMP_WORDS));
  if (raw === undefined) return err({ code: "truncated_field" });
  const read = readFields(raw);
  if (!read.ok) return read;
  const { statedPayee, ...fields } = read.value;
  const proof = readSignature(bech32.words.subarray(-SIGNATURE_WORDS));
  const payee = proof && signerOf(proof, sha256(signedData(bech32.hrp, signed)), statedPayee);
  if (proof === undefined || payee === undefined) return err({ code: "bad_signature" });
  const timestamp = signed.subarray(0, TIMESTAMP_WORDS).reduce((total, word) => total * 32 + word, 0);
  const payeeStated = statedPayee !== undefined;
  return ok({ ...fields, ...proof, network, amount, timestamp, payee, payeeStated, text: text.toLowerCase() });
}

/** The readable part as bytes, then the words, filled up with zero bits to whole bytes. BOLT 11 §Data Part. */
export function signedData(hrp: string, words: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((words.length * 5) / 8));
  words.forEach((word, at) => {
    const bit = at * 5;
    const shifted = word << (11 - (bit % 8));
    const byte = bit >> 3;
    padded[byte] = (padded[byte] as number) | (shifted >> 8);
    if (byte + 1 < padded.length) padded[byte + 1] = shifted & 0xff;
  });
  return concat(utf8(hrp), padded);
}

interface Proof {
  readonly signature: Uint8Array;
  readonly recovery: number;
}
function readSignature(words: Uint8Array): Proof | undefined {
  const bytes = present(fromWords(words), "104 words are 65 bytes");
  const recovery = bytes[64] as number;
  return recovery > 3 ? undefined : { signature: bytes.subarray(0, 64), recovery };
}
/** A stated payee must have signed, with low S; otherwise the signer is found, with low or high S. BOLT 11 §Tagged Fields. */
function signerOf({ signature, recovery }: Proof, digest: Uint8Array, stated: NodeId | undefined): NodeId | undefined {
  if (stated !== undefined) return secp256k1.verify(signature, digest, idBytes(stated)) ? stated : undefined;
  const signer = secp256k1.recover(signature, recovery, digest);
  return signer && nodeId(signer);
}

/** The last that a date can be, in Unix milliseconds. */
const LAST_DATE = 8.64e15;
/** From when on it must not be paid: a time that can be shown, however far away it is said to be. */
export const invoiceExpiry = ({ timestamp, expirySeconds }: Invoice): UnixMs =>
  unixMs(Math.min((timestamp + expirySeconds) * 1000, LAST_DATE));

/** What an invoice of ours says. */
export interface InvoiceTerms {
  readonly network: NetworkName;
  readonly amount: Msat | undefined;
  /** Seconds since 1970-01-01 UTC, below 2^35. */
  readonly timestamp: number;
  readonly paymentHash: PaymentHash;
  /** 32 bytes. */
  readonly paymentSecret: Uint8Array;
  readonly description: string;
  readonly expirySeconds: number;
  readonly minFinalCltvExpiryDelta: number;
  readonly features: Uint8Array;
  readonly routeHints: readonly (readonly RouteHintHop[])[];
  readonly paymentMetadata?: Uint8Array;
}
/** An invoice that waits for a signature over `digest`. */
export interface UnsignedInvoice {
  readonly hrp: string;
  readonly words: Uint8Array;
  /** 32 bytes: what the node key signs. */
  readonly digest: Uint8Array;
}

/** What fits into one field. BOLT 11 §Tagged Fields. */
export const DESCRIPTION_BYTES_MAX = 639;
const FIELD_WORDS_MAX = 1023;
const EXPIRY_SECONDS_MAX = 2 ** 31;

/**
 * The invoice up to its signature, written by `bolt11` except for metadata, which it cannot write. No key goes in.
 * Refuses a description that does not fit into its field; every other limit is the caller's to keep.
 */
export function encodeInvoice(terms: InvoiceTerms): Result<UnsignedInvoice, { readonly code: "description_too_long" }> {
  if (utf8(terms.description).length > DESCRIPTION_BYTES_MAX) return err({ code: "description_too_long" });
  assert(terms.amount === undefined || terms.amount > 0n, "an invoice asks a positive amount, or any");
  assert(terms.timestamp >= 0 && terms.timestamp < 2 ** 35, "a timestamp has 35 bits");
  assert(terms.minFinalCltvExpiryDelta > 0, "a final HTLC needs blocks to be claimed in");
  assert(terms.expirySeconds > 0 && terms.expirySeconds <= EXPIRY_SECONDS_MAX, "an invoice expires, and this century");
  const { prefix, wordsTemp } = encodeWithBolt11(bolt11Request(terms), false);
  const written = present(decodeBech32(wordsTemp ?? "", Number.POSITIVE_INFINITY), "bolt11 gives words as bech32");
  const metadata = terms.paymentMetadata === undefined ? new Uint8Array(0) : field("m", toWords(terms.paymentMetadata));
  const words = concat(written.words, metadata);
  const hrp = present(prefix, "bolt11 gives the readable part");
  return ok({ hrp, words, digest: sha256(signedData(hrp, words)) });
}

/** The whole text, in lower case. `recovery` is the id that `signRecoverable` gives with the signature. */
export function signedInvoice({ hrp, words }: UnsignedInvoice, { signature, recovery }: Proof): string {
  const proof = toWords(concat(signature, Uint8Array.of(recovery)));
  return encodeBech32({ hrp, words: concat(words, proof), variant: "bech32" });
}

/** A field by itself: type, length, words. BOLT 11 §Tagged Fields. */
export function field(letter: keyof typeof FIELD, words: Uint8Array): Uint8Array {
  assert(words.length <= FIELD_WORDS_MAX, "a field has at most 1,023 words");
  return concat(Uint8Array.of(FIELD[letter], words.length >> 5, words.length & 31), words);
}

function bolt11Request(terms: InvoiceTerms): PaymentRequestObject {
  const { p2pkh, p2sh } = CHAINS[terms.network].address;
  const tag = (tagName: string, data: PaymentRequestObject["tags"][number]["data"]) => ({ tagName, data });
  return {
    network: { bech32: CURRENCY[terms.network], pubKeyHash: p2pkh, scriptHash: p2sh, validWitnessVersions: [0, 1] },
    timestamp: terms.timestamp,
    ...(terms.amount === undefined ? {} : { millisatoshis: terms.amount.toString() }),
    tags: [
      tag("payment_hash", terms.paymentHash),
      tag("payment_secret", toHex(terms.paymentSecret)),
      tag("description", terms.description),
      tag("expire_time", terms.expirySeconds),
      tag("min_final_cltv_expiry", terms.minFinalCltvExpiryDelta),
      ...terms.routeHints.map((hops) => tag("routing_info", hops.map(bolt11Hop))),
      tag("feature_bits", bolt11Features(terms.features)),
    ],
  };
}
const bolt11Hop = (hop: RouteHintHop) => ({
  pubkey: hop.nodeId as string,
  short_channel_id: toHex(encode(shortChannelId, hop.shortChannelId)),
  fee_base_msat: hop.feeBaseMsat,
  fee_proportional_millionths: hop.feeProportionalMillionths,
  cltv_expiry_delta: hop.cltvExpiryDelta,
});

const VAR_ONION_BIT = 8;
const PAYMENT_SECRET_BIT = 14;
/** Where `bolt11` stops having names for bits. */
const UNNAMED_FROM = 20;
/** `bolt11` names the low bits and takes the others as a list; ours are the two that every invoice has, and any from 20 on. */
function bolt11Features(features: Uint8Array) {
  const set = new Set(setBits(features));
  const pair = (bit: number) => ({ required: set.delete(bit), supported: set.delete(bit + 1) });
  const named = { var_onion_optin: pair(VAR_ONION_BIT), payment_secret: pair(PAYMENT_SECRET_BIT) };
  const highest = Math.max(...set, 0);
  const bits = Array.from({ length: Math.max(highest - UNNAMED_FROM + 1, 0) }, (_, at) =>
    set.delete(UNNAMED_FROM + at),
  );
  assert(set.size === 0, "invoices of ours set bits 8, 9, 14, 15 and from 20 on");
  return { ...named, ...(bits.length === 0 ? {} : { extra_bits: { start_bit: UNNAMED_FROM, bits } }) } as never;
}
