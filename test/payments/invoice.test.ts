import * as bolt11 from "bolt11";
import { expect } from "chai";
import fc from "fast-check";
import { decodeBech32, encodeBech32, toWords } from "../../src/base/bech32.ts";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { nodeId, paymentHash, unpackShortChannelId } from "../../src/base/ids.ts";
import { MSAT_MAX, msat } from "../../src/base/units.ts";
import type { NetworkName } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import {
  decodeInvoice,
  encodeInvoice,
  field,
  type InvoiceTerms,
  invoiceExpiry,
  signedData,
  signedInvoice,
} from "../../src/payments/invoice.ts";
import { FIELD } from "../../src/payments/invoice-fields.ts";
import { featureBits } from "../../src/wire/features.ts";
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

const SECRET = fromHex("42".repeat(32));
const PAYEE = nodeId(secp256k1.publicKey(SECRET));
const TERMS: InvoiceTerms = {
  network: "regtest",
  amount: msat(1_500n),
  timestamp: 1_700_000_000,
  paymentHash: paymentHash(fromHex("ab".repeat(32))),
  paymentSecret: fromHex("cd".repeat(32)),
  description: "one film, ナンセンス",
  expirySeconds: 600,
  minFinalCltvExpiryDelta: 18,
  features: featureBits([8, 14]),
  routeHints: [],
};
function written(terms: InvoiceTerms): string {
  const unsigned = encodeInvoice(terms);
  if (!unsigned.ok) throw new Error(unsigned.error.code);
  return signedInvoice(unsigned.value, secp256k1.signRecoverable(unsigned.value.digest, SECRET));
}
interface Proof {
  readonly signature: Uint8Array;
  readonly recovery: number;
}
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** The other signature that the same key and digest have: s becomes n - s. */
function highS(digest: Uint8Array): Proof {
  const { signature, recovery } = secp256k1.signRecoverable(digest, SECRET);
  const s = ORDER - BigInt(`0x${toHex(signature.subarray(32))}`);
  return {
    signature: concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, "0"))),
    recovery: recovery ^ 1,
  };
}
/** An invoice with any words between timestamp and signature, signed by our key. */
function crafted(hrp: string, ...fields: readonly Uint8Array[]): string {
  return sealed(hrp, fields, (digest) => secp256k1.signRecoverable(digest, SECRET));
}
function sealed(hrp: string, fields: readonly Uint8Array[], sign: (digest: Uint8Array) => Proof): string {
  const words = concat(new Uint8Array(7), ...fields);
  const { signature, recovery } = sign(sha256(signedData(hrp, words)));
  return encodeBech32({
    hrp,
    words: concat(words, toWords(concat(signature, Uint8Array.of(recovery)))),
    variant: "bech32",
  });
}
const P = field("p", toWords(fromHex("ab".repeat(32))));
const S = field("s", toWords(fromHex("cd".repeat(32))));
const D = field("d", toWords(utf8("d")));
const H = field("h", toWords(fromHex("ef".repeat(32))));
const N = field("n", toWords(fromHex(PAYEE)));
const refusal = (text: string): unknown => {
  const read = decodeInvoice(text, "regtest");
  return read.ok ? "accepted" : read.error;
};

describe("BOLT 11 §Tagged Fields: reader", () => {
  it("takes the least invoice: p, s, d", () => {
    expect(refusal(crafted("lnbcrt", P, S, D))).to.equal("accepted");
  });
  it("refuses an invoice without p, without s, without d and h, with d and h", () => {
    expect(refusal(crafted("lnbcrt", S, D))).to.deep.equal({ code: "missing_field", field: "p" });
    expect(refusal(crafted("lnbcrt", P, D))).to.deep.equal({ code: "missing_field", field: "s" });
    expect(refusal(crafted("lnbcrt", P, S))).to.deep.equal({ code: "description_not_one" });
    expect(refusal(crafted("lnbcrt", P, S, D, H))).to.deep.equal({ code: "description_not_one" });
  });
  for (const [letter, twice] of Object.entries({ p: P, s: S, d: D, n: N })) {
    it(`refuses two fields ${letter}`, () => {
      const base = [P, S, D].filter((other) => other !== twice);
      expect(refusal(crafted("lnbcrt", ...base, twice, twice))).to.deep.equal({
        code: "duplicate_field",
        field: letter,
      });
    });
  }
  it("passes over fields p, s, h, n of a wrong length, and finds none when no other is there", () => {
    const wrong = (letter: "p" | "s" | "h" | "n") => field(letter, new Uint8Array(51).fill(1));
    expect(refusal(crafted("lnbcrt", wrong("p"), wrong("s"), wrong("h"), wrong("n"), P, S, D))).to.equal("accepted");
    expect(refusal(crafted("lnbcrt", wrong("p"), S, D))).to.deep.equal({ code: "missing_field", field: "p" });
    expect(refusal(crafted("lnbcrt", P, S, wrong("h")))).to.deep.equal({ code: "description_not_one" });
  });
  for (const letter of ["c", "x", "9"] as const) {
    it(`refuses ${letter} with a zero word in front`, () => {
      const padded = field(letter, Uint8Array.of(0, 1));
      expect(refusal(crafted("lnbcrt", P, S, D, padded))).to.deep.equal({ code: "malformed_field", field: letter });
    });
  }
  it("refuses a description that is no UTF-8, bits left over, an r of half a hop, an empty r", () => {
    const bad: readonly (readonly ["d" | "m" | "r" | "p", Uint8Array])[] = [
      ["d", toWords(Uint8Array.of(0xc3, 0x28))],
      ["m", Uint8Array.of(1)],
      ["r", toWords(new Uint8Array(50))],
      ["r", new Uint8Array(0)],
    ];
    for (const [letter, words] of bad) {
      const fields = letter === "d" ? [P, S, field("d", words)] : [P, S, D, field(letter, words)];
      expect(refusal(crafted("lnbcrt", ...fields))).to.deep.equal({ code: "malformed_field", field: letter });
    }
  });
  it("skips fallbacks of unknown version and refuses a known one of impossible length", () => {
    const program = toWords(new Uint8Array(21));
    const unknown = field("f", concat(Uint8Array.of(19), program));
    expect(refusal(crafted("lnbcrt", P, S, D, unknown))).to.equal("accepted");
    for (const version of [0, 17, 18]) {
      const fallback = field("f", concat(Uint8Array.of(version), program));
      expect(refusal(crafted("lnbcrt", P, S, D, fallback))).to.deep.equal({ code: "malformed_field", field: "f" });
    }
  });
  it("refuses a final delta that no HTLC could run for", () => {
    const delta = (words: readonly number[]) => crafted("lnbcrt", P, S, D, field("c", Uint8Array.from(words)));
    expect([refusal(delta([1, 31, 31, 31])), refusal(delta([2, 0, 0, 0]))]).to.deep.equal([
      "accepted",
      { code: "malformed_field", field: "c" },
    ]);
  });
  it("says when it expires, however far that is", () => {
    const far = decodeInvoice(crafted("lnbcrt", P, S, D, field("x", new Uint8Array(10).fill(31))), "regtest");
    const soon = decodeInvoice(crafted("lnbcrt", P, S, D, field("x", Uint8Array.of(2))), "regtest");
    expect([far, soon].map((read) => read.ok && invoiceExpiry(read.value))).to.deep.equal([
      Number.MAX_SAFE_INTEGER,
      2_000,
    ]);
  });
  it("keeps several route hints and several fallbacks", () => {
    const fallback = field("f", concat(Uint8Array.of(0), toWords(new Uint8Array(20))));
    const hint = field("r", toWords(concat(fromHex(PAYEE), new Uint8Array(18))));
    const read = decodeInvoice(crafted("lnbcrt", P, S, D, fallback, hint, fallback, hint), "regtest");
    expect(read.ok && [read.value.fallbacks.length, read.value.routeHints.length]).to.deep.equal([2, 2]);
  });
  it("skips fields of unknown type and refuses one that runs over the end", () => {
    expect(refusal(crafted("lnbcrt", P, S, D, Uint8Array.of(2, 0, 1, 7)))).to.equal("accepted");
    expect(refusal(crafted("lnbcrt", P, S, D, Uint8Array.of(2, 0, 2, 7)))).to.deep.equal({ code: "truncated_field" });
    expect(refusal(crafted("lnbcrt", P, S, D, Uint8Array.of(2, 0)))).to.deep.equal({ code: "truncated_field" });
  });
  it("refuses a payee that did not sign, and finds the signer when none is stated", () => {
    const other = field("n", toWords(secp256k1.publicKey(fromHex("43".repeat(32)))));
    expect(refusal(crafted("lnbcrt", P, S, D, other))).to.deep.equal({ code: "bad_signature" });
    const read = decodeInvoice(crafted("lnbcrt", P, S, D, N), "regtest");
    expect(read.ok && [read.value.payee, read.value.payeeStated]).to.deep.equal([PAYEE, true]);
    const found = decodeInvoice(crafted("lnbcrt", P, S, D), "regtest");
    expect(found.ok && [found.value.payee, found.value.payeeStated]).to.deep.equal([PAYEE, false]);
  });
  it("refuses a high S under a stated payee and takes it where the signer is found", () => {
    expect(refusal(sealed("lnbcrt", [P, S, D, N], highS))).to.deep.equal({ code: "bad_signature" });
    const read = decodeInvoice(sealed("lnbcrt", [P, S, D], highS), "regtest");
    expect(read.ok && read.value.payee).to.equal(PAYEE);
  });
  it("takes basic_mpp without the bit of the secret, which is assumed", () => {
    expect(refusal(crafted("lnbcrt", P, S, D, field("9", Uint8Array.of(1, 0, 0, 0))))).to.equal("accepted");
  });
});

describe("BOLT 11 §Human-Readable Part: reader", () => {
  const amountOf = (amount: string): unknown => {
    const read = decodeInvoice(crafted(`lnbcrt${amount}`, P, S, D), "regtest");
    return read.ok ? read.value.amount : read.error.code;
  };
  it("multiplies exactly", () => {
    expect(["1", "1m", "1u", "1n", "10p", "2500u", "9678785340p"].map(amountOf)).to.deep.equal([
      100_000_000_000n,
      100_000_000n,
      100_000n,
      100n,
      1n,
      250_000_000n,
      967_878_534n,
    ]);
  });
  it("reads multipliers that are not the largest", () => {
    expect(["1000m", "1000000u", "1000000000n", "1000000000000p"].map(amountOf)).to.deep.equal(
      Array(4).fill(100_000_000_000n),
    );
  });
  it("takes 21 million coins and no more", () => {
    expect(["21000000", "21000001", "21000000000001m", "99999999999999999999999p"].map(amountOf)).to.deep.equal([
      MSAT_MAX,
      ...Array(3).fill("bad_amount"),
    ]);
  });
  it("refuses zero, leading zeros, other multipliers, signs, fractions and tenths of a millisatoshi", () => {
    expect(["0", "01", "0u", "1x", "1k", "1mm", "1.5m", "1p", "15p"].map(amountOf)).to.deep.equal(
      Array(9).fill("bad_amount"),
    );
    expect(["m", "-1", "+1"].map(amountOf)).to.deep.equal(Array(3).fill("unknown_prefix"));
  });
  it("refuses a text too long to keep", () => {
    expect(refusal(`lnbcrt1${"q".repeat(8_186)}`)).to.deep.equal({ code: "too_long" });
  });
  it("tells the networks apart, each by its longest prefix", () => {
    const seen = ["lnbc1", "lntb1", "lntbs1", "lnbc2500u", "lnsb", "lnxyz"].map((hrp) =>
      refusal(crafted(hrp, P, S, D)),
    );
    const other = (currency: string) => ({ code: "wrong_network", currency });
    const unknown = { code: "unknown_prefix" };
    expect(seen).to.deep.equal([other("bc"), other("tb"), other("tbs"), other("bc"), unknown, unknown]);
  });
});

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
    network: fc.constantFrom<NetworkName>("mainnet", "testnet4", "signet", "regtest"),
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
