import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { Secp256k1 } from "../../src/crypto/secp256k1.ts";
import { provider as native } from "../../src/crypto/secp256k1-native.ts";
import { provider as noble } from "../../src/crypto/secp256k1-noble.ts";

/** The generator: x, then y, which is even. */
const X = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const Y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
const MINUS_Y = "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777";

for (const curve of [native, noble] as readonly Secp256k1[]) {
  describe(`${curve.name} provider: points of old scripts`, () => {
    const compressed = (hex: string): string | undefined => {
      const point = curve.compress(fromHex(hex));
      return point && toHex(point);
    };
    it("compresses every form of a point that is on the curve", () => {
      expect([`02${X}`, `04${X}${Y}`, `06${X}${Y}`].map(compressed)).to.deep.equal(Array(3).fill(`02${X}`));
      expect([`03${X}`, `04${X}${MINUS_Y}`, `07${X}${MINUS_Y}`].map(compressed)).to.deep.equal(Array(3).fill(`03${X}`));
    });
    it("refuses a wrong parity, prefix, length or point", () => {
      const wrong = [
        `07${X}${Y}`,
        `06${X}${MINUS_Y}`,
        `05${X}${Y}`,
        `04${X}`,
        `02${X}${Y}`,
        `04${X}${X}`,
        `00${X}`,
        "",
      ];
      expect(wrong.map(compressed)).to.deep.equal(Array(wrong.length).fill(undefined));
    });
  });
}

describe("both providers: points of old scripts", () => {
  it("agree on any bytes", () => {
    const bytes = fc
      .tuple(
        fc.constantFrom(0, 2, 3, 4, 5, 6, 7),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom(0, 32),
      )
      .map(([prefix, x, extra]) => Uint8Array.from([prefix, ...x, ...x.slice(0, extra)]));
    fc.assert(
      fc.property(bytes, (point) => expect(native.compress(point)).to.deep.equal(noble.compress(point)) && true),
      { seed: 1, numRuns: 100 },
    );
  });
});
