import { expect } from "chai";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import { offeredInit } from "../../src/daemon/offered.ts";
import { OFFERED } from "../../src/wire/features.ts";

describe("What a node offers in init", () => {
  it("is what stands in one place, unless the operator says more", () => {
    expect(offeredInit(DEFAULT_POLICY)).to.deep.equal(OFFERED.init);
  });
  it("asks nobody for anchors who may have channels without them", () => {
    const bits = offeredInit({ ...DEFAULT_POLICY, formats: ["anchors", "static_remotekey"] });
    expect([bits.includes(22), bits.includes(23)]).to.deep.equal([false, true]);
  });
});
