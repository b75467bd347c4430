import { expect } from "chai";
import type { PaymentHash, Preimage } from "../../src/base/ids.ts";
import { blockHeight, cltvExpiry, msat } from "../../src/base/units.ts";
import type { FinalHtlc } from "../../src/payments/invoice-record.ts";
import {
  CUSTOM_RECORDS_BYTES_MAX,
  customRecordsBytes,
  isCustomType,
  judgeKeysend,
  KEYSEND_MIN,
  type Keysend,
  type KeysendEnv,
  keysendRecord,
} from "../../src/payments/keysend.ts";
import { startPayment, stepPayment } from "../../src/payments/outgoing.ts";
import type { PaymentRequest } from "../../src/payments/payment.ts";
import { paymentRecord } from "../../src/payments/payment-codec.ts";
import {
  CHANNEL,
  HASH,
  NODES,
  OTHER_CHANNEL,
  PREIMAGE,
  peelAlong,
  REQUEST,
  ROUTE,
  SECRETS,
  SESSION_KEY,
  stored,
  T0,
} from "./fixture.ts";
import { opened } from "./opened.ts";

const PODCAST = { type: 7_629_169n, value: Uint8Array.of(0x7b, 0x7d) };
const ENV: KeysendEnv = { isBehind: false, height: blockHeight(100), now: T0, accepts: true, blocksMin: 21 };
const HTLC: FinalHtlc = {
  channelId: CHANNEL,
  htlcId: 4n,
  amount: msat(5_000n),
  paymentHash: HASH,
  expiry: cltvExpiry(121),
  sharedSecret: new Uint8Array(32).fill(3),
  payload: {
    amtToForward: msat(5_000n),
    outgoingCltvValue: cltvExpiry(121),
    paymentSecret: undefined,
    totalMsat: undefined,
    paymentMetadata: undefined,
    keysendPreimage: PREIMAGE,
    customRecords: [PODCAST],
  },
};
const TAKEN: Keysend = {
  paymentHash: HASH,
  preimage: PREIMAGE,
  received: msat(5_000n),
  customRecords: [PODCAST],
  receivedAt: T0,
  htlc: { channelId: CHANNEL, htlcId: 4n },
};
const htlc = (change: Partial<FinalHtlc>, payload: Partial<FinalHtlc["payload"]> = {}): FinalHtlc => ({
  ...HTLC,
  ...change,
  payload: { ...HTLC.payload, ...payload },
});
function judge(given: FinalHtlc, { known, env = ENV }: { known?: Keysend; env?: KeysendEnv } = {}) {
  const { next, effects } = judgeKeysend(env, known && stored(keysendRecord, known), given);
  return { next: next && stored(keysendRecord, next), effects: effects.map(opened(given.sharedSecret)) };
}
const FULFILLED = [{ tag: "FulfillHtlc", channelId: CHANNEL, htlcId: 4n, preimage: PREIMAGE }];
const REFUSED = (amount: bigint) => [{ name: "incorrect_or_unknown_payment_details", htlc_msat: amount, height: 100 }];

describe("a payment without an invoice that comes in (bLIP 3)", () => {
  it("is refused for now by a height that is not the chain's, and fulfilled again if it was taken before", () => {
    const env = { ...ENV, isBehind: true };
    expect(judge(HTLC, { env })).to.deep.equal({ next: undefined, effects: [{ name: "temporary_node_failure" }] });
    expect(judge(HTLC, { env, known: TAKEN }).effects).to.deep.equal(FULFILLED);
  });
  it("is recorded with what its sender wrote, and fulfilled with the sender's preimage in the same step", () => {
    expect(judge(HTLC)).to.deep.equal({ next: TAKEN, effects: FULFILLED });
  });
  it("is taken with a secret too, if its total is the amount, and with more than it says", () => {
    const secret = new Uint8Array(32).fill(6);
    const whole = htlc({ amount: msat(5_001n) }, { paymentSecret: secret, totalMsat: msat(5_000n) });
    expect(judge(whole)).to.deep.equal({ next: { ...TAKEN, received: 5_001n }, effects: FULFILLED });
  });
  it("keeps records of applications alone: none of the protocol's own range", () => {
    const odd = { type: 65_535n, value: Uint8Array.of(1) };
    expect(judge(htlc({}, { customRecords: [odd, PODCAST] })).next).to.deep.equal(TAKEN);
  });
  it("has room in its record for as many as an onion of 1,300 bytes may bring", () => {
    const customRecords = Array.from({ length: 216 }, (_, at) => ({
      type: 65_537n + 2n * BigInt(at),
      value: new Uint8Array(0),
    }));
    expect(customRecordsBytes(customRecords)).to.equal(1_296);
    expect(judge(htlc({}, { customRecords })).next).to.deep.equal({ ...TAKEN, customRecords });
  });

  const alike: Readonly<Record<string, readonly [FinalHtlc, KeysendEnv?]>> = {
    "where none are wanted": [HTLC, { ...ENV, accepts: false }],
    "without a preimage": [htlc({}, { keysendPreimage: undefined })],
    "with the preimage of another hash": [htlc({}, { keysendPreimage: "78".repeat(32) as Preimage })],
    "for another hash than the preimage's": [htlc({ paymentHash: "79".repeat(32) as PaymentHash })],
    "that is one part of several": [htlc({}, { paymentSecret: new Uint8Array(32), totalMsat: msat(5_001n) })],
    "of less than is taken": [htlc({ amount: msat(999n) }, { amtToForward: msat(KEYSEND_MIN - 1n) })],
    "that expires too soon": [htlc({ expiry: cltvExpiry(120) }, { outgoingCltvValue: cltvExpiry(120) })],
    "that expires in years": [htlc({ expiry: cltvExpiry(2_117) })],
  };
  for (const [how, [given, env]] of Object.entries(alike)) {
    it(`${how} is refused with the same words as any other payment (RELIABILITY I6)`, () => {
      expect(judge(given, env && { env })).to.deep.equal({ next: undefined, effects: REFUSED(given.amount) });
    });
  }
  it("of which a hop kept a part or shortened the time is refused, telling so", () => {
    expect(judge(htlc({ amount: msat(4_999n) }))).to.deep.equal({
      next: undefined,
      effects: [{ name: "final_incorrect_htlc_amount", incoming_htlc_amt: 4_999n }],
    });
    expect(judge(htlc({}, { outgoingCltvValue: cltvExpiry(122) }))).to.deep.equal({
      next: undefined,
      effects: [{ name: "final_incorrect_cltv_expiry", cltv_expiry: 121 }],
    });
  });
  it("is fulfilled again after a crash, also once none are wanted any more or its time has run out", () => {
    const env = { ...ENV, accepts: false, height: blockHeight(120) };
    expect(judge(HTLC, { known: TAKEN, env })).to.deep.equal({ next: TAKEN, effects: FULFILLED });
  });
  it("is taken once: another HTLC of its hash is refused, whatever preimage it brings", () => {
    for (const other of [htlc({ channelId: OTHER_CHANNEL }), htlc({ htlcId: 5n })])
      expect(judge(other, { known: TAKEN })).to.deep.equal({ next: TAKEN, effects: REFUSED(5_000n) });
  });
});

describe("a payment without an invoice that we send (bLIP 3)", () => {
  const request = (customRecords: PaymentRequest["customRecords"]): PaymentRequest => ({
    ...REQUEST,
    paymentSecret: undefined,
    customRecords,
    purpose: { tag: "Keysend", preimage: PREIMAGE },
  });
  /** What becomes of it when a route is found; what is stepped is what was stored. */
  function dispatched(customRecords: PaymentRequest["customRecords"]) {
    const begun = startPayment(undefined, request(customRecords), T0);
    if (!begun.ok) throw new Error(begun.error.code);
    const payment = stored(paymentRecord, begun.value.next);
    return stepPayment(NODES.self, payment, { tag: "RouteFound", route: ROUTE, sessionKey: SESSION_KEY, now: T0 });
  }
  const peeled = (customRecords: PaymentRequest["customRecords"]) => {
    const [offer] = dispatched(customRecords).effects;
    if (offer?.tag !== "OfferHtlc") throw new Error("no HTLC is offered");
    return peelAlong(offer.onion, [SECRETS.bob, SECRETS.carol, SECRETS.dave]);
  };
  it("tells the payee its preimage and records, and no secret; the hops before it are told neither", () => {
    const [bob, carol, dave] = peeled([PODCAST]);
    expect([bob?.tag, carol?.tag]).to.deep.equal(["Forward", "Forward"]);
    expect(dave?.tag === "Final" && dave.payload).to.deep.equal({
      amtToForward: 1_000n,
      outgoingCltvValue: 118,
      paymentSecret: undefined,
      totalMsat: undefined,
      paymentMetadata: undefined,
      keysendPreimage: PREIMAGE,
      customRecords: [PODCAST],
    });
  });
  it("brings a record of an even type, which a payee refuses that does not know it", () => {
    const even = { type: 7_629_168n, value: Uint8Array.of(1) };
    expect(peeled([even]).map(({ tag }) => tag)).to.deep.equal(["Forward", "Forward", "InvalidPayload"]);
  });
  it("fails with nothing sent when its records leave no room for the way", () => {
    const { next, effects } = dispatched([{ type: 65_537n, value: new Uint8Array(1_150) }]);
    expect(next.tag === "Failed" && next.failure).to.deep.include({ code: "no_route" });
    expect(effects).to.deep.equal([{ tag: "Finished", payment: next }]);
  });
});

describe("records that go with a payment without an invoice", () => {
  it("have types of applications: above 65,535, and not the preimage's", () => {
    expect([65_535n, 65_536n, 7_629_169n, 5_482_373_484n, 2n ** 64n - 1n].map(isCustomType)).to.deep.equal([
      false,
      true,
      true,
      false,
      true,
    ]);
  });
  it("are counted with their types and lengths, up to what leaves room for the way", () => {
    const filled = (bytes: number) => [{ type: 65_536n, value: new Uint8Array(bytes) }];
    expect([0, 252, 253].map((bytes) => customRecordsBytes(filled(bytes)))).to.deep.equal([6, 258, 261]);
    expect(customRecordsBytes(filled(1_016))).to.equal(CUSTOM_RECORDS_BYTES_MAX);
  });
});
