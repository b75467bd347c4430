import { toHex } from "../../base/bytes.ts";
import { err, ok, type Result, unreachable } from "../../base/result.ts";
import { atMostAll, type Msat, msat } from "../../base/units.ts";
import type { EndedPayment, PaymentRequest } from "../../payments/payment.ts";
import {
  parseKey,
  parseOffers,
  parseReceipt,
  parseTerms,
  requestBody,
  type StreamRequest,
} from "../../streams/messages.ts";
import { stepPayer } from "../../streams/payer.ts";
import {
  checkTerms,
  loadPayerSession,
  openPayerSession,
  type PayerEffect,
  type PayerInput,
  type PayerSession,
  payerMeter,
} from "../../streams/payer-session.ts";
import { receiptDigest, receiptOf } from "../../streams/receipt.ts";
import { type SessionId, type StreamTerms, sessionId } from "../../streams/session.ts";
import { payerRecord } from "../../streams/session-codecs.ts";
import { listSlots } from "../../streams/slots.ts";
import type { CommandFault } from "../commands.ts";
import { ANSWER_LANE, type NodeContext } from "../context.ts";
import type { PaymentHost } from "../payment/host.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import type { Receipt, SubscribeRequest, SubscriptionInfo } from "../views.ts";
import { SiteLinks } from "./links.ts";
import { notUnlocked, refusedBySite, UNKNOWN } from "./subscription-faults.ts";

type KeyAnswer = Result<Uint8Array, CommandFault>;

/** What routers may take of a tick unless somebody says otherwise. Policy, not protocol. */
const FEE_LIMIT = { base: msat(1_000n), ppm: 20_000 };

/** Between two attempts to reach a site that was not reached for a while; the pause doubles. Policy, not protocol. */
const TELL_AGAIN_MS = { first: 60_000, most: 600_000 };

/** The viewer's side of streams: sessions with sites, paid unit by unit as keys are asked for. */
export class SubscriptionHost {
  readonly #ctx: NodeContext;
  readonly #payments: PaymentHost;
  readonly #links: SiteLinks;
  readonly #records: RecordTable<PayerSession["record"]>;
  readonly #sessions = new Map<SessionId, PayerSession>();
  readonly #keys = new Map<string, Uint8Array>();
  readonly #waiting = new Map<string, ((answer: KeyAnswer) => void)[]>();

  constructor(ctx: NodeContext, payments: PaymentHost) {
    this.#ctx = ctx;
    this.#payments = payments;
    this.#links = new SiteLinks(ctx.links, ctx.clock);
    this.#records = recordTable(ctx.store, KEY.subscriptions, payerRecord);
    for (const { value } of this.#records.list()) this.#sessions.set(value.id, loadPayerSession(value));
  }
  /** Sites that were not reached before a restart are told again of what has ended. */
  start(): void {
    for (const { record } of this.#sessions.values())
      if (record.state === "closed" && record.closing) void this.#tellEnd(record.id);
  }
  stop(): void {
    this.#links.stop();
  }

  async subscribe(request: SubscribeRequest): Promise<Result<SubscriptionInfo, CommandFault>> {
    const id = sessionId(this.#ctx.random.bytes(32));
    const { site, stream, budget, maxUnpaid } = request;
    const answered = await this.#ask(site, { name: "stream.open", session: id, stream, payer: this.#ctx.self }, 3);
    if (!answered.ok) return answered;
    const terms = parseTerms(answered.value);
    if (!terms.ok) return err(refusedBySite(terms.error));
    const limits = { cap: budget, maxUnpaid, feeLimit: FEE_LIMIT };
    const fault = checkTerms(stream, terms.value, limits);
    if (fault !== undefined) {
      return err({ code: "quota_exceeded", detail: `the site's terms do not fit: ${fault.code.replaceAll("_", " ")}` });
    }
    const session = openPayerSession(id, site, terms.value, limits, this.#ctx.clock.now());
    return new Promise((resolve) => {
      this.#ctx.turns.run((turn) => {
        this.#keep(turn, session);
        this.#ctx.events.record(turn, "stream.session_opened", { session: `ses_${id}`, site, stream });
        turn.afterwards(ANSWER_LANE, () => resolve(ok(this.#info(session))));
      });
    });
  }
  /** Held for ticks that are on their way. */
  held(): Msat {
    let held = 0n;
    for (const { record } of this.#sessions.values()) held += record.budget.held;
    return atMostAll(held);
  }
  list(): readonly SubscriptionInfo[] {
    return [...this.#sessions.values()].map((session) => this.#info(session));
  }
  get(id: string): SubscriptionInfo | undefined {
    const session = this.#find(id);
    return session === undefined ? undefined : this.#info(session);
  }
  change(id: string, what: "pause" | "resume" | "close"): Promise<Result<SubscriptionInfo, CommandFault>> {
    const session = this.#find(id);
    if (session === undefined) return Promise.resolve(err(UNKNOWN));
    return new Promise((resolve) => {
      this.#ctx.turns.run((turn) => {
        const { now } = turn;
        if (what === "pause") this.#step(turn, session.record.id, { tag: "Pause" });
        else this.#step(turn, session.record.id, { tag: what === "resume" ? "Resume" : "Close", now });
        turn.afterwards(ANSWER_LANE, () => resolve(ok(this.#info(this.#find(id) ?? session))));
      });
    });
  }
  /** The key of a unit, paid for if need be. */
  key(id: string, slot: number): Promise<KeyAnswer> {
    const session = this.#find(id);
    if (session === undefined) return Promise.resolve(err(UNKNOWN));
    const known = this.#keys.get(keyId(session.record.id, slot));
    if (known !== undefined) return Promise.resolve(ok(known));
    return new Promise((resolve) => {
      const waiting = keyId(session.record.id, slot);
      this.#waiting.set(waiting, [...(this.#waiting.get(waiting) ?? []), resolve]);
      this.#ctx.turns.run((turn) => this.#step(turn, session.record.id, { tag: "Want", slot, now: turn.now }));
    });
  }
  async receipt(id: string): Promise<Result<Receipt, CommandFault>> {
    const session = this.#find(id);
    if (session === undefined) return err(UNKNOWN);
    const { terms, account, site } = session.record;
    const body = receiptOf(session.record.id, this.#ctx.self, terms, account);
    const signature = this.#ctx.signer.signAsNode(receiptDigest(body)).signature;
    const answered = await this.#ask(site, { name: "stream.receipt", session: session.record.id, signature }, 3);
    const read = answered.ok ? parseReceipt(answered.value) : answered;
    const theirs = read.ok ? read.value.signature : undefined;
    return ok({
      stream: terms.stream,
      units: account.units,
      paid: account.paid,
      firstPreimage: account.firstPreimage,
      lastPreimage: account.lastPreimage,
      payerSignature: toHex(signature),
      payeeSignature: theirs === undefined ? undefined : toHex(theirs),
    });
  }
  /** A tick's payment has ended: the session takes it in, and the payment's own record goes. */
  tickEnded(turn: Turn, payment: EndedPayment): void {
    const { purpose, paymentHash } = payment.request;
    if (purpose.tag !== "Tick") return;
    this.#payments.payments.put(turn, paymentHash, undefined);
    this.#step(turn, purpose.sessionId as SessionId, { tag: "PaymentEnded", payment, now: turn.now });
  }

  #find(id: string): PayerSession | undefined {
    return this.#sessions.get(id.replace(/^ses_/, "") as SessionId);
  }
  #keep(turn: Turn, session: PayerSession): void {
    const { id } = session.record;
    const before = this.#sessions.get(id);
    this.#sessions.set(id, session);
    if (before?.record !== session.record) this.#records.put(turn, id, session.record);
  }
  #step(turn: Turn, id: SessionId, input: PayerInput): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const { next, effects } = stepPayer(session, input);
    this.#keep(turn, next);
    for (const effect of effects) this.#perform(turn, id, effect);
  }
  #perform(turn: Turn, id: SessionId, effect: PayerEffect): void {
    switch (effect.tag) {
      case "AskOffers":
        return turn.afterwards(ANSWER_LANE, () => void this.#askOffers(id, effect));
      case "AskKey":
        return turn.afterwards(ANSWER_LANE, () => void this.#askKey(id, effect.slot));
      case "StartPayment":
        return turn.next((later) => this.#pay(later, effect.request));
      case "Unlocked":
        for (const [slot, key] of effect.keys) this.#keys.set(keyId(id, slot), key);
        return turn.afterwards(ANSWER_LANE, () => {
          for (const [slot, key] of effect.keys) this.#answer(id, slot, ok(key));
        });
      case "NotUnlocked":
        return turn.afterwards(ANSWER_LANE, () => {
          for (const slot of effect.slots) this.#answer(id, slot, err(notUnlocked(effect.reason)));
        });
      case "TellSite":
        return turn.afterwards(ANSWER_LANE, () => {
          if (effect.what === "close") void this.#tellEnd(id);
          else this.#tellSite(id, `stream.${effect.what}`);
        });
      case "TickPaid":
        return this.#ctx.events.tell(turn, "stream.tick", {
          session: `ses_${id}`,
          slots: effect.slots,
          amountMsat: effect.amount.toString(),
          feeMsat: effect.fee.toString(),
        });
      case "Closed":
        return this.#ctx.events.record(turn, "stream.session_closed", { session: `ses_${id}` });
      default:
        return unreachable(effect);
    }
  }
  /** The record of a tick goes with its end: whatever has its hash, over or not, is another payment. */
  #pay(turn: Turn, request: PaymentRequest): void {
    const isTaken = this.#payments.payments.get(request.paymentHash) !== undefined;
    if (isTaken || !this.#payments.pay(turn, request).ok) this.#refuseHash(turn, request);
  }
  /** What becomes of that payment says nothing of the tick. */
  #refuseHash(turn: Turn, request: PaymentRequest): void {
    const failure = { code: "rejected_by_payee", detail: "the site named the hash of another payment" } as const;
    const { now } = turn;
    const payment: EndedPayment = { tag: "Failed", request, createdAt: now, attempts: 0, failure, endedAt: now };
    const { purpose } = request;
    if (purpose.tag !== "Tick") return;
    turn.next((later) => this.#step(later, purpose.sessionId as SessionId, { tag: "PaymentEnded", payment, now }));
  }
  #answer(id: SessionId, slot: number, answer: KeyAnswer): void {
    const waiting = this.#waiting.get(keyId(id, slot)) ?? [];
    this.#waiting.delete(keyId(id, slot));
    for (const resolve of waiting) resolve(answer);
  }
  async #askOffers(id: SessionId, effect: Extract<PayerEffect, { tag: "AskOffers" }>): Promise<void> {
    const { sequence, round, ticks } = effect;
    const site = this.#sessions.get(id)?.record.site;
    if (site === undefined) return;
    const answered = await this.#ask(site, { name: "stream.offers", session: id, sequence, attempt: round, ticks });
    const offers = answered.ok ? parseOffers(answered.value) : answered;
    this.#ctx.turns.run((turn) => {
      if (offers.ok) this.#step(turn, id, { tag: "OffersArrived", round, signed: offers.value, now: turn.now });
      else this.#step(turn, id, { tag: "OffersFailed", round, detail: JSON.stringify(offers.error) });
    });
  }
  async #askKey(id: SessionId, slot: number): Promise<void> {
    const site = this.#sessions.get(id)?.record.site;
    if (site === undefined) return;
    const answered = await this.#ask(site, { name: "stream.key", session: id, slot });
    const key = answered.ok ? parseKey(slot, answered.value) : answered;
    if (key.ok) this.#keys.set(keyId(id, slot), key.value);
    this.#answer(id, slot, key.ok ? key : err(refusedBySite(key.error)));
  }
  #tellSite(id: SessionId, name: "stream.pause" | "stream.resume"): void {
    const site = this.#sessions.get(id)?.record.site;
    if (site !== undefined) void this.#ask(site, { name, session: id });
  }
  /** Until the site has answered: it would keep the session for ever otherwise. `pauseMs`: after an attempt in vain. */
  async #tellEnd(id: SessionId, pauseMs = TELL_AGAIN_MS.first, tries?: number): Promise<void> {
    const site = this.#sessions.get(id)?.record.site;
    if (site === undefined) return;
    const heard = await this.#ask(site, { name: "stream.close", session: id }, tries);
    if (heard.ok) return this.#ctx.turns.run((turn) => this.#step(turn, id, { tag: "CloseHeard" }));
    if (this.#links.isStopped) return;
    const next = Math.min(2 * pauseMs, TELL_AGAIN_MS.most);
    this.#ctx.clock.after(pauseMs, () => void this.#tellEnd(id, next, 1));
  }
  async #ask(site: string, request: StreamRequest, tries?: number): Promise<Result<unknown, CommandFault>> {
    try {
      return ok(await this.#links.request(site, request.name, requestBody(request), tries));
    } catch (error) {
      this.#ctx.log.warn("site not reached", { site, error: String(error) });
      return err({ code: "peer_unreachable", detail: `the site ${site} cannot be reached` });
    }
  }
  #info(session: PayerSession): SubscriptionInfo {
    const { id, site, terms, state, account, unlocked } = session.record;
    const meter = payerMeter(session);
    return {
      id: `ses_${id}`,
      stream: terms.stream,
      site,
      payee: terms.payee,
      state,
      pricePerUnit: terms.pricePerUnit,
      feePerUnit: state === "closed" ? undefined : this.#feePerUnit(terms),
      paid: account.paid,
      fees: meter.fees,
      owed: meter.owed,
      cap: meter.cap,
      windowUnits: meter.windowUnits,
      units: terms.units,
      unlocked: listSlots(unlocked),
    };
  }
  /** What routers would take of one unit now; undefined when there is no way. */
  #feePerUnit({ payee, pricePerUnit, minFinalCltvExpiryDelta }: StreamTerms): Msat | undefined {
    const maxFee = msat(FEE_LIMIT.base + (pricePerUnit * BigInt(FEE_LIMIT.ppm)) / 1_000_000n);
    const found = this.#payments.quote(payee, pricePerUnit, maxFee, minFinalCltvExpiryDelta);
    return found.ok ? found.value.fee : undefined;
  }
}

const keyId = (id: SessionId, slot: number): string => `${id}/${slot}`;
