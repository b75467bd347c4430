import { expect } from "chai";
import { decodeInvoice } from "../../src/payments/invoice.ts";
import { describeVectors } from "../support/vectors.ts";
import { type InvoiceVectors, NETWORK, shownInvoice } from "./shown-invoice.ts";

/** Which rule each invalid vector breaks. */
const BROKEN: Readonly<Record<string, object>> = {
  "unknown-even-feature-100": { code: "unsupported_feature", bit: 100 },
  checksum: { code: "not_bech32" },
  "no-separator": { code: "not_bech32" },
  "mixed-case": { code: "not_bech32" },
  "signature-not-recoverable": { code: "bad_signature" },
  "too-short": { code: "too_short" },
  "invalid-multiplier": { code: "bad_amount" },
  "sub-millisatoshi": { code: "bad_amount" },
  "missing-payment-secret": { code: "missing_field", field: "s" },
  // Its signature has a high S beside; that rule has a test of its own below.
  "high-s-with-n-field": { code: "duplicate_field", field: "s" },
};

describeVectors<InvoiceVectors>("BOLT 11 §Examples", "bolts/bolt11/invoices.json", (vectors) => {
  for (const { name, invoice, decoded } of vectors.valid) {
    it(`reads every field of: ${name}`, () => {
      const { tag_order: _order, ...expected } = decoded;
      const read = decodeInvoice(invoice, NETWORK[decoded.network]);
      if (!read.ok) throw new Error(JSON.stringify(read.error));
      expect(shownInvoice(read.value, decoded.network)).to.deep.equal(expected);
    });
  }
  for (const { name, invoice } of vectors.invalid) {
    it(`refuses: ${name}`, () => {
      expect(decodeInvoice(invoice, "mainnet")).to.deep.equal({ ok: false, error: BROKEN[name] });
    });
  }
});
