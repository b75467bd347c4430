import { expect } from "chai";
import { cutBytes } from "../../src/base/slab.ts";

describe("bytes cut from a shared block", () => {
  it("are zero, as long as asked, and nobody else's", () => {
    const cuts = Array.from({ length: 500 }, (_, index) => cutBytes(index * 2));
    for (const [index, cut] of cuts.entries()) {
      expect(cut.length).to.equal(index * 2);
      expect(cut.every((byte) => byte === 0)).to.equal(true);
      cut.fill(index & 0xff);
    }
    for (const [index, cut] of cuts.entries()) expect(cut.every((byte) => byte === (index & 0xff))).to.equal(true);
  });
  it("share memory when they are small, and not when they are large", () => {
    expect(cutBytes(100).buffer.byteLength).to.be.above(100);
    expect(cutBytes(100_000).buffer.byteLength).to.equal(100_000);
  });
});
