import { expect } from "chai";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import type { NodeId } from "../../src/base/ids.ts";
import { offeredInit } from "../../src/daemon/offered.ts";
import { checkDependencies, featureBits, OFFERED } from "../../src/wire/features.ts";

describe("What a node offers in init", () => {
  it("is what stands in one place, unless the operator says more", () => {
    expect(offeredInit(DEFAULT_POLICY)).to.deep.equal(OFFERED.init);
  });
  it("asks nobody for anchors who may have channels without them", () => {
    const bits = offeredInit({ ...DEFAULT_POLICY, formats: ["anchors", "static_remotekey"] });
    expect([bits.includes(22), bits.includes(23)]).to.deep.equal([false, true]);
  });
  it("is zeroconf for who trusts somebody, with the alias that it rests on", () => {
    const peer = "02".padEnd(66, "7") as NodeId;
    const bits = offeredInit({ ...DEFAULT_POLICY, zeroConfPeers: new Set([peer]) });
    expect([bits.includes(51), bits.includes(47), offeredInit(DEFAULT_POLICY).includes(51)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(checkDependencies(featureBits(bits)).ok).to.equal(true);
  });
});
