import { expect } from "chai";
import fc from "fast-check";
import { fromHex, parseHex, toHex } from "../../src/base/bytes.ts";
import { encodeDer, isStrictDer, parseDerLax, scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL } from "../../src/bitcoin/sighash.ts";
import { countCases, describeVectors } from "../support/vectors.ts";

const CANONICAL = "bitcoin/core/sig_canonical.json";
describeVectors<readonly string[]>("canonical signatures", CANONICAL, (rows) => {
  for (const [number, hex] of rows.entries()) {
    it(`${number} is strict DER and is written as it was read`, () => {
      const signature = fromHex(hex);
      expect(isStrictDer(signature)).to.equal(true);
      const compact = parseDerLax(signature.subarray(0, -1)) ?? expect.fail();
      expect(toHex(scriptSignature(compact, signature.at(-1) ?? -1))).to.equal(hex);
    });
  }
});

const NONCANONICAL = "bitcoin/core/sig_noncanonical.json";
describeVectors<readonly string[]>("signatures that are not canonical", NONCANONICAL, (rows) => {
  const cases = rows.flatMap((row, i) => {
    const signature = parseHex(row);
    return signature === undefined || row.length < 10 ? [] : [{ title: rows[i - 1], signature }];
  });
  countCases(NONCANONICAL, cases.length);
  for (const { title, signature } of cases) {
    // The form of the hash type is a rule of its own (STRICTENC), not of DER.
    const isHashType = title === "hashtype:";
    it(`${title} ${isHashType ? "is strict DER with an undefined hash type" : "is not strict DER"}`, () => {
      expect(isStrictDer(signature)).to.equal(isHashType);
    });
  }
});

describe("DER", () => {
  const anyCompact = fc.uint8Array({ minLength: 64, maxLength: 64 });
  it("gives back any compact signature, strictly formed", () => {
    fc.assert(
      fc.property(anyCompact, (compact) => {
        expect(isStrictDer(scriptSignature(compact, SIGHASH_ALL))).to.equal(true);
        expect(parseDerLax(encodeDer(compact))).to.deep.equal(compact);
      }),
      { seed: 1 },
    );
  });
  it("has 72 bytes with hash type at most for a low S, 9 at least", () => {
    const largest = new Uint8Array(64).fill(0xff, 0, 32);
    largest.fill(0x7f, 32);
    expect(scriptSignature(largest, SIGHASH_ALL).length).to.equal(72);
    const smallest = new Uint8Array(64);
    smallest[31] = smallest[63] = 1;
    expect(toHex(scriptSignature(smallest, SIGHASH_ALL))).to.equal("300602010102010101");
  });
  it("is read loosely: long and wrong lengths, padding, bytes behind S", () => {
    const one = `${"00".repeat(31)}01`;
    for (const hex of [
      "3006020101020101",
      "308106020101020101",
      "3000020101020101",
      "300602020001020101",
      "3006028101010282000101",
      "3006020101020101ffff",
    ]) {
      expect(toHex(parseDerLax(fromHex(hex)) ?? new Uint8Array(0)), hex).to.equal(one + one);
    }
  });
  it("is nothing at all without its tags or when a number is cut short", () => {
    for (const hex of [
      "",
      "30",
      "31060201010201",
      "3006030101020101",
      "300602010103",
      "30060201010202",
      "3085",
      "300602860101",
    ]) {
      expect(parseDerLax(fromHex(hex)), hex).to.equal(undefined);
    }
  });
  it("of a number above 32 bytes gives zeros, which no key verifies", () => {
    const hex = `3026022101${"00".repeat(32)}020101`;
    expect(parseDerLax(fromHex(hex))).to.deep.equal(new Uint8Array(64));
  });
  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const lax = parseDerLax(Uint8Array.of(0x30, ...bytes));
        expect([undefined, 64]).to.include(lax?.length);
        if (isStrictDer(bytes)) expect(parseDerLax(bytes.subarray(0, -1))).to.have.length(64);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
