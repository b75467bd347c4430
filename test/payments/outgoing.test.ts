import { expect } from "chai";
import fc from "fast-check";
import { createFailure, type FailureMessage, NO_UPDATE, type Route, wrapFailure } from "../../routing/index.ts";
import type { Preimage } from "../../src/base/ids.ts";
import { msat, type UnixMs } from "../../src/base/units.ts";
import { ATTEMPTS_MAX, startPayment, stepPayment } from "../../src/payments/outgoing.ts";
import type { Payment, PaymentEffect, PaymentInput, PaymentRequest } from "../../src/payments/payment.ts";
import { paymentRecord } from "../../src/payments/payment-codec.ts";
import {
  HASH,
  later,
  NODES,
  PREIMAGE,
  peelAlong,
  REQUEST,
  ROUTE,
  SCIDS,
  SECRETS,
  SESSION_KEY,
  stored,
  T0,
} from "./fixture.ts";

const routeFound = (now: UnixMs = T0, route: Route = ROUTE): PaymentInput => ({
  tag: "RouteFound",
  route,
  sessionKey: SESSION_KEY,
  now,
});
function begin(request: PaymentRequest = REQUEST, existing?: Payment) {
  const begun = startPayment(existing, request, T0);
  if (!begun.ok) throw new Error(begun.error.code);
  return begun.value;
}
/** Steps from the disk: what is stepped is what was stored. */
const next = (payment: Payment, input: PaymentInput) => stepPayment(NODES.self, stored(paymentRecord, payment), input);
const inFlight = (): Payment => next(begin().next, routeFound()).next;
const offerOf = (effects: readonly PaymentEffect[]) => {
  const offer = effects.find((effect) => effect.tag === "OfferHtlc");
  if (offer?.tag !== "OfferHtlc") throw new Error("no HTLC is offered");
  return offer;
};

/** The failure as the first hop hands it to us, when the node at `hop` has failed the HTLC. */
function failedAt(hop: number, failure: FailureMessage, attempt = 1): PaymentInput {
  const offer = offerOf(next(begin().next, routeFound()).effects);
  const secrets = peelAlong(offer.onion, [SECRETS.bob, SECRETS.carol, SECRETS.dave]).map((peeled) => {
    if (peeled.tag === "Malformed") throw new Error("the onion opens");
    return peeled.sharedSecret;
  });
  let reason = createFailure(secrets[hop] as Uint8Array, failure);
  for (let at = hop - 1; at >= 0; at--) reason = wrapFailure(secrets[at] as Uint8Array, reason);
  return { tag: "HtlcFailed", attempt, failure: { tag: "failed", reason }, now: later(10) };
}
const TEMPORARY: FailureMessage = { name: "temporary_channel_failure", channel_update: NO_UPDATE };
const DETAILS: FailureMessage = { name: "incorrect_or_unknown_payment_details", htlc_msat: 1_000n, height: 100 };

describe("payment: Routing", () => {
  it("asks for a route first, leaving nothing out", () => {
    const { next: payment, effects } = begin();
    expect(payment.tag).to.equal("Routing");
    expect(effects).to.deep.equal([{ tag: "FindRoute", request: REQUEST, excluded: { edges: [], nodes: [] } }]);
  });
  it("offers one HTLC on the route found, with an onion that each hop can open and that tells the payee its due", () => {
    const { next: payment, effects } = next(begin().next, routeFound());
    const { onion, ...offer } = offerOf(effects);
    expect(payment.tag).to.equal("InFlight");
    expect(effects).to.have.length(1);
    expect(offer).to.deep.equal({
      tag: "OfferHtlc",
      paymentHash: HASH,
      attempt: 1,
      shortChannelId: SCIDS.bob,
      amount: 1_030n,
      expiry: 198,
    });
    const [bob, carol, dave] = peelAlong(onion, [SECRETS.bob, SECRETS.carol, SECRETS.dave]);
    expect([bob?.tag === "Forward" && bob.payload, carol?.tag === "Forward" && carol.payload]).to.deep.equal([
      { shortChannelId: SCIDS.carol, amtToForward: 1_010n, outgoingCltvValue: 158 },
      { shortChannelId: SCIDS.dave, amtToForward: 1_000n, outgoingCltvValue: 118 },
    ]);
    expect(dave?.tag === "Final" && dave.payload).to.deep.include({
      amtToForward: 1_000n,
      outgoingCltvValue: 118,
      paymentSecret: REQUEST.paymentSecret,
      totalMsat: 1_000n,
    });
  });
  it("fails with the search's own reason when there never was a route", () => {
    const failure = { code: "no_route", detail: "no path" } as const;
    const { next: payment, effects } = next(begin().next, { tag: "NoRoute", failure, now: later(5) });
    expect(payment).to.deep.include({ tag: "Failed", failure, endedAt: later(5) });
    expect(effects).to.deep.equal([{ tag: "Finished", payment }]);
  });
  it("refuses a route above the fee limit, sending nothing", () => {
    const { next: payment, effects } = next(begin({ ...REQUEST, maxFee: msat(29n) }).next, routeFound());
    expect(payment.tag === "Failed" && payment.failure.code).to.equal("fee_too_high");
    expect(effects.map(({ tag }) => tag)).to.deep.equal(["Finished"]);
  });
  it("takes a route whose fee is the limit exactly", () => {
    expect(next(begin({ ...REQUEST, maxFee: msat(30n) }).next, routeFound()).next.tag).to.equal("InFlight");
  });
  it("asks again after a restart, and fails when the time is over", () => {
    expect(next(begin().next, { tag: "Restarted", held: false, now: later(59_999) }).effects[0]?.tag).to.equal(
      "FindRoute",
    );
    const { next: payment } = next(begin().next, { tag: "Restarted", held: false, now: REQUEST.deadline });
    expect(payment.tag === "Failed" && payment.failure.code).to.equal("timeout");
  });
});

describe("payment: InFlight", () => {
  it("succeeds with the preimage and the fee of the route, once", () => {
    const { next: payment, effects } = next(inFlight(), {
      tag: "HtlcSettled",
      attempt: 1,
      preimage: PREIMAGE,
      now: later(9),
    });
    const ended = {
      tag: "Succeeded",
      request: REQUEST,
      createdAt: T0,
      attempts: 1,
      preimage: PREIMAGE,
      fee: 30n,
      hops: 3,
      endedAt: later(9),
    };
    expect(payment).to.deep.equal(ended);
    expect(effects).to.deep.equal([{ tag: "Finished", payment: ended }]);
  });
  it("throws on a preimage of another hash: the channel has let a thief pass", () => {
    const settled = { tag: "HtlcSettled", attempt: 1, preimage: "00".repeat(32) as Preimage, now: T0 } as const;
    expect(() => next(inFlight(), settled)).to.throw("the preimage is the hash's own");
  });
  it("tries again without the channel that a hop reports", () => {
    const { next: payment, effects } = next(inFlight(), failedAt(0, TEMPORARY));
    const edge = { from: NODES.bob, shortChannelId: SCIDS.carol };
    expect(payment.tag).to.equal("Routing");
    expect(effects).to.deep.equal([
      { tag: "Learned", blame: { tag: "Edge", edge, permanent: false } },
      { tag: "FindRoute", request: REQUEST, excluded: { edges: [edge], nodes: [] } },
    ]);
  });
  it("tries again without a node that has failed as a node", () => {
    const { effects } = next(inFlight(), failedAt(1, { name: "temporary_node_failure" }));
    expect(effects[1]).to.deep.equal({
      tag: "FindRoute",
      request: REQUEST,
      excluded: { edges: [], nodes: [NODES.carol] },
    });
  });
  it("ends when the payee itself refuses", () => {
    const { next: payment, effects } = next(inFlight(), failedAt(2, DETAILS));
    expect(payment.tag === "Failed" && payment.failure).to.deep.equal({
      code: "rejected_by_payee",
      detail: "incorrect_or_unknown_payment_details from hop 3 of 3",
    });
    expect(effects.map(({ tag }) => tag)).to.deep.equal(["Learned", "Finished"]);
  });
  it("does not believe a hop on the way that speaks for the payee", () => {
    expect(next(inFlight(), failedAt(1, DETAILS)).next.tag).to.equal("Routing");
  });
  it("avoids every forwarding channel of the route after a failure that nobody can read", () => {
    const reason = new Uint8Array(292).fill(7);
    const failure = { tag: "failed", reason } as const;
    const { effects } = next(inFlight(), { tag: "HtlcFailed", attempt: 1, failure, now: T0 });
    expect(effects[1]).to.deep.equal({
      tag: "FindRoute",
      request: REQUEST,
      excluded: {
        edges: [
          { from: NODES.bob, shortChannelId: SCIDS.carol },
          { from: NODES.carol, shortChannelId: SCIDS.dave },
        ],
        nodes: [],
      },
    });
  });
  it("avoids our own channel when it refuses, and tells why when there is no other", () => {
    const refused = next(inFlight(), { tag: "HtlcRefused", attempt: 1, detail: "insufficient_balance", now: T0 });
    const excluded = { edges: [{ from: NODES.self, shortChannelId: SCIDS.bob }], nodes: [] };
    expect(refused.effects[1]).to.deep.equal({ tag: "FindRoute", request: REQUEST, excluded });
    const none = { code: "no_route", detail: "no path" } as const;
    const { next: payment } = next(refused.next, { tag: "NoRoute", failure: none, now: T0 });
    expect(payment.tag === "Failed" && payment.failure).to.deep.equal({
      code: "no_route",
      detail: "insufficient_balance",
    });
  });
  it("gives every attempt a number of its own and stops after the last allowed one", () => {
    let payment = begin().next;
    const numbers: number[] = [];
    for (let round = 0; round < 100 && payment.tag === "Routing"; round++) {
      const dispatched = next(payment, routeFound());
      const { attempt } = offerOf(dispatched.effects);
      numbers.push(attempt);
      payment = next(dispatched.next, { tag: "HtlcRefused", attempt, detail: "full", now: T0 }).next;
    }
    expect(numbers).to.deep.equal(Array.from({ length: ATTEMPTS_MAX }, (_, at) => at + 1));
    expect(payment.tag === "Failed" && payment.failure).to.deep.equal({ code: "attempts_exhausted", detail: "full" });
  });
  it("begins no attempt after the deadline, but waits for one that is out", () => {
    const late = { ...failedAt(0, TEMPORARY), now: REQUEST.deadline } as PaymentInput;
    const { next: payment } = next(inFlight(), late);
    expect(payment.tag === "Failed" && payment.failure.code).to.equal("timeout");
    const held = next(inFlight(), { tag: "Restarted", held: true, now: later(1e9) });
    expect([held.next.tag, held.effects]).to.deep.equal(["InFlight", []]);
    const settled = next(held.next, { tag: "HtlcSettled", attempt: 1, preimage: PREIMAGE, now: later(2e9) });
    expect(settled.next.tag).to.equal("Succeeded");
  });
  it("looks for a route again after a restart that finds no HTLC, with the next number", () => {
    const restarted = next(inFlight(), { tag: "Restarted", held: false, now: T0 });
    expect(restarted.effects.map(({ tag }) => tag)).to.deep.equal(["FindRoute"]);
    expect(offerOf(next(restarted.next, routeFound()).effects).attempt).to.equal(2);
  });
  it("reads a failure after a restart: the stored attempt is enough", () => {
    const restarted = next(inFlight(), { tag: "Restarted", held: true, now: T0 }).next;
    const { next: payment } = next(restarted, failedAt(2, DETAILS));
    expect(payment.tag === "Failed" && payment.failure.code).to.equal("rejected_by_payee");
  });
  it("takes our own peer's word that it could not read the onion", () => {
    const failure = { tag: "malformed", code: 0xc005, sha256OfOnion: new Uint8Array(32) } as const;
    const { next: payment } = next(inFlight(), { tag: "HtlcFailed", attempt: 1, failure, now: T0 });
    expect(payment.tag).to.equal("Routing");
  });
});

describe("payment: one hash, one payment (RELIABILITY I9)", () => {
  const succeeded = next(inFlight(), { tag: "HtlcSettled", attempt: 1, preimage: PREIMAGE, now: later(9) }).next;
  it("answers a second payment of a hash with the first", () => {
    const again = (existing: Payment) => startPayment(existing, REQUEST, later(99));
    expect(again(succeeded)).to.deep.equal({ ok: false, error: { code: "already_paid", payment: succeeded } });
    for (const underway of [begin().next, inFlight()]) {
      expect(again(underway)).to.deep.equal({ ok: false, error: { code: "in_flight", payment: underway } });
    }
  });
  it("lets a failed payment be tried again, its attempts counting on", () => {
    const failed = next(inFlight(), failedAt(2, DETAILS)).next;
    const retried = begin(REQUEST, stored(paymentRecord, failed));
    expect(offerOf(next(retried.next, routeFound()).effects).attempt).to.equal(2);
  });
  it("takes a preimage of an HTLC that it has not offered for none of its own: a site may offer one hash for two ticks", () => {
    const told = (attempt: number) => ({ tag: "HtlcSettled", attempt, preimage: PREIMAGE, now: later(9) }) as const;
    const failed = next(inFlight(), failedAt(2, DETAILS)).next;
    // After a start every HTLC that is paid and still pending is told again, also of a tick whose record is gone.
    for (const [payment, attempt] of [
      [begin().next, 1],
      [inFlight(), 2],
      [failed, 1],
    ] as const)
      expect(next(payment, told(attempt))).to.deep.equal({ next: payment, effects: [] });
  });
  it("ends exactly once, whatever comes in whatever order", () => {
    const failures = [failedAt(0, TEMPORARY), failedAt(1, DETAILS), failedAt(2, DETAILS)];
    const inputs = fc.constantFrom<(attempt: number) => PaymentInput>(
      () => routeFound(),
      () => ({ tag: "NoRoute", failure: { code: "no_route", detail: "" }, now: T0 }),
      (attempt) => ({ tag: "HtlcRefused", attempt, detail: "", now: T0 }),
      (attempt) => ({ tag: "HtlcRefused", attempt: attempt - 1, detail: "", now: T0 }),
      ...failures.map((failure) => (attempt: number) => ({ ...failure, attempt }) as PaymentInput),
      () => ({ tag: "Restarted", held: true, now: T0 }),
    );
    const settles = fc.nat({ max: 12 });
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 12 }), settles, (sequence, settleAt) => {
        let payment: Payment = begin().next;
        let ends = 0;
        sequence.forEach((make, at) => {
          const settle = at === settleAt && payment.tag === "InFlight";
          const input: PaymentInput = settle
            ? { tag: "HtlcSettled", attempt: payment.attempts, preimage: PREIMAGE, now: T0 }
            : make(payment.attempts);
          const before = payment;
          const stepped = next(payment, input);
          payment = stepped.next;
          ends += stepped.effects.filter(({ tag }) => tag === "Finished").length;
          if (before.tag === "Succeeded" || before.tag === "Failed") expect(payment).to.deep.equal(before);
        });
        expect(ends).to.equal(payment.tag === "Succeeded" || payment.tag === "Failed" ? 1 : 0);
      }),
      { seed: 21, numRuns: 200 },
    );
  });
});
