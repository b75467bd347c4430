import { concat, fromHex, toHex, utf8 } from "../base/bytes.ts";
import { idBytes, type PaymentHash, paymentHash } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { type Msat, msat } from "../base/units.ts";
import { type Codec, decode, encode, listOf, struct } from "../codec/codec.ts";
import { amountMsat, u16, u64 } from "../codec/primitives.ts";
import type { UnknownRecord } from "../codec/tlv.ts";
import { sha256 } from "../crypto/hash.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import { type SessionSecrets, slotKey, type TickPlan, tickPreimage, wrapKey } from "./keys.ts";
import type { SessionId, SignedOffers, StreamTerms, TickOffer } from "./session.ts";
import { sessionIdCodec, tickOffer } from "./stream-codecs.ts";

/** What a tick says in its final payload, in an odd record of applications: only the payee can read it. */
export interface TickRecord {
  readonly session: SessionId;
  readonly sequence: bigint;
  /** All that is paid with this tick, from the first on. */
  readonly cumulative: Msat;
}
export const TICK_RECORD_TYPE = 658_112_311n;
const tickRecord: Codec<TickRecord> = struct({ session: sessionIdCodec, sequence: u64, cumulative: amountMsat });
export const encodeTickRecord = (record: TickRecord): UnknownRecord => ({
  type: TICK_RECORD_TYPE,
  value: encode(tickRecord, record),
});
/** The stream's record among those of a payload; undefined when there is none that makes sense. */
export function findTickRecord(records: readonly UnknownRecord[]): TickRecord | undefined {
  const found = records.find(({ type }) => type === TICK_RECORD_TYPE);
  const read = found && decode(tickRecord, found.value);
  return read?.ok ? read.value : undefined;
}

export const hashOfTick = (secrets: SessionSecrets, plan: TickPlan): PaymentHash =>
  paymentHash(sha256(idBytes(tickPreimage(secrets, plan))));
export const amountOfTick = ({ pricePerUnit }: StreamTerms, units: number): Msat => msat(pricePerUnit * BigInt(units));

/** The offer of a planned tick: what the payer sees before it pays. */
export function makeOffer(terms: StreamTerms, content: Uint8Array, secrets: SessionSecrets, plan: TickPlan): TickOffer {
  const preimage = tickPreimage(secrets, plan);
  return {
    sequence: plan.sequence,
    attempt: plan.attempt,
    slots: plan.slots.map((slot) => ({
      slot,
      wrappedKey: wrapKey(slotKey(content, terms.stream, slot), preimage, slot),
    })),
    amount: amountOfTick(terms, plan.slots.length),
    paymentHash: paymentHash(sha256(idBytes(preimage))),
  };
}

const offersBody = listOf(u16, tickOffer);
const OFFERS_TAG = sha256(utf8("sluice/stream-offers/1"));
/** What the payee's node key signs: the session and the offers, under a tag of their own. 32 bytes. */
export const offersDigest = (session: SessionId, offers: readonly TickOffer[]): Uint8Array =>
  sha256(concat(OFFERS_TAG, OFFERS_TAG, fromHex(session), encode(offersBody, offers)));
export const areSignedBy = (payee: Uint8Array, session: SessionId, { offers, signature }: SignedOffers): boolean =>
  secp256k1.verify(signature, offersDigest(session, offers), payee);

/** The keys of a paid offer, by slot. */
export function openOffer(offer: TickOffer, preimage: Parameters<typeof wrapKey>[1]): ReadonlyMap<number, Uint8Array> {
  assert(toHex(sha256(idBytes(preimage))) === offer.paymentHash, "the preimage is the offer's own");
  return new Map(offer.slots.map(({ slot, wrappedKey }) => [slot, wrapKey(wrappedKey, preimage, slot)]));
}
