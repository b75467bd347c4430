import { expect } from "chai";
import { toWords } from "../../src/base/bech32.ts";
import { concat, fromHex } from "../../src/base/bytes.ts";
import { MSAT_MAX } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { decodeInvoice, field, invoiceExpiry } from "../../src/payments/invoice.ts";
import { crafted, D, H, highS, N, P, PAYEE, refusal, S, sealed } from "./crafted-invoice.ts";

/** In Unix milliseconds; later ones are no `Date`. */
const LAST_DATE = 8.64e15;

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
    expect([far, soon].map((read) => read.ok && invoiceExpiry(read.value))).to.deep.equal([LAST_DATE, 2_000]);
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
  it("CONFORMANCE 11: refuses a feature without the one that it needs", () => {
    // Bit 51 is option_zeroconf, bit 47 option_scid_alias.
    const features = (...bits: readonly number[]) => {
      const words = new Uint8Array(11);
      for (const bit of bits)
        words[10 - Math.floor(bit / 5)] = (words[10 - Math.floor(bit / 5)] ?? 0) | (1 << (bit % 5));
      return crafted("lnbcrt", P, S, D, field("9", words));
    };
    expect(refusal(features(51))).to.deep.equal({ code: "missing_dependency", feature: "option_scid_alias" });
    expect(refusal(features(51, 47))).to.equal("accepted");
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
