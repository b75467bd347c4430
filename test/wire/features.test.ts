import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import {
  checkDependencies,
  compatible,
  featureBits,
  firstUnsupported,
  hasBit,
  hasFeature,
  minimalFeatures,
  OFFERED,
  sameFeatures,
  setBits,
  unionOf,
} from "../../src/wire/features.ts";

const OK = { ok: true, value: undefined };
const ours = featureBits(OFFERED.init);

describe("feature bit fields", () => {
  it("count from the lowest bit of the last byte, in the fewest bytes (CONFORMANCE 9)", () => {
    expect(toHex(featureBits([0]))).to.equal("01");
    expect(toHex(featureBits([7]))).to.equal("80");
    expect(toHex(featureBits([8]))).to.equal("0100");
    expect(toHex(featureBits([12, 22]))).to.equal("401000");
    expect(toHex(featureBits([]))).to.equal("");
    expect(hasBit(fromHex("401000"), 22)).to.equal(true);
    expect(hasBit(fromHex("401000"), 23)).to.equal(false);
    expect(hasBit(fromHex("401000"), 1000)).to.equal(false);
    expect([hasFeature(fromHex("80"), 6), hasFeature(fromHex("40"), 6), hasFeature(fromHex("20"), 6)]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });
  it("list what they were made of, and join as sets", () => {
    const bits = fc.uniqueArray(fc.nat({ max: 300 }));
    fc.assert(
      fc.property(bits, bits, fc.nat({ max: 4 }), (a, b, zeros) => {
        const sorted = (list: readonly number[]) => [...new Set(list)].sort((x, y) => x - y);
        const padded = Uint8Array.of(...new Uint8Array(zeros), ...featureBits(a));
        expect(setBits(padded)).to.deep.equal(sorted(a));
        expect(setBits(unionOf(padded, featureBits(b)))).to.deep.equal(sorted([...a, ...b]));
        expect(minimalFeatures(padded)).to.deep.equal(featureBits(a));
        expect(sameFeatures(padded, featureBits(a))).to.equal(true);
        expect(sameFeatures(padded, featureBits([...a, 301]))).to.equal(false);
      }),
      { seed: 9, numRuns: 100 },
    );
  });
});

describe("BOLT 1 §The init Message: whether two nodes go on", () => {
  it("agrees with itself, and with a peer that shows the same features as optional", () => {
    expect(compatible(ours, ours)).to.deep.equal(OK);
    expect(compatible(ours, featureBits(OFFERED.init.map((bit) => bit | 1)))).to.deep.equal(OK);
  });
  it("passes over unknown odd bits, and assumed features that the peer does not show", () => {
    expect(compatible(ours, featureBits([23, 201, 1001]))).to.deep.equal(OK);
  });
  it("refuses an even bit that it does not know, and one that it knows but does not have", () => {
    expect(compatible(ours, featureBits([22, 200]))).to.deep.equal({
      ok: false,
      error: { code: "unsupported_feature", bit: 200, name: undefined },
    });
    expect(compatible(ours, featureBits([22, 38, 39]))).to.deep.equal({
      ok: false,
      error: { code: "unsupported_feature", bit: 38, name: "option_onion_messages" },
    });
    expect(firstUnsupported(ours, featureBits([0, 6, 23]))).to.equal(undefined);
  });
  it("refuses a peer without anchors, which our channels need", () => {
    expect(compatible(ours, featureBits([0, 8, 12, 14, 44]))).to.deep.equal({
      ok: false,
      error: { code: "lacking_feature", bit: 22, name: "option_anchors" },
    });
  });
  it("refuses a feature without the one that it needs; assumed ones count as there", () => {
    expect(checkDependencies(featureBits([17]))).to.deep.equal(OK);
    expect(checkDependencies(featureBits([51, 47]))).to.deep.equal(OK);
    expect(checkDependencies(featureBits([61, 26]))).to.deep.equal(OK);
    expect(compatible(ours, featureBits([23, 51]))).to.deep.equal({
      ok: false,
      error: { code: "missing_dependency", name: "option_zeroconf", depends: "option_scid_alias" },
    });
  });
});

describe("BOLT 9 §Requirements: what this node offers", () => {
  it("has all its dependencies in every field, and no bit twice in a pair", () => {
    for (const bits of Object.values(OFFERED)) {
      expect(checkDependencies(featureBits(bits))).to.deep.equal(OK);
      expect(new Set(bits.map((bit) => bit >> 1)).size).to.equal(bits.length);
    }
  });
});
