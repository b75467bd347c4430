import { expect } from "chai";
import fc from "fast-check";
import { type Bech32Variant, decodeBech32, encodeBech32, fromWords, toWords } from "../../src/base/bech32.ts";
import { toHex } from "../../src/base/bytes.ts";
import { describeVectors } from "../support/vectors.ts";

interface Strings {
  readonly valid: readonly string[];
  readonly invalid: readonly { readonly string: string; readonly reason: string }[];
}
const SETS: readonly (readonly [Bech32Variant, string])[] = [
  ["bech32", "bitcoin/address/bip173.json"],
  ["bech32m", "bitcoin/address/bip350.json"],
];
for (const [variant, path] of SETS) {
  describeVectors<Strings>(`${variant} strings`, path, ({ valid, invalid }) => {
    it(`reads and writes again all ${valid.length} valid ones`, () => {
      const again = valid.map((text) => {
        const decoded = decodeBech32(text);
        return decoded?.variant === variant && encodeBech32(decoded);
      });
      expect(again).to.deep.equal(valid.map((text) => text.toLowerCase()));
    });
    for (const { string, reason } of invalid) {
      it(`refuses ${JSON.stringify(string)}: ${reason}`, () => {
        expect(decodeBech32(string)?.variant).to.not.equal(variant);
      });
    }
  });
}

describe("bech32", () => {
  it("refuses a letter that is no ASCII and becomes one in lower case", () => {
    const text = encodeBech32({ hrp: "bcrt", words: Uint8Array.of(0, 22, 22, 22), variant: "bech32" }).toUpperCase();
    expect(decodeBech32(text)).to.have.property("hrp", "bcrt");
    expect(decodeBech32(text.replace("K", "\u212a"))).to.equal(undefined);
  });
  const anyHrp = fc.stringMatching(/^[a-z0-9]{1,20}$/);
  const anyBytes = fc.uint8Array({ maxLength: 60 });
  it("gives back any prefix and bytes, in either variant and case", () => {
    fc.assert(
      fc.property(anyHrp, anyBytes, fc.constantFrom<Bech32Variant>("bech32", "bech32m"), (hrp, bytes, variant) => {
        const text = encodeBech32({ hrp, words: toWords(bytes), variant });
        for (const form of [text, text.toUpperCase()]) {
          const decoded = decodeBech32(form, 200);
          expect(decoded).to.deep.equal({ hrp, words: toWords(bytes), variant });
          expect(decoded && fromWords(decoded.words)).to.deep.equal(bytes);
        }
      }),
      { seed: 1 },
    );
  });
  it("notices any one changed character", () => {
    const text = encodeBech32({ hrp: "bcrt", words: toWords(new Uint8Array(20)), variant: "bech32" });
    for (let i = 0; i < text.length; i++) {
      for (const other of ["q", "p", "z", "7"].filter((character) => character !== text[i])) {
        expect(decodeBech32(text.slice(0, i) + other + text.slice(i + 1))).to.equal(undefined);
      }
    }
  });
  it("has a limit of 90 characters unless another is given", () => {
    const text = encodeBech32({ hrp: "lnbc", words: new Uint8Array(80), variant: "bech32" });
    expect(text.length).to.equal(91);
    expect(decodeBech32(text)).to.equal(undefined);
    expect(decodeBech32(text, 91)?.hrp).to.equal("lnbc");
  });
  it("refuses words with more than four or with set padding bits", () => {
    expect(fromWords(Uint8Array.of(0, 0, 0))).to.equal(undefined);
    expect(fromWords(Uint8Array.of(31, 29))).to.equal(undefined);
    expect(toHex(fromWords(Uint8Array.of(31, 28)) ?? new Uint8Array(0))).to.equal("ff");
  });
});
