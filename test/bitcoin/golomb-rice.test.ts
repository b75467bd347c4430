import { expect } from "chai";
import fc from "fast-check";
import { ascendingReader, encodeAscending } from "../../src/bitcoin/golomb-rice.ts";

const bitsOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
const codes = (steps: readonly number[], bits: number): Uint8Array => {
  let sum = 0;
  return encodeAscending(
    Float64Array.from(steps, (step) => {
      sum += step;
      return sum;
    }),
    bits,
  );
};

describe("Golomb-Rice coding", () => {
  it("writes a step as quotient in unary and remainder in two bits, as the table of BIP 158 has it", () => {
    const table = ["000", "001", "010", "011", "1000", "1001", "1010", "1011", "11000", "11001"];
    table.forEach((code, step) => {
      expect(bitsOf(codes([step], 2))).to.equal(code.padEnd(8, "0"));
    });
    expect(bitsOf(codes([5, 0, 9], 2))).to.equal("100100011001".padEnd(16, "0"));
  });
  it("gives back any ascending numbers, then says nothing", () => {
    const steps = fc.array(fc.nat(2 ** 24), { maxLength: 50 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 16, max: 30 }), (each, bits) => {
        const coded = codes(each, bits);
        const next = ascendingReader(coded, bits);
        let sum = 0;
        for (const step of each) {
          sum += step;
          expect(next()).to.equal(sum);
        }
        expect(next()).to.equal(undefined);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
  it("ends with bytes that are all ones, or that stop within a remainder", () => {
    expect(ascendingReader(new Uint8Array(1000).fill(0xff), 19)()).to.equal(undefined);
    expect(ascendingReader(new Uint8Array(2), 19)()).to.equal(undefined);
    expect(ascendingReader(new Uint8Array(0), 19)()).to.equal(undefined);
  });
});
