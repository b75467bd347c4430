import { type Codec, listOf, optional, struct } from "../codec/codec.ts";
import { amountMsat, channelId, flag, nodeId, text, u16, u32, u64 } from "../codec/primitives.ts";
import { budgetCodec } from "../payments/budget.ts";
import { time, versioned } from "../payments/record-codecs.ts";
import type { PayeeSession } from "./payee.ts";
import type { PayerRecord } from "./payer-session.ts";
import {
  account,
  sessionIdCodec,
  sessionState,
  signedOffers,
  slotSet,
  streamTerms,
  tickOffer,
} from "./stream-codecs.ts";

/** A session as it stands in the site's store. */
export const payeeRecord: Codec<PayeeSession> = versioned(
  1,
  struct({
    id: sessionIdCodec,
    payer: nodeId,
    terms: streamTerms,
    state: sessionState,
    openedAt: time,
    closedAt: optional(time),
    account,
    surplus: amountMsat,
    unlocked: slotSet,
    offered: listOf(u16, struct({ attempt: u32, slots: listOf(u16, u32) })),
    lastHtlc: optional(struct({ channelId, htlcId: u64 })),
  }),
);

/** A session as it stands in the store of the viewer's node. */
export const payerRecord: Codec<PayerRecord> = versioned(
  1,
  struct({
    id: sessionIdCodec,
    site: text,
    terms: streamTerms,
    state: sessionState,
    closing: flag,
    openedAt: time,
    closedAt: optional(time),
    budget: budgetCodec,
    maxUnpaid: amountMsat,
    feeLimit: struct({ base: amountMsat, ppm: u32 }),
    account,
    unlocked: slotSet,
    tick: optional(struct({ offer: tickOffer, signed: signedOffers, held: amountMsat })),
    round: u32,
    lastSigned: optional(signedOffers),
    evidence: optional(struct({ slot: u32, signed: optional(signedOffers) })),
  }),
);
