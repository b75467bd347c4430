import { err, ok, type Result, unreachable } from "../../base/result.ts";
import { addMsat } from "../../base/units.ts";
import type { IncomingEnv } from "../../payments/incoming.ts";
import type { FinalHtlc, SettleEffect } from "../../payments/invoice-record.ts";
import { listingRecord, type StreamListing, termsOf } from "../../streams/catalogue.ts";
import { contentSecret, sessionSecrets } from "../../streams/keys.ts";
import {
  accountBody,
  keyBody,
  offersBody,
  parseRequest,
  receiptBody,
  refusalBody,
  type StreamRequest,
  termsBody,
} from "../../streams/messages.ts";
import {
  closePayee,
  isSameOpening,
  judgeTick,
  keyOf,
  type LinkRefusal,
  offerTicks,
  openPayeeSession,
  type PayeeSecrets,
  type PayeeSession,
  pausePayee,
  resumePayee,
} from "../../streams/payee.ts";
import { hasSigned, receiptDigest, receiptOf } from "../../streams/receipt.ts";
import type { SessionId } from "../../streams/session.ts";
import { payeeRecord } from "../../streams/session-codecs.ts";
import { findTickRecord, offersDigest } from "../../streams/ticket.ts";
import { ANSWER_LANE, type NodeContext } from "../context.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

type Answer = Readonly<Record<string, unknown>>;

/**
 * Policy, not protocol: sessions that have paid nothing. Anybody may open as many as he likes, so that beyond them the one that
 * was not heard of for longest is forgotten.
 */
export const UNPAID_MAX = 10_000;
/** What the record of a stream can count to. */
const SESSIONS_MAX = 2 ** 32 - 1;

/** The site's side of streams: what is on sale, the sessions with viewers, and the ticks that pay for them. */
export class SiteHost {
  readonly #ctx: NodeContext;
  readonly #env: () => Pick<IncomingEnv, "height" | "isBehind">;
  readonly #master: Uint8Array;
  readonly streams: RecordTable<StreamListing>;
  readonly sessions: RecordTable<PayeeSession>;
  /** Those that have paid nothing, heard of last behind the others. */
  readonly #unpaid = new Set<SessionId>();

  constructor(ctx: NodeContext, env: () => Pick<IncomingEnv, "height" | "isBehind">) {
    this.#ctx = ctx;
    this.#env = env;
    this.#master = ctx.signer.streamMaster;
    this.streams = recordTable(ctx.store, KEY.streams, listingRecord);
    this.sessions = recordTable(ctx.store, KEY.sessions, payeeRecord);
    const unpaid = this.sessions.list().filter(({ value }) => !hasPaid(value));
    for (const { value } of unpaid.sort((a, b) => a.value.openedAt - b.value.openedAt)) this.#unpaid.add(value.id);
  }
  /** Of a stream's segment keys, for the packager. */
  contentSecret(stream: string): Uint8Array {
    return contentSecret(this.#master, stream);
  }

  /** An HTLC that says it pays for a stream of ours; undefined when it says nothing of the kind. */
  tick(turn: Turn, htlc: FinalHtlc): readonly SettleEffect[] | undefined {
    const record = findTickRecord(htlc.payload.customRecords);
    const session = record === undefined ? undefined : this.sessions.get(record.session);
    if (record === undefined || session === undefined) return undefined;
    const { next, effects } = judgeTick(this.#env(), session, this.#secrets(session), record, htlc);
    if (next !== session) this.sessions.put(turn, next.id, next);
    if (hasPaid(next)) this.#unpaid.delete(next.id);
    const settling: SettleEffect[] = [];
    for (const effect of effects) {
      if (effect.tag !== "TickSettled") {
        settling.push(effect);
        continue;
      }
      const listing = this.streams.get(session.terms.stream);
      if (listing !== undefined) {
        this.streams.put(turn, listing.id, { ...listing, earned: addMsat(listing.earned, effect.amount) });
      }
      this.#ctx.events.tell(turn, "stream.tick", {
        session: `ses_${effect.session}`,
        slots: effect.slots,
        amountMsat: effect.amount.toString(),
        paidMsat: next.account.paid.toString(),
      });
    }
    return settling;
  }

  /** One request of a viewer's node. The answer leaves only after what it tells of is durable. */
  request(name: string, body: unknown): Promise<Answer> {
    const parsed = parseRequest(name, body);
    if (!parsed.ok) return Promise.resolve(refusalBody(parsed.error));
    return new Promise((resolve) => {
      this.#ctx.turns.run((turn) => {
        const answer = this.#answer(turn, parsed.value);
        turn.afterwards(ANSWER_LANE, () => resolve(answer.ok ? answer.value : refusalBody(answer.error)));
      });
    });
  }
  #answer(turn: Turn, request: StreamRequest): Result<Answer, LinkRefusal> {
    if (request.name === "stream.open") return this.#open(turn, request);
    const session = this.sessions.get(request.session);
    if (session === undefined) return err({ code: "unknown_session" });
    if (this.#unpaid.delete(session.id)) this.#unpaid.add(session.id);
    const keep = (next: PayeeSession): PayeeSession => {
      if (next !== session) this.sessions.put(turn, next.id, next);
      return next;
    };
    switch (request.name) {
      case "stream.offers": {
        const offered = offerTicks(session, this.#secrets(session), request);
        if (!offered.ok) return offered;
        const { next, offers } = offered.value;
        const signature = this.#sign(offersDigest(keep(next).id, offers));
        return ok(offersBody({ offers, signature }));
      }
      case "stream.key": {
        const key = keyOf(session, this.#secrets(session), request.slot);
        return key.ok ? ok(keyBody(request.slot, key.value)) : key;
      }
      case "stream.pause":
        return ok(accountBody(keep(pausePayee(session)).account));
      case "stream.resume":
        return ok(accountBody(keep(resumePayee(session)).account));
      case "stream.close":
        if (session.state !== "closed") this.#say(turn, "stream.session_closed", session);
        return ok(accountBody(keep(closePayee(session, turn.now)).account));
      case "stream.receipt": {
        const receipt = receiptOf(session.id, session.payer, session.terms, session.account);
        const agreed = hasSigned(receipt, session.payer, request.signature);
        return ok(receiptBody(session.account, agreed ? this.#sign(receiptDigest(receipt)) : undefined));
      }
      default:
        return unreachable(request);
    }
  }
  #open(turn: Turn, request: Extract<StreamRequest, { name: "stream.open" }>): Result<Answer, LinkRefusal> {
    const { session: id, stream, payer } = request;
    const known = this.sessions.get(id);
    if (known !== undefined) {
      return isSameOpening(known, payer, stream) ? ok(termsBody(known.terms)) : err({ code: "session_taken" });
    }
    const listing = this.streams.get(stream);
    if (listing === undefined) return err({ code: "unknown_stream" });
    const secrets = sessionSecrets(this.#master, id);
    const { minFinalCltvExpiryDelta } = this.#ctx.policy.timing;
    const terms = termsOf(listing, this.#ctx.self, secrets.payment, minFinalCltvExpiryDelta);
    const session = openPayeeSession(id, payer, terms, turn.now);
    this.sessions.put(turn, id, session);
    this.#unpaid.add(id);
    this.#forgetBeyond(turn);
    this.streams.put(turn, stream, { ...listing, sessions: Math.min(listing.sessions + 1, SESSIONS_MAX) });
    this.#say(turn, "stream.session_opened", session);
    return ok(termsBody(terms));
  }
  #forgetBeyond(turn: Turn): void {
    for (const oldest of this.#unpaid) {
      if (this.#unpaid.size <= UNPAID_MAX) return;
      this.#unpaid.delete(oldest);
      this.sessions.put(turn, oldest, undefined);
    }
  }
  /** What is kept for ever is about those that have paid. */
  #say(turn: Turn, type: string, session: PayeeSession): void {
    const { events } = this.#ctx;
    if (hasPaid(session)) events.record(turn, type, eventOf(session));
    else events.tell(turn, type, eventOf(session));
  }
  #secrets(session: PayeeSession): PayeeSecrets {
    return { ...sessionSecrets(this.#master, session.id), content: this.contentSecret(session.terms.stream) };
  }
  #sign(digest: Uint8Array): Uint8Array {
    return this.#ctx.signer.signAsNode(digest).signature;
  }
}

const hasPaid = ({ account }: PayeeSession): boolean => account.sequence > 0n;
const eventOf = ({ id, terms, account }: PayeeSession) => ({
  session: `ses_${id}`,
  stream: terms.stream,
  units: account.units,
  paidMsat: account.paid.toString(),
});
