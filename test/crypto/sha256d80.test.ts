import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import { searchTail } from "../../src/crypto/sha256d80.ts";

const message = fc.uint8Array({ minLength: 80, maxLength: 80 });
const goalOf = (hash: Uint8Array): Int32Array => {
  const view = new DataView(Uint8Array.from(hash).reverse().buffer);
  return Int32Array.from({ length: 8 }, (_, at) => view.getInt32(4 * at));
};

describe("SHA-256 twice, of 80 bytes", () => {
  it("is of 80 bytes and nothing else", () => {
    for (const length of [0, 79, 81])
      expect(() => searchTail(new Uint8Array(length), new Int32Array(8), 0, 1)).to.throw("80 bytes");
  });
  it("finds the last four bytes with which the hash is at most a goal, the first of them, and leaves the message alone", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 0, max: 2 ** 32 - 65 }), fc.nat(63), (data, from, offset) => {
        const hashes = Array.from({ length: 64 }, (_, at) => {
          const tried = data.slice();
          new DataView(tried.buffer).setUint32(76, from + at, true);
          return sha256d(tried);
        });
        const goal = goalOf(hashes[offset] as Uint8Array);
        const isAtMost = (hash: Uint8Array): boolean =>
          toHex(Uint8Array.from(hash).reverse()) <= toHex(Uint8Array.from(hashes[offset] as Uint8Array).reverse());
        const before = toHex(data);
        expect(searchTail(data, goal, from, 64)).to.equal(from + hashes.findIndex(isAtMost));
        expect(toHex(data)).to.equal(before);
      }),
      { numRuns: 30 },
    );
  });
  it("finds nothing where nothing is at most the goal", () => {
    expect(searchTail(new Uint8Array(80), new Int32Array(8), 0, 1_000)).to.equal(undefined);
  });
});
