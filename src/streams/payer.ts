import { toHex } from "../base/bytes.ts";
import { idBytes } from "../base/ids.ts";
import { type Step, step } from "../base/machine.ts";
import { assert, unreachable } from "../base/result.ts";
import { addMsat, atMostAll, type Msat, minMsat, msat, subMsat, type UnixMs, unixMs } from "../base/units.ts";
import { sha256 } from "../crypto/hash.ts";
import { budgetLeft, charge, giveBack, setLimit, spend } from "../payments/budget.ts";
import type { EndedPayment, Failed, PaymentRequest, Succeeded } from "../payments/payment.ts";
import { windowUnits } from "./meter.ts";
import type {
  NotUnlocked,
  OffersAsked,
  PayerEffect,
  PayerInput,
  PayerRecord,
  PayerSession,
  TickInFlight,
} from "./payer-session.ts";
import type { SignedOffers, TickOffer } from "./session.ts";
import { addSlots, hasSlot } from "./slots.ts";
import { amountOfTick, areSignedBy, encodeTickRecord, openOffer } from "./ticket.ts";

/** Policy, not protocol: offers asked for at once, the wanted units and those that come after them. */
const OFFERS_AHEAD = 8;
/** Policy, not protocol: for this long new routes are tried for a tick. */
const TICK_MS_MAX = 30_000;

type PayerStep = Step<PayerSession, PayerEffect>;
const payerStep = (next: PayerSession, ...effects: readonly PayerEffect[]): PayerStep => step(next, ...effects);

/**
 * One input to a viewer's session. Nothing is paid but for a slot whose key somebody wants; at most one tick is out, and
 * what is wanted meanwhile goes into the next one together. The host stores `record` when it has changed, in the group of
 * the payment that it starts or that has ended.
 */
export function stepPayer(session: PayerSession, input: PayerInput): PayerStep {
  switch (input.tag) {
    case "Want":
      return want(session, input.slot, input.now);
    case "OffersArrived":
      return offersArrived(session, input.round, input.signed, input.now);
    case "OffersFailed":
      if (session.asking?.round !== input.round) return payerStep(session);
      return giveUp({ ...session, asking: undefined }, { code: "site_refused", detail: input.detail });
    case "PaymentEnded":
      return paymentEnded(session, input.payment, input.now);
    case "Pause":
      if (session.record.state !== "open") return payerStep(session);
      return payerStep(withRecord(session, { state: "paused" }), { tag: "TellSite", what: "pause" });
    case "Resume":
      return resume(session, input.now);
    case "TopUp":
      return goOn(withRecord(session, { budget: setLimit(session.record.budget, input.cap) }), input.now);
    case "Close":
      return close(session, input.now);
    case "CloseHeard":
      return payerStep(session.record.state === "closed" ? withRecord(session, { closing: false }) : session);
    case "KeyRejected":
      return keyRejected(session, input.slot);
    default:
      return unreachable(input);
  }
}
const withRecord = (session: PayerSession, change: Partial<PayerRecord>): PayerSession => ({
  ...session,
  record: { ...session.record, ...change },
});

function want(session: PayerSession, slot: number, now: UnixMs): PayerStep {
  const { terms, unlocked, tick, state, closing, evidence } = session.record;
  const refuse = (reason: NotUnlocked) => payerStep(session, { tag: "NotUnlocked", slots: [slot], reason });
  if (!Number.isInteger(slot) || slot < 0 || slot >= terms.units) return refuse({ code: "no_such_slot" });
  if (slot < terms.freeUnits || terms.pricePerUnit === 0n || hasSlot(unlocked, slot)) {
    return payerStep(session, { tag: "AskKey", slot });
  }
  if (evidence !== undefined) return refuse({ code: "key_rejected" });
  if (state === "closed" || closing) return refuse({ code: "session_closed" });
  const asked = session.wanted.includes(slot) || tick?.offer.slots.some((offered) => offered.slot === slot);
  return asked ? payerStep(session) : goOn({ ...session, wanted: [...session.wanted, slot] }, now);
}

/** The next move, if there is one: pay the offer at hand, or ask for offers that fit what is wanted. */
function goOn(session: PayerSession, now: UnixMs): PayerStep {
  const { record, wanted } = session;
  const idle = record.state === "open" && record.tick === undefined && session.asking === undefined;
  if (!idle || wanted.length === 0) return payerStep(session);
  const affordable = affordableUnits(record);
  if (affordable === 0) {
    const { pricePerUnit } = record.terms;
    return giveUp(session, { code: "need_topup", left: budgetLeft(record.budget), needed: pricePerUnit });
  }
  const due = wanted.slice(0, affordable);
  const { offers } = session;
  const offer = offers?.offers.find(({ sequence }) => sequence === record.account.sequence);
  const fits = offers !== undefined && offer !== undefined && isFor(offer, due);
  return fits ? pay(session, offers, offer, now) : ask(session, due);
}
/** Units that the next tick may bring: within the window, and within what is left of the cap. */
function affordableUnits({ terms, maxUnpaid, budget }: PayerRecord): number {
  const window = windowUnits(terms, maxUnpaid);
  const within = budgetLeft(budget) / terms.pricePerUnit;
  return within < BigInt(window) ? Number(within) : window;
}
const isFor = (offer: TickOffer, due: readonly number[]): boolean =>
  offer.slots.length === due.length && offer.slots.every(({ slot }) => due.includes(slot));

function ask(session: PayerSession, due: readonly number[]): PayerStep {
  const { record } = session;
  const round = record.round + 1;
  const first = [...due].sort((a, b) => a - b);
  const ahead: number[] = [];
  for (let slot = Math.max(...due) + 1; slot < record.terms.units && ahead.length < OFFERS_AHEAD - 1; slot++) {
    if (!hasSlot(record.unlocked, slot)) ahead.push(slot);
  }
  const ticks = [first, ...ahead.map((slot) => [slot])];
  const next = { ...withRecord(session, { round }), asking: { round, ticks }, offers: undefined };
  return payerStep(next, { tag: "AskOffers", sequence: record.account.sequence, round, ticks });
}

function offersArrived(session: PayerSession, round: number, signed: SignedOffers, now: UnixMs): PayerStep {
  const { record, asking } = session;
  if (asking?.round !== round) return payerStep(session);
  const answered = { ...session, asking: undefined };
  const fault = offersFault(record, asking, signed);
  if (fault !== undefined) return giveUp(answered, { code: "site_refused", detail: fault });
  // What is wanted may have grown meanwhile: these offers are still paid first, so that a slow site cannot hold all up.
  const [offer] = signed.offers;
  const idle = record.state === "open" && record.tick === undefined;
  const withOffers = { ...answered, offers: signed };
  const stillWanted = offer?.slots.every(({ slot }) => session.wanted.includes(slot)) ?? false;
  return idle && offer !== undefined && stillWanted ? pay(withOffers, signed, offer, now) : goOn(withOffers, now);
}
/** Nothing is paid on offers that are not what was asked for, at the price agreed, signed by the payee. */
function offersFault(
  { id, terms, account }: PayerRecord,
  asked: OffersAsked,
  signed: SignedOffers,
): string | undefined {
  const { offers } = signed;
  if (offers.length !== asked.ticks.length) return "another number of offers";
  if (areUsed(account, offers)) return "a hash that was used before";
  for (const [at, { sequence, attempt, slots, amount }] of offers.entries()) {
    const wanted = asked.ticks[at] ?? [];
    if (sequence !== account.sequence + BigInt(at) || attempt !== asked.round) return "offers for other ticks";
    if (slots.length !== wanted.length || slots.some(({ slot }, index) => slot !== wanted[index])) return "other slots";
    if (amount !== amountOfTick(terms, slots.length)) return "another price";
  }
  return areSignedBy(idBytes(terms.payee), id, signed) ? undefined : "offers that the payee has not signed";
}

/** Whose preimage routers know is no proof that the payee was paid. */
function areUsed({ lastPreimage }: PayerRecord["account"], offers: readonly TickOffer[]): boolean {
  const hashes = offers.map(({ paymentHash }) => paymentHash);
  const last = lastPreimage && toHex(sha256(idBytes(lastPreimage)));
  return new Set(hashes).size < hashes.length || hashes.some((hash) => hash === last);
}

function pay(session: PayerSession, signed: SignedOffers, offer: TickOffer, now: UnixMs): PayerStep {
  const { record } = session;
  const most = subMsat(budgetLeft(record.budget), offer.amount);
  const slots = offer.slots.map(({ slot }) => slot);
  if (most === undefined) {
    return giveUp(session, { code: "need_topup", left: budgetLeft(record.budget), needed: offer.amount });
  }
  assert(offer.amount <= record.maxUnpaid, "a tick stays within what may be at risk");
  const maxFee = minMsat(most, feeLimitOf(record, offer.amount));
  const held = addMsat(offer.amount, maxFee);
  const charged = charge(record.budget, held);
  assert(charged.ok, "what is left of the cap covers the tick and its fee");
  const tick: TickInFlight = { offer, signed, held };
  const next: PayerSession = {
    ...withRecord(session, { budget: charged.value, tick }),
    wanted: session.wanted.filter((slot) => !slots.includes(slot)),
  };
  return payerStep(next, { tag: "StartPayment", request: requestFor(record, offer, maxFee, now) });
}
const feeLimitOf = ({ feeLimit: { base, ppm } }: PayerRecord, amount: Msat): Msat =>
  msat(base + (amount * BigInt(ppm)) / 1_000_000n);
function requestFor({ id, terms, account }: PayerRecord, offer: TickOffer, maxFee: Msat, now: UnixMs): PaymentRequest {
  const { sequence, amount, paymentHash } = offer;
  const cumulative = addMsat(account.paid, amount);
  return {
    paymentHash,
    payee: terms.payee,
    amount,
    paymentSecret: terms.paymentSecret,
    paymentMetadata: undefined,
    minFinalCltvExpiryDelta: terms.minFinalCltvExpiryDelta,
    routeHints: [],
    maxFee,
    deadline: unixMs(now + TICK_MS_MAX),
    customRecords: [encodeTickRecord({ session: id, sequence, cumulative })],
    purpose: { tag: "Tick", sessionId: id, sequence },
  };
}

function paymentEnded(session: PayerSession, payment: EndedPayment, now: UnixMs): PayerStep {
  const { tick } = session.record;
  if (tick === undefined || tick.offer.paymentHash !== payment.request.paymentHash) return payerStep(session);
  const { next, effects } =
    payment.tag === "Succeeded" ? tickPaid(session, tick, payment) : tickFailed(session, tick, payment);
  if (next.record.closing) {
    const closed = finishClosing(next, now);
    return payerStep(closed.next, ...effects, ...closed.effects);
  }
  const further = goOn(next, now);
  return payerStep(further.next, ...effects, ...further.effects);
}
function tickFailed(session: PayerSession, { offer, held }: TickInFlight, payment: Failed): PayerStep {
  const { record } = session;
  const budget = giveBack(record.budget, held);
  // The hash is not used again: the next offers are asked for anew.
  const next = { ...withRecord(session, { tick: undefined, budget }), offers: undefined };
  const slots = offer.slots.map(({ slot }) => slot);
  const needed = atMostAll(offer.amount + feeLimitOf(record, offer.amount));
  const { code, detail } = payment.failure;
  if (held < needed && (code === "no_route" || code === "fee_too_high")) {
    return giveUp(next, { code: "need_topup", left: budgetLeft(budget), needed }, slots);
  }
  return giveUp(next, { code: "payment_failed", detail }, slots);
}
function tickPaid(session: PayerSession, { offer, signed, held }: TickInFlight, ended: Succeeded): PayerStep {
  const { record } = session;
  const { preimage, fee } = ended;
  const { account } = record;
  const slots = offer.slots.map(({ slot }) => slot);
  const next = withRecord(session, {
    tick: undefined,
    budget: spend(record.budget, held, addMsat(offer.amount, fee)),
    account: {
      sequence: account.sequence + 1n,
      units: account.units + slots.length,
      paid: addMsat(account.paid, offer.amount),
      firstPreimage: account.firstPreimage ?? preimage,
      lastPreimage: preimage,
    },
    unlocked: addSlots(record.unlocked, slots),
    lastSigned: signed,
  });
  return payerStep(
    next,
    { tag: "Unlocked", keys: openOffer(offer, preimage) },
    { tag: "TickPaid", slots, amount: offer.amount, fee },
  );
}

/** Whoever waits is told that it is in vain; who still needs a key asks again. */
function giveUp(session: PayerSession, reason: NotUnlocked, also: readonly number[] = []): PayerStep {
  const slots = [...also, ...session.wanted];
  if (slots.length === 0) return payerStep(session);
  return payerStep({ ...session, wanted: [] }, { tag: "NotUnlocked", slots, reason });
}

function resume(session: PayerSession, now: UnixMs): PayerStep {
  const { record } = session;
  if (record.state !== "paused" || record.evidence !== undefined) return payerStep(session);
  const { next, effects } = goOn(withRecord(session, { state: "open" }), now);
  return payerStep(next, { tag: "TellSite", what: "resume" }, ...effects);
}
function close(session: PayerSession, now: UnixMs): PayerStep {
  const { state, closing, tick } = session.record;
  if (state === "closed" || closing) return payerStep(session);
  const refused = giveUp(session, { code: "session_closed" });
  if (tick !== undefined) return payerStep(withRecord(refused.next, { closing: true }), ...refused.effects);
  const closed = finishClosing(refused.next, now);
  return payerStep(closed.next, ...refused.effects, ...closed.effects);
}
function finishClosing(session: PayerSession, now: UnixMs): PayerStep {
  const next = withRecord(session, { state: "closed", closing: true, closedAt: now });
  return payerStep(
    { ...next, offers: undefined, asking: undefined },
    { tag: "TellSite", what: "close" },
    { tag: "Closed" },
  );
}
/** The site has taken money for a wrong key: it gets no more, and its signature under the offer is kept. */
function keyRejected(session: PayerSession, slot: number): PayerStep {
  const { record } = session;
  if (!hasSlot(record.unlocked, slot) || record.evidence !== undefined) return payerStep(session);
  const evidence = { slot, signed: record.lastSigned };
  const refused = giveUp(session, { code: "key_rejected" });
  const paused = record.state === "open" ? "paused" : record.state;
  return payerStep(withRecord(refused.next, { evidence, state: paused }), ...refused.effects, {
    tag: "TellSite",
    what: "pause",
  });
}
