import { toHex } from "../base/bytes.ts";
import { idBytes, type NodeId, parseNodeId, parsePaymentHash, parsePreimage } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import {
  amountText,
  bigNumber,
  hexBytes,
  listed,
  type Misshapen,
  nullable,
  object,
  readObject,
  type Shaped,
  type Shapes,
  shortText,
  textAs,
  wholeNumber,
} from "./json-shape.ts";
import type { LinkRefusal, OffersRequest } from "./payee.ts";
import { type Account, parseSessionId, type SessionId, type SignedOffers, type StreamTerms } from "./session.ts";

/**
 * What a viewer's node asks a site's node, over socket.io in namespace `/stream`: a name, a JSON body, one answer. Amounts
 * and counts of 64 bits are decimal strings, bytes are lower-case hex. An answer is what is asked for or
 * `{error: {code, …}}`. Whatever comes in is parsed here before anything believes it.
 */
export const STREAM_MESSAGES = [
  "stream.open",
  "stream.offers",
  "stream.key",
  "stream.pause",
  "stream.resume",
  "stream.close",
  "stream.receipt",
] as const;
export type StreamMessageName = (typeof STREAM_MESSAGES)[number];

const SLOT_MAX = 0xffff_fffe;
const SLOTS_MAX = 1_024;
const OFFERS_LIMIT = 64;
const session = textAs(parseSessionId);
const slot = wholeNumber(SLOT_MAX);
const attempt = wholeNumber(0xffff_ffff);
const signature = hexBytes(64);
/** Of nothing else could a signature be, and a record that names anything else might not be read back. */
const node = textAs((text) => {
  const id = parseNodeId(text);
  return id !== undefined && secp256k1.isPoint(idBytes(id)) ? id : undefined;
});

/** A request from a viewer, told apart by its name. */
export type StreamRequest =
  | { readonly name: "stream.open"; readonly session: SessionId; readonly stream: string; readonly payer: NodeId }
  | ({ readonly name: "stream.offers"; readonly session: SessionId } & OffersRequest)
  | { readonly name: "stream.key"; readonly session: SessionId; readonly slot: number }
  | { readonly name: "stream.pause" | "stream.resume" | "stream.close"; readonly session: SessionId }
  | { readonly name: "stream.receipt"; readonly session: SessionId; readonly signature: Uint8Array };

const REQUESTS = {
  "stream.open": { session, stream: shortText(128), payer: node },
  "stream.offers": { session, sequence: bigNumber, attempt, ticks: listed(listed(slot, SLOTS_MAX), OFFERS_LIMIT) },
  "stream.key": { session, slot },
  "stream.pause": { session },
  "stream.resume": { session },
  "stream.close": { session },
  /** The payer's signature under its receipt. */
  "stream.receipt": { session, signature },
} as const satisfies { readonly [N in StreamMessageName]: Shapes };

/** For the site: a request as it came in. Never throws. */
export function parseRequest(name: string, body: unknown): Result<StreamRequest, Misshapen> {
  const known = STREAM_MESSAGES.find((message) => message === name);
  if (known === undefined) return err({ code: "misshapen", pointer: "" });
  const read = readObject(REQUESTS[known], body);
  return read.ok ? ok({ name: known, ...read.value } as unknown as StreamRequest) : read;
}
/** For the viewer's node: the JSON body of a request. */
export function requestBody({ name: _name, ...request }: StreamRequest): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(request).map(([member, value]) => [member, plain(value)]));
}
const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? toHex(value) : value;
};

const TERMS = {
  stream: shortText(128),
  payee: node,
  pricePerUnitMsat: amountText,
  units: wholeNumber(SLOT_MAX),
  unitSeconds: wholeNumber(86_400),
  freeUnits: wholeNumber(SLOT_MAX),
  windowUnits: wholeNumber(SLOTS_MAX),
  paymentSecret: hexBytes(32),
  minFinalCltvExpiryDelta: wholeNumber(2_016),
} as const;
const OFFER = {
  sequence: bigNumber,
  attempt,
  slots: listed(object({ slot, wrappedKey: hexBytes(16) }), SLOTS_MAX),
  amountMsat: amountText,
  paymentHash: textAs(parsePaymentHash),
} as const;
const OFFERS = { offers: listed(object(OFFER), OFFERS_LIMIT), signature } as const;
const KEY = { slot, key: hexBytes(16) } as const;
const ACCOUNT = {
  sequence: bigNumber,
  units: wholeNumber(SLOT_MAX),
  paidMsat: amountText,
  firstPreimage: nullable(textAs(parsePreimage)),
  lastPreimage: nullable(textAs(parsePreimage)),
} as const;
/** The site's account, with its signature if both accounts are the same. */
const RECEIPT = { ...ACCOUNT, signature: nullable(signature) } as const;
const REFUSAL = {
  code: shortText(64),
  detail: nullable(shortText(512)),
} as const;

/** What the site answered instead. */
export interface SiteRefusal {
  readonly code: "refused";
  /** The site's own code: a `LinkRefusal`'s, or one that a newer site has. */
  readonly siteCode: string;
  readonly detail: string;
}
export type AnswerFault = SiteRefusal | Misshapen;

function parseAnswer<S extends Shapes>(shapes: S, answer: unknown): Result<Shaped<S>, AnswerFault> {
  const refused = readObject({ error: object(REFUSAL) }, answer);
  if (!refused.ok) return readObject(shapes, answer);
  const { code, detail } = refused.value.error;
  return err({ code: "refused", siteCode: code, detail: detail.value ?? code });
}

/** To `stream.open`. Whether the terms are acceptable is for the payer to judge. */
export function parseTerms(answer: unknown): Result<StreamTerms, AnswerFault> {
  const read = parseAnswer(TERMS, answer);
  if (!read.ok) return read;
  const { pricePerUnitMsat, ...terms } = read.value;
  if (terms.units === 0 || terms.unitSeconds === 0) return err({ code: "misshapen", pointer: "/units" });
  if (terms.windowUnits === 0) return err({ code: "misshapen", pointer: "/windowUnits" });
  return ok({ ...terms, pricePerUnit: pricePerUnitMsat });
}
/** To `stream.offers`. Signature and price are for the session to check. */
export function parseOffers(answer: unknown): Result<SignedOffers, AnswerFault> {
  const read = parseAnswer(OFFERS, answer);
  if (!read.ok) return read;
  const offers = read.value.offers.map(({ amountMsat, ...offer }) => ({ ...offer, amount: amountMsat }));
  return ok({ offers, signature: read.value.signature });
}
/** To `stream.key`: the key of the slot asked for, 16 bytes. */
export function parseKey(asked: number, answer: unknown): Result<Uint8Array, AnswerFault> {
  const read = parseAnswer(KEY, answer);
  if (!read.ok) return read;
  return read.value.slot === asked ? ok(read.value.key) : err({ code: "misshapen", pointer: "/slot" });
}
/** To `stream.pause`, `stream.resume` and `stream.close`. */
export function parseAccount(answer: unknown): Result<Account, AnswerFault> {
  const read = parseAnswer(ACCOUNT, answer);
  return read.ok ? ok(accountOf(read.value)) : read;
}
/** To `stream.receipt`. */
export function parseReceipt(
  answer: unknown,
): Result<{ readonly account: Account; readonly signature: Uint8Array | undefined }, AnswerFault> {
  const read = parseAnswer(RECEIPT, answer);
  return read.ok ? ok({ account: accountOf(read.value), signature: read.value.signature.value }) : read;
}
const accountOf = (read: Shaped<typeof ACCOUNT>): Account => ({
  sequence: read.sequence,
  units: read.units,
  paid: read.paidMsat,
  firstPreimage: read.firstPreimage.value,
  lastPreimage: read.lastPreimage.value,
});

type Json = Readonly<Record<string, unknown>>;
export const termsBody = ({ pricePerUnit, paymentSecret, ...terms }: StreamTerms): Json => ({
  ...terms,
  pricePerUnitMsat: pricePerUnit.toString(),
  paymentSecret: toHex(paymentSecret),
});
export const offersBody = ({ offers, signature: signed }: SignedOffers): Json => ({
  offers: offers.map(({ sequence, amount, slots, ...offer }) => ({
    ...offer,
    sequence: sequence.toString(),
    amountMsat: amount.toString(),
    slots: slots.map(({ slot: index, wrappedKey }) => ({ slot: index, wrappedKey: toHex(wrappedKey) })),
  })),
  signature: toHex(signed),
});
export const keyBody = (index: number, key: Uint8Array): Json => ({ slot: index, key: toHex(key) });
export const accountBody = ({ sequence, units, paid, firstPreimage, lastPreimage }: Account): Json => ({
  sequence: sequence.toString(),
  units,
  paidMsat: paid.toString(),
  firstPreimage: firstPreimage ?? null,
  lastPreimage: lastPreimage ?? null,
});
export const receiptBody = (account: Account, signed: Uint8Array | undefined): Json => ({
  ...accountBody(account),
  signature: signed === undefined ? null : toHex(signed),
});
export function refusalBody(refusal: LinkRefusal | Misshapen): Json {
  return { error: { code: refusal.code, detail: refusalDetail(refusal) } };
}
function refusalDetail(refusal: LinkRefusal | Misshapen): string | null {
  switch (refusal.code) {
    case "bad_slots":
      return refusal.detail;
    case "not_paid":
      return `slot ${refusal.slot} has to be paid for`;
    case "out_of_sequence":
      return `tick ${refusal.sequence} is next, ${refusal.paid} msat are paid`;
    case "misshapen":
      return `misshapen at ${refusal.pointer || "the whole"}`;
    default:
      return null;
  }
}
