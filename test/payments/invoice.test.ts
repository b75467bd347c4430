import * as bolt11 from "bolt11";
import { expect } from "chai";
import fc from "fast-check";
import { decodeBech32, encodeBech32 } from "../../src/base/bech32.ts";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { paymentHash, unpackShortChannelId } from "../../src/base/ids.ts";
import { MSAT_MAX, msat } from "../../src/base/units.ts";
import type { NetworkName } from "../../src/bitcoin/params.ts";
import { decodeInvoice, encodeInvoice, field } from "../../src/payments/invoice.ts";
import { FIELD } from "../../src/payments/invoice-fields.ts";
import { featureBits } from "../../src/wire/features.ts";
import { crafted, D, H, N, P, PAYEE, S, TERMS, written } from "./crafted-invoice.ts";

describe("BOLT 11 §Tagged Fields: writer", () => {
  it("writes what the reader reads back", () => {
    const read = decodeInvoice(written(TERMS), "regtest");
    if (!read.ok) throw new Error(read.error.code);
    const { signature: _signature, recovery: _recovery, text: _text, ...invoice } = read.value;
    expect(invoice).to.deep.equal({
      network: "regtest",
      amount: 1_500n,
      timestamp: 1_700_000_000,
      payee: PAYEE,
      payeeStated: false,
      paymentHash: TERMS.paymentHash,
      paymentSecret: TERMS.paymentSecret,
      description: TERMS.description,
      descriptionHash: undefined,
      expirySeconds: 600,
      minFinalCltvExpiryDelta: 18,
      paymentMetadata: undefined,
      features: featureBits([8, 14]),
      fallbacks: [],
      routeHints: [],
    });
  });
  it("refuses a description longer than a field", () => {
    expect(encodeInvoice({ ...TERMS, description: "x".repeat(639) }).ok).to.equal(true);
    expect(encodeInvoice({ ...TERMS, description: "é".repeat(320) })).to.deep.equal({
      ok: false,
      error: { code: "description_too_long" },
    });
  });

  const hop = fc.record({
    nodeId: fc.constant(PAYEE),
    shortChannelId: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(unpackShortChannelId),
    feeBaseMsat: fc.integer({ min: 0, max: 0xffff_ffff }),
    feeProportionalMillionths: fc.integer({ min: 0, max: 0xffff_ffff }),
    cltvExpiryDelta: fc.integer({ min: 0, max: 0xffff }),
  });
  const terms = fc.record({
    network: fc.constantFrom<NetworkName>("mainnet", "testnet4", "signet", "regtest", "sluicenet"),
    amount: fc.option(fc.bigInt({ min: 1n, max: MSAT_MAX }).map(msat), { nil: undefined }),
    timestamp: fc.integer({ min: 0, max: 2 ** 35 - 1 }),
    paymentHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(paymentHash),
    paymentSecret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    description: fc.string({ maxLength: 200, unit: "grapheme" }).filter((text) => utf8(text).length <= 639),
    expirySeconds: fc.integer({ min: 1, max: 2 ** 31 }),
    minFinalCltvExpiryDelta: fc.integer({ min: 1, max: 0xffff }),
    features: fc.constantFrom([8, 14], [8, 14, 25], [9, 15, 48, 49], [8, 14, 263]).map(featureBits),
    routeHints: fc.array(fc.array(hop, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    paymentMetadata: fc.uint8Array({ maxLength: 639 }),
  });
  it("agrees with the reader on every field, for any terms", () => {
    fc.assert(
      fc.property(terms, (given) => {
        const read = decodeInvoice(written(given), given.network);
        if (!read.ok) throw new Error(JSON.stringify(read.error));
        const { signature: _s, recovery: _r, text: _t, fallbacks: _f, descriptionHash: _h, ...invoice } = read.value;
        expect(invoice).to.deep.equal({ ...given, payee: PAYEE, payeeStated: false });
      }),
      { seed: 11, numRuns: 150 },
    );
  });
  it("agrees with bolt11's own reader on what it knows", () => {
    fc.assert(
      fc.property(terms, (given) => {
        const read = decodeInvoice(written({ ...given, network: "regtest" }), "regtest");
        if (!read.ok) throw new Error(JSON.stringify(read.error));
        const theirs = bolt11.decode(read.value.text);
        expect([theirs.millisatoshis ?? undefined, theirs.timestamp, theirs.payeeNodeKey]).to.deep.equal([
          read.value.amount?.toString(),
          read.value.timestamp,
          read.value.payee,
        ]);
        const { payment_hash, payment_secret, description, expire_time, min_final_cltv_expiry } = theirs.tagsObject;
        expect([payment_hash, payment_secret, description, expire_time, min_final_cltv_expiry]).to.deep.equal([
          read.value.paymentHash,
          toHex(read.value.paymentSecret),
          read.value.description,
          read.value.expirySeconds,
          read.value.minFinalCltvExpiryDelta,
        ]);
      }),
      { seed: 12, numRuns: 60 },
    );
  });
});

describe("decodeInvoice under fire", () => {
  const sample = decodeBech32(written({ ...TERMS, paymentMetadata: fromHex("0102") }), Number.POSITIVE_INFINITY);
  if (sample === undefined) throw new Error("an invoice is bech32");
  it("never throws, for any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeInvoice(text, "regtest").ok).to.equal(false);
      }),
      { seed: 13, numRuns: 1_000 },
    );
  });
  it("never throws, for any words behind a good prefix, checksum and signature", () => {
    const letters = fc.constantFrom(...(Object.keys(FIELD) as (keyof typeof FIELD)[]));
    const words = fc.uint8Array({ max: 31, maxLength: 110 });
    const someField = fc.tuple(letters, words).map(([letter, content]) => field(letter, content));
    const fields = fc.array(fc.oneof(someField, words, fc.constantFrom(P, S, D, H, N)), { maxLength: 6 });
    fc.assert(
      fc.property(fields, fc.constantFrom("lnbcrt", "lnbcrt10u", "lnbc"), (chosen, hrp) => {
        const read = decodeInvoice(crafted(hrp, ...chosen), "regtest");
        if (read.ok) expect(read.value.paymentSecret).to.have.length(32);
        else expect(read.error.code).to.be.a("string");
      }),
      { seed: 14, numRuns: 400 },
    );
  });
  it("calls no one the payee when one word is changed, unless it is found from the signature", () => {
    const at = fc.integer({ min: 0, max: sample.words.length - 1 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 31 }), (index, flip) => {
        const words = sample.words.slice();
        words[index] = (words[index] as number) ^ flip;
        const read = decodeInvoice(encodeBech32({ ...sample, words }), "regtest");
        if (read.ok) expect(read.value.payee).to.not.equal(PAYEE);
      }),
      { seed: 15, numRuns: 400 },
    );
  });
});
