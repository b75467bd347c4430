import { expect } from "chai";
import { paymentHash } from "../../src/base/ids.ts";
import { blockHeight, cltvExpiry, msat, unixMs } from "../../src/base/units.ts";
import { cancelInvoice, expireInvoice, judgeFinal } from "../../src/payments/incoming.ts";
import { invoiceRecord } from "../../src/payments/invoice-codec.ts";
import type { FinalHtlc, InvoiceRecord, InvoiceStatus } from "../../src/payments/invoice-record.ts";
import { CHANNEL, HASH, later, OTHER_CHANNEL, PREIMAGE, stored, T0 } from "./fixture.ts";
import { opened } from "./opened.ts";

const INVOICE: InvoiceRecord = {
  paymentHash: HASH,
  preimage: PREIMAGE,
  paymentSecret: new Uint8Array(32).fill(6),
  amount: msat(1_000n),
  description: "one film",
  bolt11: "lnbcrt1",
  externalId: undefined,
  minFinalCltvExpiryDelta: 18,
  createdAt: T0,
  expiresAt: later(60_000),
  status: { tag: "Open" },
};
const HTLC: FinalHtlc = {
  channelId: CHANNEL,
  htlcId: 4n,
  amount: msat(1_000n),
  paymentHash: HASH,
  expiry: cltvExpiry(118),
  sharedSecret: new Uint8Array(32).fill(3),
  payload: {
    amtToForward: msat(1_000n),
    outgoingCltvValue: cltvExpiry(118),
    paymentSecret: INVOICE.paymentSecret,
    totalMsat: msat(1_000n),
    paymentMetadata: undefined,
    keysendPreimage: undefined,
    customRecords: [],
  },
};
const htlc = (change: Partial<FinalHtlc>, payload: Partial<FinalHtlc["payload"]> = {}): FinalHtlc => ({
  ...HTLC,
  ...change,
  payload: { ...HTLC.payload, ...payload },
});
const paying = (amount: bigint) =>
  htlc({ amount: msat(amount) }, { amtToForward: msat(amount), totalMsat: msat(amount) });
function judge(given: FinalHtlc, invoice: InvoiceRecord | "unknown" = INVOICE, now = T0, isBehind = false) {
  const known = invoice === "unknown" ? undefined : invoice;
  const { next, effects } = judgeFinal({ height: blockHeight(100), now, isBehind }, known, given);
  return { next: next && stored(invoiceRecord, next), effects: effects.map(opened(given.sharedSecret)) };
}
const status = (given: InvoiceStatus): InvoiceRecord => ({ ...INVOICE, status: given });
const REFUSED = (amount: bigint) => [{ name: "incorrect_or_unknown_payment_details", htlc_msat: amount, height: 100 }];

describe("BOLT 4 §Failure Messages: the final node", () => {
  it("fulfils an HTLC that pays an open invoice, and settles the invoice in the same step", () => {
    expect(judge(HTLC)).to.deep.equal({
      next: status({ tag: "Settled", received: msat(1_000n), settledAt: T0, htlc: { channelId: CHANNEL, htlcId: 4n } }),
      effects: [{ tag: "FulfillHtlc", channelId: CHANNEL, htlcId: 4n, preimage: PREIMAGE }],
    });
  });
  it("takes any amount for an invoice that asks none, and up to twice the amount of one that does", () => {
    const taken = (given: FinalHtlc, invoice?: InvoiceRecord) => judge(given, invoice).next?.status.tag;
    expect(taken(paying(7n), { ...INVOICE, amount: undefined })).to.equal("Settled");
    expect([taken(paying(2_000n)), taken(paying(2_001n)), taken(paying(999n))]).to.deep.equal([
      "Settled",
      "Open",
      "Open",
    ]);
  });
  it("treats a sender that leaves out the total as one that means the amount", () => {
    expect(judge(htlc({}, { totalMsat: undefined })).next?.status.tag).to.equal("Settled");
  });

  it("takes nothing by a height that is not the chain's, whether it knows the invoice or not, but what it has taken", () => {
    const settled = judge(HTLC).next as InvoiceRecord;
    for (const invoice of [INVOICE, "unknown"] as const)
      expect(judge(HTLC, invoice, T0, true)).to.deep.equal({
        next: invoice === "unknown" ? undefined : invoice,
        effects: [{ name: "temporary_node_failure" }],
      });
    expect(judge(HTLC, settled, T0, true).effects).to.deep.equal(judge(HTLC).effects);
  });

  const alike: Readonly<Record<string, readonly [FinalHtlc, InvoiceRecord | "unknown"]>> = {
    "for a hash that no invoice has": [HTLC, "unknown"],
    "without a secret": [htlc({}, { paymentSecret: undefined }), INVOICE],
    "with a wrong secret": [htlc({}, { paymentSecret: new Uint8Array(32) }), INVOICE],
    "with too little": [paying(999n), INVOICE],
    "with more than twice as much": [paying(2_001n), INVOICE],
    "that is one part of several": [htlc({}, { totalMsat: msat(1_001n) }), INVOICE],
    "that expires too soon": [htlc({ expiry: cltvExpiry(117) }, { outgoingCltvValue: cltvExpiry(117) }), INVOICE],
    "that expires in years": [htlc({ expiry: cltvExpiry(2_117) }), INVOICE],
    "for an invoice that is settled": [
      HTLC,
      status({ tag: "Settled", received: msat(1n), settledAt: T0, htlc: { channelId: OTHER_CHANNEL, htlcId: 4n } }),
    ],
    "for a canceled invoice": [HTLC, status({ tag: "Canceled", at: T0 })],
    "for an invoice past its time": [HTLC, { ...INVOICE, expiresAt: T0 }],
  };
  for (const [how, [given, invoice]] of Object.entries(alike)) {
    it(`refuses one ${how} with the same words as any other (RELIABILITY I6)`, () => {
      const { next, effects } = judge(given, invoice);
      expect(effects).to.deep.equal(REFUSED(given.amount));
      expect(next).to.deep.equal(invoice === "unknown" ? undefined : invoice);
    });
  }
  it("tells of a hop that kept a part or shortened the time, to who knows the secret only", () => {
    expect(judge(htlc({ amount: msat(999n) })).effects).to.deep.equal([
      { name: "final_incorrect_htlc_amount", incoming_htlc_amt: 999n },
    ]);
    expect(judge(htlc({}, { outgoingCltvValue: cltvExpiry(119) })).effects).to.deep.equal([
      { name: "final_incorrect_cltv_expiry", cltv_expiry: 118 },
    ]);
    const probing = htlc({ amount: msat(999n) }, { paymentSecret: new Uint8Array(32) });
    expect(judge(probing).effects).to.deep.equal(REFUSED(999n));
  });
  it("fulfils the same HTLC again after a crash, and no other under the same hash", () => {
    const settled = judge(HTLC).next;
    expect(judge(HTLC, settled, unixMs(T0 + 1e9))).to.deep.equal(judge(HTLC));
    const other = htlc({ channelId: OTHER_CHANNEL });
    expect(judge(other, settled).effects).to.deep.equal(REFUSED(1_000n));
  });
  it("gives no preimage for a hash that is not the invoice's own (RELIABILITY C6)", () => {
    const { effects } = judge(htlc({ paymentHash: paymentHash(new Uint8Array(32)) }));
    expect(effects).to.deep.equal(REFUSED(1_000n));
  });
});

describe("an invoice with time", () => {
  const settled = status({
    tag: "Settled",
    received: msat(1n),
    settledAt: T0,
    htlc: { channelId: CHANNEL, htlcId: 0n },
  });
  it("expires at its time and not before, unless it is settled", () => {
    expect(expireInvoice(INVOICE, later(59_999))).to.equal(INVOICE);
    expect(expireInvoice(INVOICE, later(60_000)).status).to.deep.equal({ tag: "Expired", at: later(60_000) });
    expect(expireInvoice(settled, later(60_000))).to.equal(settled);
  });
  it("can be canceled while it is open", () => {
    expect(stored(invoiceRecord, cancelInvoice(INVOICE, T0)).status).to.deep.equal({ tag: "Canceled", at: T0 });
    expect(cancelInvoice(settled, T0)).to.equal(settled);
  });
});
