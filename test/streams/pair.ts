import { nodeId } from "../../src/base/ids.ts";
import { blockHeight, cltvExpiry, type Msat, msat } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { FinalHtlc } from "../../src/payments/invoice-record.ts";
import type { EndedPayment, PaymentRequest } from "../../src/payments/payment.ts";
import { newListing, termsOf } from "../../src/streams/catalogue.ts";
import { contentSecret, sessionSecrets } from "../../src/streams/keys.ts";
import {
  offersBody,
  parseOffers,
  parseRequest,
  parseTerms,
  refusalBody,
  requestBody,
  type StreamRequest,
  termsBody,
} from "../../src/streams/messages.ts";
import {
  judgeTick,
  keyOf,
  offerTicks,
  openPayeeSession,
  type PayeeEffect,
  type PayeeSecrets,
  type PayeeSession,
} from "../../src/streams/payee.ts";
import { stepPayer } from "../../src/streams/payer.ts";
import {
  loadPayerSession,
  openPayerSession,
  type PayerEffect,
  type PayerInput,
  type PayerLimits,
  type PayerSession,
} from "../../src/streams/payer-session.ts";
import { sessionId } from "../../src/streams/session.ts";
import { payeeRecord, payerRecord } from "../../src/streams/session-codecs.ts";
import { findTickRecord, offersDigest } from "../../src/streams/ticket.ts";
import { CHANNEL, NODES, SECRETS, stored, T0 } from "../payments/fixture.ts";

export const MASTER = new Uint8Array(32).fill(9);
export const SESSION = sessionId(new Uint8Array(32).fill(7));
export const HEIGHT = blockHeight(100);
export const CONTENT = contentSecret(MASTER, "film");
export const PAYEE_SECRETS: PayeeSecrets = { ...sessionSecrets(MASTER, SESSION), content: CONTENT };
export const LISTING = newListing(
  {
    id: "film",
    title: "Film",
    source: "/films/1",
    units: 20,
    unitSeconds: 1,
    priceMsatPerSecond: msat(1_000n),
    freeSeconds: 0,
  },
  T0,
);
export const TERMS = termsOf(LISTING, NODES.dave, PAYEE_SECRETS.payment, 18);
export const LIMITS: PayerLimits = {
  cap: msat(100_000n),
  maxUnpaid: msat(4_000n),
  feeLimit: { base: msat(100n), ppm: 10_000 },
};

/** The final HTLC that a payment of this request would bring to the payee. */
export const htlcFor = (request: PaymentRequest, htlcId: bigint): FinalHtlc => ({
  channelId: CHANNEL,
  htlcId,
  amount: request.amount,
  paymentHash: request.paymentHash,
  expiry: cltvExpiry(118),
  sharedSecret: new Uint8Array(32).fill(3),
  payload: {
    amtToForward: request.amount,
    outgoingCltvValue: cltvExpiry(118),
    paymentSecret: request.paymentSecret,
    totalMsat: request.amount,
    paymentMetadata: undefined,
    keysendPreimage: undefined,
    customRecords: request.customRecords,
  },
});

/** A viewer's session and a site's, joined by JSON over a link and by HTLCs; each state goes through its record. */
export class Pair {
  payer: PayerSession;
  payee: PayeeSession;
  /** Sent by the payer and not yet at the payee. */
  payments: PaymentRequest[] = [];
  /** Asked of the site and not yet answered. */
  asked: Extract<PayerEffect, { tag: "AskOffers" }>[] = [];
  readonly keys = new Map<number, Uint8Array>();
  readonly effects: PayerEffect[] = [];
  readonly seenByPayee: PayeeEffect[] = [];
  htlcs = 0n;
  routerFee: Msat = msat(10n);

  constructor(limits: PayerLimits = LIMITS, listing = LISTING) {
    const terms = termsOf(listing, NODES.dave, PAYEE_SECRETS.payment, 18);
    this.payee = openPayeeSession(SESSION, NODES.self, terms, T0);
    const answered = parseTerms(throughJson(termsBody(terms)));
    if (!answered.ok) throw new Error(answered.error.code);
    this.payer = openPayerSession(SESSION, "http://site", answered.value, limits, T0);
  }
  step(input: PayerInput): readonly PayerEffect[] {
    const { next, effects } = stepPayer(this.payer, input);
    this.payer = { ...next, record: stored(payerRecord, next.record) };
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.tag === "AskOffers") this.asked.push(effect);
      if (effect.tag === "StartPayment") this.payments.push(effect.request);
      if (effect.tag === "Unlocked") for (const [slot, key] of effect.keys) this.keys.set(slot, key);
      if (effect.tag === "AskKey") this.askKey(effect.slot);
    }
    return effects;
  }
  want(...slots: readonly number[]): void {
    for (const slot of slots) this.step({ tag: "Want", slot, now: T0 });
  }
  /** The site answers the oldest question. */
  answerOffers(): void {
    const question = this.asked.shift();
    if (question === undefined) throw new Error("nothing is asked");
    const { round, sequence, ticks } = question;
    const answer = this.request({ name: "stream.offers", session: SESSION, sequence, attempt: round, ticks });
    const offers = parseOffers(answer);
    if (offers.ok) this.step({ tag: "OffersArrived", round, signed: offers.value, now: T0 });
    else this.step({ tag: "OffersFailed", round, detail: offers.error.code === "refused" ? offers.error.detail : "?" });
  }
  private request(request: StreamRequest): unknown {
    const parsed = parseRequest(request.name, throughJson(requestBody(request)));
    if (!parsed.ok) return throughJson(refusalBody(parsed.error));
    if (parsed.value.name !== "stream.offers") throw new Error("the pair asks for offers only");
    const made = offerTicks(this.payee, PAYEE_SECRETS, parsed.value);
    if (!made.ok) return throughJson(refusalBody(made.error));
    this.payee = stored(payeeRecord, made.value.next);
    const { offers } = made.value;
    const signature = secp256k1.sign(offersDigest(SESSION, offers), SECRETS.dave);
    return throughJson(offersBody({ offers, signature }));
  }
  private askKey(slot: number): void {
    const key = keyOf(this.payee, PAYEE_SECRETS, slot);
    if (key.ok) this.keys.set(slot, key.value);
  }
  /** The HTLC reaches the payee, changed on its way or not. */
  arrive(htlc: FinalHtlc): readonly PayeeEffect[] {
    const record = findTickRecord(htlc.payload.customRecords);
    if (record === undefined) throw new Error("no tick");
    const { next, effects } = judgeTick({ height: HEIGHT, isBehind: false }, this.payee, PAYEE_SECRETS, record, htlc);
    this.payee = stored(payeeRecord, next);
    this.seenByPayee.push(...effects);
    return effects;
  }
  /** The oldest payment arrives, and its end comes back. */
  settle(): EndedPayment["tag"] {
    const request = this.payments.shift();
    if (request === undefined) throw new Error("nothing is paid");
    const [outcome] = this.arrive(htlcFor(request, this.htlcs++));
    const begun = { request, createdAt: T0, attempts: 1, endedAt: T0 };
    const payment: EndedPayment =
      outcome?.tag === "FulfillHtlc"
        ? { tag: "Succeeded", ...begun, preimage: outcome.preimage, fee: this.routerFee, hops: 2 }
        : { tag: "Failed", ...begun, failure: { code: "rejected_by_payee", detail: "refused" } };
    this.step({ tag: "PaymentEnded", payment, now: T0 });
    return payment.tag;
  }
  /** The payment fails on its way; the payee never hears of it. */
  lose(code: "no_route" | "timeout" = "timeout"): void {
    const request = this.payments.shift();
    if (request === undefined) throw new Error("nothing is paid");
    const failure = { code, detail: "lost" } as const;
    const payment = { tag: "Failed", request, createdAt: T0, attempts: 1, failure, endedAt: T0 } as const;
    this.step({ tag: "PaymentEnded", payment, now: T0 });
  }
  /** Answers and pays until nothing is left to do. */
  run(): void {
    for (let round = 0; round < 1_000; round++) {
      if (this.asked.length > 0) this.answerOffers();
      else if (this.payments.length > 0) this.settle();
      else return;
    }
    throw new Error("the pair does not come to rest");
  }
  /** The viewer's node starts again from its disk; what was asked of the site is forgotten. */
  restartPayer(): void {
    this.payer = loadPayerSession(this.payer.record);
    this.asked = [];
  }
}
export const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
export const STRANGER = nodeId(secp256k1.publicKey(SECRETS.bob));
