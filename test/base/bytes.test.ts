import { expect } from "chai";
import fc from "fast-check";
import {
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  parseHex,
  parseUtf8,
  printable,
  putReversedHex,
  reversed,
  toHex,
  utf8,
  xorBytes,
} from "../../src/base/bytes.ts";
import { AssertionError, assert, err, ok, present, unreachable } from "../../src/base/result.ts";

const data = fc.uint8Array({ maxLength: 40 });

describe("bytes", () => {
  it("go to hex and back, from either case", () => {
    fc.assert(
      fc.property(data, (bytes) => {
        expect(toHex(bytes)).to.equal(Buffer.from(bytes).toString("hex"));
        expect(parseHex(toHex(bytes))).to.deep.equal(bytes);
        expect(fromHex(toHex(bytes).toUpperCase())).to.deep.equal(bytes);
        const out = new Uint8Array(bytes.length + 2).fill(7);
        putReversedHex(out, 1, toHex(bytes));
        expect(out).to.deep.equal(concat(Uint8Array.of(7), reversed(bytes), Uint8Array.of(7)));
      }),
      { seed: 1 },
    );
    for (const bad of ["0", "0g", "g0", "0x", "é0", "0\u0130", " 00"]) {
      expect(parseHex(bad)).to.equal(undefined);
      expect(() => fromHex(bad)).to.throw("hex digits in pairs");
      expect(() => putReversedHex(new Uint8Array(8), 0, bad)).to.throw("hex digits in pairs");
    }
  });
  it("join, compare, reverse and xor without touching their arguments", () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        const before = [toHex(a), toHex(b)];
        expect(toHex(concat(a, b))).to.equal(toHex(a) + toHex(b));
        expect(Math.sign(compareBytes(a, b))).to.equal(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(equalBytes(a, b)).to.equal(compareBytes(a, b) === 0);
        expect(equalBytes(a, a.slice())).to.equal(true);
        expect(reversed(reversed(a))).to.deep.equal(a);
        expect(xorBytes(xorBytes(a, reversed(a)), a)).to.deep.equal(reversed(a));
        expect([toHex(a), toHex(b)]).to.deep.equal(before);
      }),
      { seed: 1 },
    );
    expect(toHex(reversed(fromHex("010203")))).to.equal("030201");
    expect(() => xorBytes(fromHex("01"), fromHex("0102"))).to.throw("one length");
  });
  it("are text when they are strict UTF-8, and safe to print in any case", () => {
    expect(parseUtf8(utf8("Łódź ⚡"))).to.equal("Łódź ⚡");
    expect(parseUtf8(fromHex("c328"))).to.equal(undefined);
    expect(printable(utf8("a\u0007b⚡c"))).to.equal("a?b???c");
    expect(printable(new Uint8Array(300).fill(0x61))).to.equal("a".repeat(256));
    expect(printable(utf8("abc"), 2)).to.equal("ab");
  });
});

describe("results and assertions", () => {
  it("carry a value or an error", () => {
    expect([ok(1), err("no")]).to.deep.equal([
      { ok: true, value: 1 },
      { ok: false, error: "no" },
    ]);
  });
  it("throw AssertionError, with the claim, on a bug of ours", () => {
    expect(() => assert(false, "two is two")).to.throw(AssertionError, "two is two");
    expect(assert(true, "two is two")).to.equal(undefined);
    expect(() => present(undefined, "it is there")).to.throw(AssertionError, "it is there");
    expect(() => present(null, "it is there")).to.throw(AssertionError, "it is there");
    expect(present(0, "it is there")).to.equal(0);
    expect(() => unreachable({ tag: "New" } as never)).to.throw(AssertionError, '{"tag":"New"}');
  });
});
