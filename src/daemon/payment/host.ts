import type { HtlcFailure, HtlcOrigin, OfferRefusal } from "../../../channels/index.ts";
import {
  type Exclusions,
  type FinalContent,
  findRoute,
  type Graph,
  hopsThatFit,
  type LocalChannel,
  learn,
  NO_SCORES,
  type NoRoute,
  type Scores,
} from "../../../routing/index.ts";
import type { NodeId, PaymentHash, Preimage } from "../../base/ids.ts";
import { assert, err, ok, present, type Result, unreachable } from "../../base/result.ts";
import { type BlockHeight, cltvExpiry, type Msat } from "../../base/units.ts";
import { finalContent, type PaymentExists, startPayment, stepPayment } from "../../payments/outgoing.ts";
import type {
  EndedPayment,
  Payment,
  PaymentEffect,
  PaymentFailure,
  PaymentInput,
  PaymentRequest,
} from "../../payments/payment.ts";
import { paymentRecord } from "../../payments/payment-codec.ts";
import { BEHIND } from "../chain/in-step.ts";
import { STALE_TIP } from "../chain/stale-tip.ts";
import type { ChannelHost } from "../channel/host.ts";
import { ANSWER_LANE, type NodeContext } from "../context.ts";
import { RECENT, type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { Portions } from "./portions.ts";
import { carries, WAITING_MAX, WaitingRoom } from "./waiting-room.ts";

export interface PaymentHostParts {
  readonly ctx: NodeContext;
  readonly channels: () => ChannelHost;
  readonly graph: Graph;
  readonly height: () => BlockHeight;
  /** Whether that is not the chain's. */
  readonly isBehind: () => boolean;
  readonly localChannels: () => readonly LocalChannel[];
  /** Those of them that will carry more than now, as they will be once what is in them is over. */
  readonly localChannelsSoon: () => readonly LocalChannel[];
  /** Of payments that streams make: told in the same turn. */
  readonly tickEnded: (turn: Turn, payment: EndedPayment) => void;
}

/** After a start, attempts that never left are tried again once peers have had time to come back. Policy, not protocol. */
const RESTART_MS = 1_500;
/** Payments that set out on one turn of the loop: the peer looks at the first while onions are made for the rest. Policy, not protocol. */
const DEPARTURES = 32;

interface Departure {
  readonly hash: PaymentHash;
  readonly effect: Extract<PaymentEffect, { tag: "FindRoute" }>;
}

type Wanted = Pick<PaymentRequest, "payee" | "amount" | "maxFee" | "minFinalCltvExpiryDelta"> &
  Partial<Pick<PaymentRequest, "routeHints">> & { readonly excluded?: Exclusions; readonly content?: FinalContent };

const TOO_MANY_WAITING: PaymentFailure = {
  code: "too_many_waiting",
  detail: `${WAITING_MAX} payments wait for room in the channels already`,
};

/** Pays: finds routes, offers HTLCs, and follows each payment to its one end. */
export class PaymentHost {
  readonly #parts: PaymentHostParts;
  readonly payments: RecordTable<Payment>;
  readonly #waiting = new Map<PaymentHash, ((payment: EndedPayment) => void)[]>();
  readonly #room: WaitingRoom;
  readonly #departures: Portions<Departure>;
  #scores: Scores = NO_SCORES;

  constructor(parts: PaymentHostParts) {
    this.#parts = parts;
    this.#departures = new Portions(parts.ctx.turns, DEPARTURES, (turn, { hash, effect }) =>
      this.#findRoute(turn, hash, effect),
    );
    const { clock, turns, store } = parts.ctx;
    this.#room = new WaitingRoom(clock, (hash) =>
      turns.run((turn) => this.#step(turn, hash, { tag: "Restarted", held: false, now: turn.now })),
    );
    this.payments = recordTable(store, KEY.payments, paymentRecord, RECENT);
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
    const now = lazy(this.#parts.localChannels);
    const soon = lazy(this.#parts.localChannelsSoon);
    for (const [hash, need] of this.#room.needs()) {
      if (!carries(now(), need) && carries(soon(), need)) continue;
      const payment = this.payments.get(hash);
      assert(payment?.tag === "Routing", "a payment that waits for room has no HTLC");
      this.#findRoute(turn, hash, { tag: "FindRoute", request: payment.request, excluded: payment.excluded });
      // It may have taken the room.
      if (!this.#room.has(hash)) return turn.next((later) => this.roomMade(later));
    }
  }
  /** The cheapest way there now, without paying. */
  quote(to: NodeId, amount: Msat, maxFee: Msat, finalDelta: number) {
    const request = { payee: to, amount, maxFee, minFinalCltvExpiryDelta: finalDelta };
    return this.#search(request, this.#parts.localChannels());
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
    if (next.tag !== "Routing") this.#room.leave(hash);
    for (const effect of effects) this.#perform(turn, hash, effect);
  }
  #perform(turn: Turn, hash: PaymentHash, effect: PaymentEffect): void {
    switch (effect.tag) {
      case "FindRoute":
        return this.#departures.add(turn, { hash, effect });
      case "OfferHtlc":
        // At once: the next search for a route has to see what is taken.
        return this.#offer(turn, effect);
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
    // What has moved on since a search was asked for must never be found waiting for one.
    if (this.payments.get(hash)?.tag !== "Routing") return;
    const now = turn.now;
    const late = this.#whyLate();
    if (late !== undefined)
      return this.#step(turn, hash, { tag: "NoRoute", failure: { code: "stale_tip", detail: late }, now });
    const wanted = { ...request, excluded, content: finalContent(request) };
    const found = this.#search(wanted, this.#parts.localChannels());
    if (!found.ok) return this.#orWait(turn, hash, wanted, found.error);
    const sessionKey = this.#parts.ctx.random.bytes(32);
    this.#step(turn, hash, { tag: "RouteFound", route: found.value, sessionKey, now });
  }
  /** Why an HTLC that is offered now might have less time than it seems to have. */
  #whyLate(): string | undefined {
    const { ctx, isBehind } = this.#parts;
    if (ctx.chain.staleSince() !== undefined) return STALE_TIP;
    return isBehind() ? BEHIND : undefined;
  }
  /** There is no way now: it waits where there will be one once what is in our channels is over, whatever comes of it. */
  #orWait(turn: Turn, hash: PaymentHash, wanted: Wanted & PaymentRequest, reason: NoRoute): void {
    const soon = this.#parts.localChannelsSoon();
    const later = soon.length === 0 ? undefined : this.#search(wanted, soon);
    if (later?.ok !== true)
      return this.#step(turn, hash, { tag: "NoRoute", failure: noRoute(reason, wanted), now: turn.now });
    const { nodeId: peer, amount } = present(later.value.hops[0], "a route has a hop");
    const need = reason.code === "insufficient_balance" ? { amount: wanted.amount, peer: undefined } : { amount, peer };
    if (this.#room.enter(hash, need, wanted.deadline)) return;
    this.#step(turn, hash, { tag: "NoRoute", failure: TOO_MANY_WAITING, now: turn.now });
  }
  #search(request: Wanted, localChannels: readonly LocalChannel[]) {
    const { ctx, graph, height } = this.#parts;
    const { timing, channel } = ctx.policy;
    const maxExpiry = cltvExpiry(height() + channel.expiryDeltaMax);
    return findRoute(graph, {
      source: ctx.self,
      target: request.payee,
      amount: request.amount,
      finalExpiry: cltvExpiry(height() + request.minFinalCltvExpiryDelta + timing.expirySlack),
      maxExpiry,
      hopsMax: request.content && hopsThatFit({ ...request, maxExpiry }, request.content),
      maxFee: request.maxFee,
      localChannels,
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
    if (entry === undefined)
      return turn.next((later) => this.refused(later, paymentHash, attempt, { code: "not_open" }));
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

/** Computed when it is asked for first. */
function lazy<T>(compute: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
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
