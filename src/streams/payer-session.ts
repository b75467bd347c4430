import type { Msat, UnixMs } from "../base/units.ts";
import { type Budget, newBudget } from "../payments/budget.ts";
import type { EndedPayment, PaymentRequest } from "../payments/payment.ts";
import { type Meter, meterOf } from "./meter.ts";
import {
  type Account,
  NEW_ACCOUNT,
  type SessionId,
  type SessionState,
  type SignedOffers,
  type StreamTerms,
  type TickOffer,
} from "./session.ts";
import type { SlotSet } from "./slots.ts";

/** A session at the viewer's node, as it stands on disk: one flat record, however many ticks it has paid. */
export interface PayerRecord {
  readonly id: SessionId;
  /** Base URL under which the site's node is reached. */
  readonly site: string;
  readonly terms: StreamTerms;
  readonly state: SessionState;
  /** While open: close as soon as the tick that is out has ended. Once closed: the site has yet to hear of it. */
  readonly closing: boolean;
  readonly openedAt: UnixMs;
  readonly closedAt: UnixMs | undefined;
  /** The user's cap on everything that this session costs, fees included. */
  readonly budget: Budget;
  /** The most that one tick may bring: what is at risk at any time. */
  readonly maxUnpaid: Msat;
  readonly feeLimit: FeeLimit;
  readonly account: Account;
  readonly unlocked: SlotSet;
  /** The one tick that is out. */
  readonly tick: TickInFlight | undefined;
  /** Counts requests for offers, so that no hash is offered twice. */
  readonly round: number;
  /** The offers among which the last paid tick was. */
  readonly lastSigned: SignedOffers | undefined;
  readonly evidence: KeyEvidence | undefined;
}
/** A key turned out to be wrong: what the site has signed, kept for the user. */
export interface KeyEvidence {
  readonly slot: number;
  readonly signed: SignedOffers | undefined;
}
export interface TickInFlight {
  readonly offer: TickOffer;
  /** The offers that it is one of. */
  readonly signed: SignedOffers;
  /** Amount and highest fee: held of the budget until it ends. */
  readonly held: Msat;
}
/** What routers may take of a tick: a base and a share in millionths of its amount. */
export interface FeeLimit {
  readonly base: Msat;
  readonly ppm: number;
}

/** The record and what is forgotten at a restart: it costs nothing to ask again. */
export interface PayerSession {
  readonly record: PayerRecord;
  /** Slots whose keys are asked for and not yet paid, in the order of asking. */
  readonly wanted: readonly number[];
  /** Asked of the site and not yet answered. */
  readonly asking: OffersAsked | undefined;
  /** The newest, for consecutive ticks; some may be paid already. */
  readonly offers: SignedOffers | undefined;
}

export interface OffersAsked {
  readonly round: number;
  /** The slots of each tick. */
  readonly ticks: readonly (readonly number[])[];
}

export type PayerInput =
  /** Somebody needs the key of this slot. */
  | { readonly tag: "Want"; readonly slot: number; readonly now: UnixMs }
  | { readonly tag: "OffersArrived"; readonly round: number; readonly signed: SignedOffers; readonly now: UnixMs }
  | { readonly tag: "OffersFailed"; readonly round: number; readonly detail: string }
  /** The payment of the tick that is out has ended. */
  | { readonly tag: "PaymentEnded"; readonly payment: EndedPayment; readonly now: UnixMs }
  | { readonly tag: "Pause" }
  | { readonly tag: "Resume"; readonly now: UnixMs }
  | { readonly tag: "TopUp"; readonly cap: Msat; readonly now: UnixMs }
  | { readonly tag: "Close"; readonly now: UnixMs }
  /** The site has answered `stream.close`. */
  | { readonly tag: "CloseHeard" }
  /** The key of a slot did not open its segment: no more is paid. */
  | { readonly tag: "KeyRejected"; readonly slot: number };

export type PayerEffect =
  /** `stream.offers` to the site; answer with `OffersArrived` or `OffersFailed`. */
  | {
      readonly tag: "AskOffers";
      readonly sequence: bigint;
      readonly round: number;
      readonly ticks: readonly (readonly number[])[];
    }
  /** In the same turn; answer with `PaymentEnded`. */
  | { readonly tag: "StartPayment"; readonly request: PaymentRequest }
  /** Keys for whoever waits for them. */
  | { readonly tag: "Unlocked"; readonly keys: ReadonlyMap<number, Uint8Array> }
  /** `stream.key` to the site: the slot is free or paid for. */
  | { readonly tag: "AskKey"; readonly slot: number }
  /** Whoever waits for these slots waits in vain. */
  | { readonly tag: "NotUnlocked"; readonly slots: readonly number[]; readonly reason: NotUnlocked }
  /** `stream.pause`, `stream.resume`, `stream.close` to the site. */
  | { readonly tag: "TellSite"; readonly what: "pause" | "resume" | "close" }
  /** For clients. */
  | { readonly tag: "TickPaid"; readonly slots: readonly number[]; readonly amount: Msat; readonly fee: Msat }
  | { readonly tag: "Closed" };

export type NotUnlocked =
  | { readonly code: "session_closed" | "no_such_slot" | "key_rejected" }
  /** Less is left of the cap than the next unit costs. */
  | { readonly code: "need_topup"; readonly left: Msat; readonly needed: Msat }
  | { readonly code: "site_refused"; readonly detail: string }
  | { readonly code: "payment_failed"; readonly detail: string };

/** What the user sets when a session is opened. */
export interface PayerLimits {
  readonly cap: Msat;
  readonly maxUnpaid: Msat;
  readonly feeLimit: FeeLimit;
}
/** Why a session on these terms is not opened. */
export type TermsFault =
  | { readonly code: "another_stream" }
  | { readonly code: "unit_above_max_unpaid"; readonly pricePerUnit: Msat; readonly maxUnpaid: Msat }
  | { readonly code: "unit_above_cap"; readonly pricePerUnit: Msat; readonly cap: Msat };
export function checkTerms(
  stream: string,
  terms: StreamTerms,
  { cap, maxUnpaid }: PayerLimits,
): TermsFault | undefined {
  const { pricePerUnit } = terms;
  if (terms.stream !== stream) return { code: "another_stream" };
  if (pricePerUnit > maxUnpaid) return { code: "unit_above_max_unpaid", pricePerUnit, maxUnpaid };
  return pricePerUnit > cap ? { code: "unit_above_cap", pricePerUnit, cap } : undefined;
}
/** A session on terms that `checkTerms` has nothing against. */
export function openPayerSession(
  id: SessionId,
  site: string,
  terms: StreamTerms,
  { cap, maxUnpaid, feeLimit }: PayerLimits,
  now: UnixMs,
): PayerSession {
  return loadPayerSession({
    id,
    site,
    terms,
    state: "open",
    closing: false,
    openedAt: now,
    closedAt: undefined,
    budget: newBudget(cap),
    maxUnpaid,
    feeLimit,
    account: NEW_ACCOUNT,
    unlocked: [],
    tick: undefined,
    round: 0,
    lastSigned: undefined,
    evidence: undefined,
  });
}
/** After a restart: a tick that was out is still waited for. */
export const loadPayerSession = (record: PayerRecord): PayerSession => ({
  record,
  wanted: [],
  asking: undefined,
  offers: undefined,
});

export const payerMeter = ({ record, wanted }: PayerSession): Meter =>
  meterOf(record.terms, record.account, record.budget, record.maxUnpaid, {
    tick: record.tick?.offer,
    wanted: wanted.length,
  });
