import { expect } from "chai";
import { type ChannelType, channelTypeBits, channelTypeOf, formatFor } from "../../channels/channel-type.ts";
import { featureBits, setBits } from "../../src/wire/features.ts";

const booleans = [false, true];
const types: readonly ChannelType[] = (["static_remotekey", "anchors"] as const).flatMap((format) =>
  booleans.flatMap((scidAlias) => booleans.map((zeroConf) => ({ format, scidAlias, zeroConf }))),
);

describe("The type of a channel", () => {
  it("CONFORMANCE 30: is one of the defined combinations of even bits, in the shortest field", () => {
    expect(types.map((type) => setBits(channelTypeBits(type)))).to.deep.equal([
      [12],
      [12, 50],
      [12, 46],
      [12, 46, 50],
      [12, 22],
      [12, 22, 50],
      [12, 22, 46],
      [12, 22, 46, 50],
    ]);
    for (const type of types) expect(channelTypeOf(channelTypeBits(type))).to.deep.equal(type);
  });
  it("CONFORMANCE 30: is matched exactly: no bit more or less, none odd, no zero byte in front", () => {
    const others = [
      [],
      [13],
      [22],
      [12, 23],
      [13, 22],
      [12, 20],
      [12, 22, 44],
      [12, 22, 47],
      [0, 12, 22],
      [12, 22, 100],
    ];
    for (const bits of others) expect(channelTypeOf(featureBits(bits)), String(bits)).to.equal(undefined);
    expect(channelTypeOf(Uint8Array.of(0, ...featureBits([12, 22])))).to.equal(undefined);
  });
  it("is proposed with the first commitments of ours that the peer knows", () => {
    const both = ["anchors", "static_remotekey"] as const;
    expect([
      formatFor(both, featureBits([12, 22])),
      formatFor(both, featureBits([23])),
      formatFor(both, featureBits([12])),
      formatFor(["anchors"], featureBits([12])),
      formatFor(["static_remotekey"], featureBits([])),
    ]).to.deep.equal(["anchors", "anchors", "static_remotekey", undefined, "static_remotekey"]);
  });
});
