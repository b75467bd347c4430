import type { NodeId } from "../base/ids.ts";
import { type Step, step } from "../base/machine.ts";
import { err, ok, type Result } from "../base/result.ts";
import { addMsat, type Msat, subMsat, type UnixMs, ZERO_MSAT } from "../base/units.ts";
import { constantTimeEqual } from "../crypto/hash.ts";
import {
  failHtlc,
  fulfill,
  type IncomingEnv,
  isAmountDue,
  isWhole,
  leavesTime,
  notNow,
  refuseDetails,
  tamperedWith,
} from "../payments/incoming.ts";
import type { FinalHtlc, SettleEffect } from "../payments/invoice-record.ts";
import type { HtlcRef } from "../payments/payment.ts";
import { type SessionSecrets, slotKey, type TickPlan, tickPreimage } from "./keys.ts";
import {
  type Account,
  NEW_ACCOUNT,
  type SessionId,
  type SessionState,
  type StreamTerms,
  type TickOffer,
} from "./session.ts";
import { addSlots, hasSlot, type SlotSet } from "./slots.ts";
import { amountOfTick, hashOfTick, makeOffer, type TickRecord } from "./ticket.ts";

/** A session at the site. One flat record, however many ticks it has seen; its secrets are derived and not in it. */
export interface PayeeSession {
  readonly id: SessionId;
  readonly payer: NodeId;
  readonly terms: StreamTerms;
  readonly state: SessionState;
  readonly openedAt: UnixMs;
  readonly closedAt: UnixMs | undefined;
  readonly account: Account;
  /** Given by HTLCs above what was due. */
  readonly surplus: Msat;
  readonly unlocked: SlotSet;
  /** What the next ticks may be, one for each sequence from the account's on. */
  readonly offered: readonly PlannedTick[];
  /** The HTLC of the last tick: seen again after a crash, it is fulfilled again. */
  readonly lastHtlc: HtlcRef | undefined;
}
export interface PlannedTick {
  readonly attempt: number;
  readonly slots: readonly number[];
}
/** What a session needs beside its record. */
export interface PayeeSecrets extends SessionSecrets {
  /** Of the stream's keys. */
  readonly content: Uint8Array;
}

/** Policy, not protocol: ticks offered ahead. */
export const OFFERS_MAX = 16;

/** Why the site does not do what the viewer's node asked. */
export type LinkRefusal =
  | { readonly code: "unknown_stream" | "unknown_session" | "session_closed" | "session_taken" }
  /** Another tick is next: the payer's account and this one differ. */
  | { readonly code: "out_of_sequence"; readonly sequence: bigint; readonly paid: Msat }
  | { readonly code: "bad_slots"; readonly detail: string }
  /** The key of this slot has to be paid for. */
  | { readonly code: "not_paid"; readonly slot: number };

export const openPayeeSession = (id: SessionId, payer: NodeId, terms: StreamTerms, now: UnixMs): PayeeSession => ({
  id,
  payer,
  terms,
  state: "open",
  openedAt: now,
  closedAt: undefined,
  account: NEW_ACCOUNT,
  surplus: ZERO_MSAT,
  unlocked: [],
  offered: [],
  lastHtlc: undefined,
});
/** Opening again with the same id is the same session, if it is the same payer's and stream's. */
export const isSameOpening = (session: PayeeSession, payer: NodeId, stream: string): boolean =>
  session.payer === payer && session.terms.stream === stream;

export interface OffersRequest {
  readonly sequence: bigint;
  readonly attempt: number;
  /** The slots of each tick, from that of `sequence` on. */
  readonly ticks: readonly (readonly number[])[];
}
/**
 * Offers ticks, in place of all offers before: an HTLC on an older offer is refused from now on, so the payer asks only
 * while none is out. The offers go out signed, and after `next` is on disk.
 */
export function offerTicks(
  session: PayeeSession,
  secrets: PayeeSecrets,
  request: OffersRequest,
): Result<{ readonly next: PayeeSession; readonly offers: readonly TickOffer[] }, LinkRefusal> {
  const { account, terms } = session;
  if (session.state === "closed") return err({ code: "session_closed" });
  if (request.sequence !== account.sequence) {
    return err({ code: "out_of_sequence", sequence: account.sequence, paid: account.paid });
  }
  const fault = slotFault(session, request.ticks);
  if (fault !== undefined) return err({ code: "bad_slots", detail: fault });
  const { attempt } = request;
  const offers = request.ticks.map((slots, at) =>
    makeOffer(terms, secrets.content, secrets, { sequence: account.sequence + BigInt(at), attempt, slots }),
  );
  return ok({ next: { ...session, offered: request.ticks.map((slots) => ({ attempt, slots })) }, offers });
}
function slotFault({ terms, unlocked }: PayeeSession, ticks: readonly (readonly number[])[]): string | undefined {
  if (ticks.length === 0 || ticks.length > OFFERS_MAX) return `from 1 to ${OFFERS_MAX} ticks can be offered at once`;
  const seen = new Set<number>();
  for (const slots of ticks) {
    if (slots.length === 0 || slots.length > terms.windowUnits) return `a tick has 1 to ${terms.windowUnits} slots`;
    for (const slot of slots) {
      if (slot >= terms.units) return `the stream has ${terms.units} slots`;
      if (seen.has(slot)) return `slot ${slot} stands twice`;
      if (slot < terms.freeUnits || hasSlot(unlocked, slot)) return `slot ${slot} needs no payment`;
      seen.add(slot);
    }
  }
  return undefined;
}

/** The key of a slot that is free or paid for, as often as it is asked for. 16 bytes. */
export function keyOf(session: PayeeSession, secrets: PayeeSecrets, slot: number): Result<Uint8Array, LinkRefusal> {
  const { terms, unlocked } = session;
  if (slot >= terms.units) return err({ code: "bad_slots", detail: `the stream has ${terms.units} slots` });
  if (slot >= terms.freeUnits && !hasSlot(unlocked, slot)) return err({ code: "not_paid", slot });
  return ok(slotKey(secrets.content, terms.stream, slot));
}

export type PayeeEffect =
  | SettleEffect
  /** For clients: after the group is on disk. */
  | {
      readonly tag: "TickSettled";
      readonly session: SessionId;
      readonly slots: readonly number[];
      readonly amount: Msat;
    };

/**
 * Decides about an HTLC that says it is a tick of this session. It must be the next tick exactly as offered: secret,
 * sequence, running total and hash, and bring at least what is due. Whatever is wrong, the answer is the same, and nothing
 * of the session changes: a router that tries to buy a preimage for less learns nothing. BOLT 4 §Failure Messages.
 */
export function judgeTick(
  { height, isBehind }: Pick<IncomingEnv, "height" | "isBehind">,
  session: PayeeSession,
  secrets: PayeeSecrets,
  record: TickRecord,
  htlc: FinalHtlc,
): Step<PayeeSession, PayeeEffect> {
  const { account, terms } = session;
  const { lastHtlc } = session;
  const seen = lastHtlc?.channelId === htlc.channelId && lastHtlc.htlcId === htlc.htlcId;
  if (seen && account.lastPreimage !== undefined) return step(session, fulfill(htlc, account.lastPreimage));
  if (isBehind) return step<PayeeSession, PayeeEffect>(session, notNow(htlc));
  const planned = session.offered[0];
  const plan = planned && { sequence: account.sequence, ...planned };
  if (
    plan === undefined ||
    !isTick(session, secrets, plan, record, htlc) ||
    !leavesTime(height, htlc, terms.minFinalCltvExpiryDelta)
  ) {
    return step<PayeeSession, PayeeEffect>(session, refuseDetails(height, htlc));
  }
  const tampered = tamperedWith(htlc);
  if (tampered !== undefined) return step<PayeeSession, PayeeEffect>(session, failHtlc(htlc, tampered));
  const amount = amountOfTick(terms, plan.slots.length);
  const preimage = tickPreimage(secrets, plan);
  const next: PayeeSession = {
    ...session,
    account: {
      sequence: account.sequence + 1n,
      units: account.units + plan.slots.length,
      paid: addMsat(account.paid, amount),
      firstPreimage: account.firstPreimage ?? preimage,
      lastPreimage: preimage,
    },
    surplus: addMsat(session.surplus, subMsat(htlc.amount, amount) ?? ZERO_MSAT),
    unlocked: addSlots(session.unlocked, plan.slots),
    offered: session.offered.slice(1),
    lastHtlc: { channelId: htlc.channelId, htlcId: htlc.htlcId },
  };
  const { slots } = plan;
  return step<PayeeSession, PayeeEffect>(next, fulfill(htlc, preimage), {
    tag: "TickSettled",
    session: session.id,
    slots,
    amount,
  });
}
function isTick(
  { id, state, terms, account }: PayeeSession,
  secrets: PayeeSecrets,
  plan: TickPlan,
  record: TickRecord,
  htlc: FinalHtlc,
): boolean {
  const due = amountOfTick(terms, plan.slots.length);
  return (
    constantTimeEqual(htlc.payload.paymentSecret ?? new Uint8Array(0), secrets.payment) &&
    state !== "closed" &&
    record.session === id &&
    record.sequence === account.sequence &&
    record.cumulative === account.paid + due &&
    htlc.paymentHash === hashOfTick(secrets, plan) &&
    isWhole(htlc) &&
    isAmountDue(due, htlc.payload.amtToForward)
  );
}

/** Pausing and resuming stop and start nothing at the payee: ticks that are out still count. They are shown to the site. */
export const pausePayee = (session: PayeeSession): PayeeSession =>
  session.state === "open" ? { ...session, state: "paused" } : session;
export const resumePayee = (session: PayeeSession): PayeeSession =>
  session.state === "paused" ? { ...session, state: "open" } : session;
/** No tick is taken any more; what is unlocked stays so. */
export const closePayee = (session: PayeeSession, now: UnixMs): PayeeSession =>
  session.state === "closed" ? session : { ...session, state: "closed", closedAt: now, offered: [] };
