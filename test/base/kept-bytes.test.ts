import { expect } from "chai";
import fc from "fast-check";
import { KeptBytes } from "../../src/base/kept-bytes.ts";

describe("bytes that are kept", () => {
  it("stay what they were, whatever is kept after them and becomes of the originals", () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(200_000, 1 << 18, (1 << 18) + 1)), { maxLength: 8 });
    fc.assert(
      fc.property(lengths, (all) => {
        const kept = new KeptBytes();
        const given = all.map((length, at) => new Uint8Array(length).fill(at + 1));
        const held = given.map((bytes) => kept.keep(bytes));
        for (const bytes of given) bytes.fill(0);
        const isWhole = held.map((bytes, at) => bytes.length === all[at] && bytes.every((byte) => byte === at + 1));
        expect(isWhole).to.deep.equal(all.map(() => true));
      }),
      { seed: 1, numRuns: 50 },
    );
  });
  it("share memory", () => {
    const kept = new KeptBytes();
    expect(kept.keep(new Uint8Array(32)).buffer).to.equal(kept.keep(new Uint8Array(32)).buffer);
  });
});
