import { expect } from "chai";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";
import { decodeMessage } from "../../../src/wire/registry.ts";
import type { Init } from "../../../src/wire/setup.ts";
import { SECOND, wireTo } from "../two-sessions.ts";

const NONE = new Uint8Array(0);
const REGTEST = CHAINS.regtest.genesisHash;
const WARNING = 1;
const PONG = 19;

/** Shakes hands, says this `init` and a ping: what is answered behind our own `init`, and how it ends if it does. */
async function after(init: Partial<Init>) {
  const { until, say, types, frames, ended } = await wireTo();
  say({ name: "init", globalfeatures: NONE, features: featureBits(OFFERED.init), ...init });
  say({ name: "ping", num_pong_bytes: 0, ignored: NONE });
  await until(SECOND);
  return { answer: types.slice(1), ended, frames };
}
const GOES_ON = { answer: [PONG], ended: [] };
const parted = (reason: string) => ({ answer: [WARNING], ended: [`b: ${reason}`] });
async function outcome(init: Partial<Init>) {
  const { answer, ended } = await after(init);
  return { answer, ended };
}
const offering = (...bits: readonly number[]): Partial<Init> => ({ features: featureBits([...OFFERED.init, ...bits]) });

describe("CONFORMANCE 10: features of a peer that we do not know", () => {
  it("end the connection where it needs them, in either field, and are passed over where it does not", async () => {
    expect(await outcome(offering(200))).to.deep.equal(parted("features do not fit: unsupported_feature"));
    expect(await outcome({ globalfeatures: featureBits([200]) })).to.deep.equal(
      parted("features do not fit: unsupported_feature"),
    );
    expect(await outcome(offering(201, 1_001))).to.deep.equal(GOES_ON);
  });
  it("end it also where both bits of their pair are set", async () => {
    expect(await outcome(offering(200, 201))).to.deep.equal(parted("features do not fit: unsupported_feature"));
    expect(await outcome(offering(62, 63)), "and of a pair that we know").to.deep.equal(GOES_ON);
  });
});

describe("CONFORMANCE 11: a feature of a peer without the one that it needs", () => {
  it("ends the connection, and goes on where that one is there in either form", async () => {
    const without = OFFERED.init.filter((bit) => bit !== 27);
    expect(await outcome({ features: featureBits(without) })).to.deep.equal(
      parted("features do not fit: missing_dependency"),
    );
    expect(await outcome({ features: featureBits([...without, 26]) })).to.deep.equal(GOES_ON);
  });
});

describe("CONFORMANCE 12: the chain of a peer, and its address", () => {
  it("ends the connection without a chain in common, and goes on with one among others, or if none is named", async () => {
    const other = CHAINS.mainnet.genesisHash;
    expect(await outcome({ networks: [other] })).to.deep.equal(parted("no common chain"));
    expect(await outcome({ networks: [] })).to.deep.equal(parted("no common chain"));
    expect(await outcome({ networks: [other, REGTEST] })).to.deep.equal(GOES_ON);
    expect(await outcome({})).to.deep.equal(GOES_ON);
  });
  it("is named in our init, which tells nobody an address that it may not have, and takes none for true", async () => {
    const { frames } = await after({});
    const ours = decodeMessage(frames[0] ?? NONE);
    expect(ours).to.deep.equal({
      ok: true,
      value: { name: "init", globalfeatures: NONE, features: featureBits(OFFERED.init), networks: [REGTEST] },
    });
    expect(await outcome({ remote_addr: Uint8Array.of(1, 2, 3) })).to.deep.equal(GOES_ON);
  });
});
