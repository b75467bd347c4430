import { expect } from "chai";
import { idBytes, paymentHash } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { MSAT_MAX, msat } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { offerTicks } from "../../src/streams/payee.ts";
import { checkTerms, payerMeter } from "../../src/streams/payer-session.ts";
import type { SignedOffers, TickOffer } from "../../src/streams/session.ts";
import { offersDigest } from "../../src/streams/ticket.ts";
import { NODES, SECRETS, T0 } from "../payments/fixture.ts";
import { LIMITS, LISTING, PAYEE_SECRETS, Pair, SESSION, TERMS } from "./pair.ts";

/** The site answers the first question with these offers in place of the right ones, signed by the key. */
function answered(
  change: (offers: readonly TickOffer[]) => readonly TickOffer[],
  key = SECRETS.dave,
  pair = new Pair(),
) {
  // Farther than what was offered ahead.
  pair.want(15);
  const [question] = pair.asked;
  if (question === undefined) throw new Error("offers are asked for");
  const { round, sequence, ticks } = question;
  const made = offerTicks(pair.payee, PAYEE_SECRETS, { sequence, attempt: round, ticks });
  if (!made.ok) throw new Error(made.error.code);
  const offers = change(made.value.offers);
  const signed: SignedOffers = { offers, signature: secp256k1.sign(offersDigest(SESSION, offers), key) };
  const effects = pair.step({ tag: "OffersArrived", round, signed, now: T0 });
  return effects.map((effect) =>
    effect.tag === "NotUnlocked" && effect.reason.code === "site_refused" ? effect.reason.detail : effect.tag,
  );
}
const first =
  (change: (offer: TickOffer) => TickOffer) =>
  (offers: readonly TickOffer[]): readonly TickOffer[] =>
    offers.map((offer, at) => (at === 0 ? change(offer) : offer));

describe("a viewer's node offered something else by the site", () => {
  it("pays what it asked for", () => {
    expect(answered((offers) => offers)).to.deep.equal(["StartPayment"]);
  });
  it("pays nothing that the payee has not signed", () => {
    expect(answered((offers) => offers, SECRETS.bob)).to.deep.equal(["offers that the payee has not signed"]);
  });
  it("pays no other price, not a millisatoshi more or less", () => {
    for (const amount of [1_001n, 999n, 0n]) {
      expect(answered(first((offer) => ({ ...offer, amount: msat(amount) })))).to.deep.equal(["another price"]);
    }
  });
  it("pays for no other slots, and not for fewer or more", () => {
    const key = new Uint8Array(16);
    for (const slots of [[4], [], [3, 4]]) {
      const offered = slots.map((slot) => ({ slot, wrappedKey: key }));
      expect(answered(first((offer) => ({ ...offer, slots: offered })))).to.deep.equal(["other slots"]);
    }
  });
  it("pays for no other tick", () => {
    expect(answered(first((offer) => ({ ...offer, sequence: 1n })))).to.deep.equal(["offers for other ticks"]);
    expect(answered(first((offer) => ({ ...offer, attempt: 7 })))).to.deep.equal(["offers for other ticks"]);
    expect(answered((offers) => offers.slice(1))).to.deep.equal(["another number of offers"]);
    expect(answered(() => [])).to.deep.equal(["another number of offers"]);
  });
  it("pays no hash twice, neither of two offers nor of the last tick", () => {
    const twice = (offers: readonly TickOffer[]) =>
      offers.map((offer) => ({ ...offer, paymentHash: (offers[0] as TickOffer).paymentHash }));
    expect(answered(twice)).to.deep.equal(["a hash that was used before"]);
    const paid = new Pair();
    paid.want(2);
    paid.run();
    const last = paymentHash(sha256(idBytes(present(paid.payer.record.account.lastPreimage, "a tick is paid"))));
    const again = first((offer) => ({ ...offer, paymentHash: last }));
    expect(answered(again, SECRETS.dave, paid)).to.deep.equal(["a hash that was used before"]);
  });
  it("ignores an answer to a question that is over", () => {
    const pair = new Pair();
    pair.want(0);
    const [question] = pair.asked;
    pair.step({ tag: "OffersFailed", round: question?.round ?? 0, detail: "too slow" });
    const before = pair.payer;
    pair.step({ tag: "OffersArrived", round: 1, signed: { offers: [], signature: new Uint8Array(64) }, now: T0 });
    expect(pair.payer).to.deep.equal(before);
    expect(pair.effects.at(-1)).to.deep.equal({
      tag: "NotUnlocked",
      slots: [0],
      reason: { code: "site_refused", detail: "too slow" },
    });
  });
});

describe("the terms of a session", () => {
  const check = (price: bigint) => checkTerms("film", { ...TERMS, pricePerUnit: msat(price) }, LIMITS)?.code;
  it("are taken up to what one tick may bring and refused above", () => {
    expect([check(4_000n), check(4_001n)]).to.deep.equal([undefined, "unit_above_max_unpaid"]);
  });
  it("are refused when one unit is above the cap, or the stream is another", () => {
    const capped = { ...LIMITS, cap: msat(999n) };
    expect(checkTerms("film", TERMS, capped)?.code).to.equal("unit_above_cap");
    expect(checkTerms("other", TERMS, LIMITS)?.code).to.equal("another_stream");
  });
});

describe("the payment of a tick", () => {
  it("names session, sequence and running total to the payee alone, and stays within the fee limit", () => {
    const pair = new Pair();
    pair.want(0);
    pair.answerOffers();
    const { customRecords, ...request } = pair.payments[0] ?? { customRecords: [] };
    expect(customRecords.map(({ type, value }) => [type, value.length])).to.deep.equal([[658_112_311n, 48]]);
    expect(request).to.deep.include({
      payee: NODES.dave,
      amount: 1_000n,
      paymentSecret: TERMS.paymentSecret,
      maxFee: 110n,
      purpose: { tag: "Tick", sessionId: SESSION, sequence: 0n },
    });
  });
});

describe("a session without a limit, at a price above all that there is with its fee", () => {
  const pair = () => {
    const all = msat(MSAT_MAX);
    const limits = { ...LIMITS, cap: all, maxUnpaid: all };
    return new Pair(limits, { ...LISTING, pricePerUnit: all, windowUnits: 1 });
  };
  it("can be shown while units are wanted and one is being paid for", () => {
    const it = pair();
    it.want(0, 1, 2);
    it.answerOffers();
    expect(payerMeter(it.payer).owed).to.equal(MSAT_MAX);
  });
  it("goes on when the payment has failed", () => {
    const it = pair();
    it.want(0);
    it.answerOffers();
    it.lose("no_route");
    expect(it.effects.at(-1)).to.deep.include({ tag: "NotUnlocked", slots: [0] });
  });
});
