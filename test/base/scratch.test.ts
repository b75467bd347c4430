import { expect } from "chai";
import { scratch } from "../../src/base/scratch.ts";

describe("scratch", () => {
  it("has the size that is asked for, and memory that is used again unless it is large", () => {
    for (const size of [0, 1, 1 << 16, (1 << 16) + 1]) expect(scratch(size)).to.have.lengthOf(size);
    expect(scratch(9).buffer).to.equal(scratch(70).buffer);
    expect(scratch(1 << 17).buffer).not.to.equal(scratch(1 << 17).buffer);
  });
});
