import type { HtlcFailure, HtlcOrigin, OfferRefusal } from "../../../channels/index.ts";
import {
  findRoute,
  type Graph,
  type LocalChannel,
  learn,
  NO_SCORES,
  type NoRoute,
  type Scores,
} from "../../../routing/index.ts";
import type { NodeId, PaymentHash, Preimage } from "../../base/ids.ts";
import { assert, err, ok, type Result, unreachable } from "../../base/result.ts";
import { type BlockHeight, cltvExpiry, type Msat, type UnixMs } from "../../base/units.ts";
import { type PaymentExists, startPayment, stepPayment } from "../../payments/outgoing.ts";
import type {
  EndedPayment,
  Payment,
  PaymentEffect,
  PaymentFailure,
  PaymentInput,
  PaymentRequest,
} from "../../payments/payment.ts";
import { paymentRecord } from "../../payments/payment-codec.ts";
import { STALE_TIP } from "../chain/stale-tip.ts";
import type { ChannelHost } from "../channel/host.ts";
import { ANSWER_LANE, type NodeContext } from "../context.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { Portions } from "./portions.ts";

export interface PaymentHostParts {
  readonly ctx: NodeContext;
  readonly channels: () => ChannelHost;
  readonly graph: Graph;
  readonly height: () => BlockHeight;
  readonly localChannels: () => readonly LocalChannel[];
  /** Whether one of them, which cannot carry so much now, is about to be able to. */
  readonly isMakingRoom: (amount: Msat) => boolean;
  /** Of payments that streams make: told in the same turn. */
  readonly tickEnded: (turn: Turn, payment: EndedPayment) => void;
}

/** After a start, attempts that never left are tried again once peers have had time to come back. Policy, not protocol. */
const RESTART_MS = 1_500;
/** Payments that set out on one turn of the loop: the peer looks at the first while onions are made for the rest. Policy, not protocol. */
const DEPARTURES = 24;

interface Departure {
  readonly hash: PaymentHash;
  readonly effect: Extract<PaymentEffect, { tag: "FindRoute" }>;
}

/** For room in our channels, at once: each is in memory, and tried again whenever there may be some. Policy, not protocol. */
export const WAITING_MAX = 1_000;
const TOO_MANY_WAITING: PaymentFailure = {
  code: "too_many_waiting",
  detail: `${WAITING_MAX} payments wait for room in the channels already`,
};

/** Pays: finds routes, offers HTLCs, and follows each payment to its one end. */
export class PaymentHost {
  readonly #parts: PaymentHostParts;
  readonly payments: RecordTable<Payment>;
  readonly #waiting = new Map<PaymentHash, ((payment: EndedPayment) => void)[]>();
  /** For room in our channels, in the order they came, each with a clock that ends it. */
  readonly #queue = new Map<PaymentHash, { readonly amount: Msat; readonly stopClock: () => void }>();
  readonly #departures: Portions<Departure>;
  #scores: Scores = NO_SCORES;

  constructor(parts: PaymentHostParts) {
    this.#parts = parts;
    this.#departures = new Portions(parts.ctx.turns, DEPARTURES, (turn, { hash, effect }) =>
      this.#findRoute(turn, hash, effect),
    );
    this.payments = recordTable(parts.ctx.store, KEY.payments, paymentRecord);
  }

  /** What was under way when the node stopped goes on. */
  start(): void {
    const { ctx, channels } = this.#parts;
    const open = this.payments.list().filter(({ value }) => value.tag === "Routing" || value.tag === "InFlight");
    if (open.length === 0) return;
    ctx.clock.after(RESTART_MS, () =>
      ctx.turns.run((turn) => {
        for (const { id } of open) {
          // It may have ended meanwhile, and one of a stream is not kept then.
          const payment = this.payments.get(id);
          const held = payment?.tag === "InFlight" && channels().holds(originOf(id, payment.attempt.number));
          this.#step(turn, id as PaymentHash, { tag: "Restarted", held, now: turn.now });
        }
      }),
    );
  }
  pay(turn: Turn, request: PaymentRequest): Result<Payment, PaymentExists> {
    const started = startPayment(this.payments.get(request.paymentHash), request, turn.now);
    if (!started.ok) return err(started.error);
    if (request.purpose.tag !== "Tick") {
      const { paymentHash, amount, payee } = request;
      this.#parts.ctx.events.record(turn, "payment.started", { paymentHash, payee, amountMsat: amount.toString() });
    }
    this.#take(turn, request.paymentHash, started.value);
    return ok(started.value.next);
  }
  /** Called once the payment has ended and that is durable, never before this has returned. The answer stops waiting. */
  whenEnded(hash: PaymentHash, listener: (payment: EndedPayment) => void): () => void {
    const payment = this.payments.get(hash);
    if (payment?.tag === "Succeeded" || payment?.tag === "Failed") {
      let isOver = false;
      const tell = (): void => {
        if (!isOver) listener(payment);
      };
      const { clock, turns } = this.#parts.ctx;
      clock.after(0, () => turns.run((turn) => turn.afterwards(ANSWER_LANE, tell)));
      return () => {
        isOver = true;
      };
    }
    this.#waiting.set(hash, [...(this.#waiting.get(hash) ?? []), listener]);
    return () => {
      const left = (this.#waiting.get(hash) ?? []).filter((other) => other !== listener);
      if (left.length === 0) this.#waiting.delete(hash);
      else this.#waiting.set(hash, left);
    };
  }
  settled(turn: Turn, hash: string, attempt: number, preimage: Preimage): void {
    this.#step(turn, hash as PaymentHash, { tag: "HtlcSettled", attempt, preimage, now: turn.now });
  }
  failed(turn: Turn, hash: string, attempt: number, failure: HtlcFailure): void {
    this.#step(turn, hash as PaymentHash, { tag: "HtlcFailed", attempt, failure, now: turn.now });
  }
  refused(turn: Turn, hash: string, attempt: number, reason: OfferRefusal): void {
    this.#step(turn, hash as PaymentHash, { tag: "HtlcRefused", attempt, detail: reason.code, now: turn.now });
  }
  /** Something may have left a channel, or its peer has: who waits for room tries again, one after the other. */
  roomMade(turn: Turn): void {
    let tooMuch: Msat | undefined;
    for (const [hash, { amount }] of this.#queue) {
      if (tooMuch !== undefined && amount >= tooMuch) continue;
      const payment = this.payments.get(hash);
      assert(payment?.tag === "Routing", "a payment that waits for room has no HTLC");
      this.#findRoute(turn, hash, { tag: "FindRoute", request: payment.request, excluded: payment.excluded });
      // Behind the offer that this has led to.
      if (!this.#queue.has(hash)) return turn.next((later) => this.roomMade(later));
      // Who wants less is not held up by it.
      tooMuch = amount;
    }
  }
  #wait(hash: PaymentHash, { amount, deadline }: PaymentRequest, now: UnixMs): void {
    if (this.#queue.has(hash)) return;
    const { clock, turns } = this.#parts.ctx;
    const timeOut = (turn: Turn): void => {
      this.#queue.delete(hash);
      this.#step(turn, hash, { tag: "Restarted", held: false, now: turn.now });
    };
    const stopClock = clock.after(Math.max(0, deadline - now), () => turns.run(timeOut));
    this.#queue.set(hash, { amount, stopClock });
  }
  /** The cheapest way there now, without paying. */
  quote(to: NodeId, amount: Msat, maxFee: Msat, finalDelta: number) {
    return this.#search({ payee: to, amount, maxFee, minFinalCltvExpiryDelta: finalDelta });
  }

  #step(turn: Turn, hash: PaymentHash, input: PaymentInput): void {
    const payment = this.payments.get(hash);
    if (payment === undefined) return;
    this.#take(turn, hash, stepPayment(this.#parts.ctx.self, payment, input), payment);
  }
  #take(
    turn: Turn,
    hash: PaymentHash,
    { next, effects }: { readonly next: Payment; readonly effects: readonly PaymentEffect[] },
    before?: Payment,
  ): void {
    if (next !== before) this.payments.put(turn, hash, next);
    // Whatever has moved it on: a way, a failure, or what is tried again after a start.
    if (next.tag !== "Routing" && this.#queue.size > 0) {
      this.#queue.get(hash)?.stopClock();
      this.#queue.delete(hash);
    }
    for (const effect of effects) this.#perform(turn, hash, effect);
  }
  #perform(turn: Turn, hash: PaymentHash, effect: PaymentEffect): void {
    switch (effect.tag) {
      case "FindRoute":
        return this.#departures.add(turn, { hash, effect });
      case "OfferHtlc":
        return turn.next((later) => this.#offer(later, effect));
      case "Learned":
        this.#scores = learn(this.#scores, effect.blame, turn.now);
        return undefined;
      case "Finished":
        return this.#finished(turn, hash, effect.payment);
      default:
        return unreachable(effect);
    }
  }
  #findRoute(turn: Turn, hash: PaymentHash, { request, excluded }: Extract<PaymentEffect, { tag: "FindRoute" }>): void {
    const now = turn.now;
    if (this.#parts.ctx.chain.staleSince() !== undefined)
      return this.#step(turn, hash, { tag: "NoRoute", failure: { code: "stale_tip", detail: STALE_TIP }, now });
    const found = this.#search({ ...request, excluded });
    if (!found.ok && found.error.code === "insufficient_balance" && this.#parts.isMakingRoom(request.amount)) {
      if (this.#queue.size < WAITING_MAX || this.#queue.has(hash)) return this.#wait(hash, request, now);
      return this.#step(turn, hash, { tag: "NoRoute", failure: TOO_MANY_WAITING, now });
    }
    if (!found.ok) return this.#step(turn, hash, { tag: "NoRoute", failure: noRoute(found.error, request), now });
    const sessionKey = this.#parts.ctx.random.bytes(32);
    this.#step(turn, hash, { tag: "RouteFound", route: found.value, sessionKey, now });
  }
  #search(
    request: Pick<PaymentRequest, "payee" | "amount" | "maxFee" | "minFinalCltvExpiryDelta"> &
      Partial<Pick<PaymentRequest, "routeHints">> & {
        readonly excluded?: Extract<PaymentEffect, { tag: "FindRoute" }>["excluded"];
      },
  ) {
    const { ctx, graph, height, localChannels } = this.#parts;
    return findRoute(graph, {
      source: ctx.self,
      target: request.payee,
      amount: request.amount,
      finalExpiry: cltvExpiry(height() + request.minFinalCltvExpiryDelta + ctx.policy.timing.expirySlack),
      maxFee: request.maxFee,
      localChannels: localChannels(),
      routeHints: request.routeHints ?? [],
      excluded: request.excluded ?? { edges: [], nodes: [] },
      scores: this.#scores,
      now: ctx.clock.now(),
    });
  }
  #offer(turn: Turn, effect: Extract<PaymentEffect, { tag: "OfferHtlc" }>): void {
    const { paymentHash, attempt, shortChannelId, amount, expiry, onion } = effect;
    const channels = this.#parts.channels();
    const entry = channels.table.byScid(shortChannelId);
    if (entry === undefined) return this.refused(turn, paymentHash, attempt, { code: "not_open" });
    const origin = originOf(paymentHash, attempt);
    channels.apply(turn, entry, { tag: "OfferHtlc", amount, paymentHash, expiry, onion, origin });
  }
  #finished(turn: Turn, hash: PaymentHash, payment: EndedPayment): void {
    const { events } = this.#parts.ctx;
    if (payment.request.purpose.tag === "Tick") turn.next((later) => this.#parts.tickEnded(later, payment));
    else if (payment.tag === "Succeeded") {
      const { fee, preimage } = payment;
      const amountMsat = payment.request.amount.toString();
      events.record(turn, "payment.succeeded", { paymentHash: hash, amountMsat, feeMsat: fee.toString(), preimage });
    } else events.record(turn, "payment.failed", { paymentHash: hash, code: payment.failure.code });
    const waiting = this.#waiting.get(hash) ?? [];
    this.#waiting.delete(hash);
    turn.afterwards(ANSWER_LANE, () => {
      for (const listener of waiting) listener(payment);
    });
  }
}

const originOf = (paymentId: string, attempt: number): HtlcOrigin => ({ tag: "payment", paymentId, attempt });

function noRoute(reason: NoRoute, request: PaymentRequest): PaymentFailure {
  switch (reason.code) {
    case "no_route":
      return { code: "no_route", detail: `no way to ${request.payee} for ${request.amount} msat is known` };
    case "fee_too_high":
      return {
        code: "fee_too_high",
        detail: `the cheapest way takes ${reason.fee} msat, the limit is ${request.maxFee}`,
      };
    case "insufficient_balance": {
      const detail = `needs ${request.amount} msat, the best channel can send ${reason.spendable} msat`;
      return { code: "no_route", detail };
    }
    default:
      return unreachable(reason);
  }
}
