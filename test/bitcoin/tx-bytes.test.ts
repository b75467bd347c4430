import { expect } from "chai";
import fc from "fast-check";
import { concat } from "../../src/base/bytes.ts";
import type { Sat } from "../../src/base/units.ts";
import { txOut } from "../../src/bitcoin/tx.ts";
import { outputSize, putCount, putOutput, putU32 } from "../../src/bitcoin/tx-bytes.ts";
import { countSize } from "../../src/bitcoin/tx-size.ts";
import { encode } from "../../src/codec/codec.ts";
import { u64le } from "../../src/codec/primitives.ts";
import { compactSize } from "../../src/codec/varint.ts";

/** What `put` writes in the middle of other bytes, which it leaves alone. */
function written(size: number, put: (out: Uint8Array, at: number) => number): Uint8Array {
  const out = new Uint8Array(size + 2).fill(9);
  expect(put(out, 1)).to.equal(size + 1);
  expect([out[0], out[size + 1]]).to.deep.equal([9, 9]);
  return out.subarray(1, size + 1);
}

describe("parts of a transaction as bytes", () => {
  it("are those that the codecs write, whatever the amount of 64 bits", () => {
    const amounts = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(2n ** 53n, 2n ** 64n - 1n, 0n),
    );
    fc.assert(
      fc.property(amounts, fc.uint8Array({ maxLength: 300 }), (amount, script) => {
        const output = { amount: amount as Sat, script };
        const expected = concat(encode(u64le, amount), encode(compactSize, script.length), script);
        expect(written(outputSize(output), (out, at) => putOutput(out, at, output))).to.deep.equal(expected);
        if (amount < 2n ** 50n) expect(encode(txOut, output)).to.deep.equal(expected);
      }),
      { seed: 1 },
    );
  });
  it("count in the shortest form", () => {
    for (const count of [0, 1, 0xfc, 0xfd, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff])
      expect(written(countSize(count), (out, at) => putCount(out, at, count))).to.deep.equal(
        encode(compactSize, count),
      );
  });
  it("have no number of more than 32 bits, nor one below zero", () => {
    for (const wrong of [-1, 2 ** 32, 0.5, Number.NaN])
      expect(() => putU32(new Uint8Array(4), 0, wrong), `${wrong}`).to.throw("32 bits");
  });
});
