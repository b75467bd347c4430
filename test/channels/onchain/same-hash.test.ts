import { expect } from "chai";
import type { HtlcOrigin } from "../../../channels/index.ts";
import { channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { type CltvExpiry, cltvExpiry, msat } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { hashOf, type Name, ONION, preimageOf } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";

const UPSTREAM = channelId(sha256(Uint8Array.of(7)));
const POLICY = { toSelfDelay: 10 };
/** a has passed on HTLCs of one hash to b, each from another HTLC upstream. */
function passedOn(of: readonly { readonly amount: bigint; readonly blocks: number }[]): {
  readonly court: Court;
  readonly expiries: readonly CltvExpiry[];
} {
  const court = new Court().open({ policy: POLICY });
  const expiries = of.map(({ blocks }) => cltvExpiry(court.height + blocks));
  for (const [id, { amount }] of of.entries()) {
    const origin: HtlcOrigin = { tag: "relay", channelId: UPSTREAM, htlcId: BigInt(id) };
    const expiry = present(expiries[id], "one for each");
    const offer = { amount: msat(amount), paymentHash: hashOf(1), expiry, onion: ONION, origin };
    court.pair.give("a", { tag: "OfferHtlc", ...offer });
  }
  court.pair.settle();
  court.pair.disconnect();
  expect(court.pair.parties.b.incoming.size).to.equal(of.length);
  return { court, expiries };
}
/** What upstream was told, by the HTLC that it had. */
const upstream = ({ pair }: Court): Readonly<Record<string, string>> =>
  Object.fromEntries([...pair.parties.a.ends].map(([key, end]) => [key.split("/")[1], end]));
const knows = (court: Court, ...ids: readonly bigint[]): void => {
  for (const id of ids) court.pair.give("b", { tag: "FulfillHtlc", id, preimage: preimageOf(1) });
};

describe("RELIABILITY O14: a preimage that is seen pays for every HTLC of its hash", () => {
  for (const closer of ["a", "b"] as const)
    it(`upstream pays for all, whichever the peer has claimed, and what it has not comes back: ${closer} closes`, () => {
      // The peer has the preimage, so each was its to claim: who sent several of one hash owes them all for it.
      const { court, expiries } = passedOn([
        { amount: 20_000_000n, blocks: 90 },
        { amount: 60_000_000n, blocks: 100 },
        { amount: 60_000_000n, blocks: 95 },
        { amount: 200_000n, blocks: 95 },
      ]);
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      court.mine();
      expect(upstream(court)).to.deep.equal({});
      knows(court, 0n);
      court.mine(2);
      expect(upstream(court)).to.deep.equal({ 0: "settled", 1: "settled", 2: "settled", 3: "settled" });
      court.mineTo(Math.max(...expiries) + 120);
      expect(upstream(court), "for good").to.deep.equal({ 0: "settled", 1: "settled", 2: "settled", 3: "settled" });
      // 600,000 sat, less the one that was claimed, the one without an output, and fees: the two others are back.
      expect(court.worth("a") > 570_000n, `${court.worth("a")}`).to.equal(true);
      expect(court.worth("b") > 418_000n && court.worth("b") <= 420_000n).to.equal(true);
    });

  it("one that upstream has been told has failed is not paid for: it was taken back first, so deep that it stays so", () => {
    const { court, expiries } = passedOn([
      { amount: 20_000_000n, blocks: 60 },
      { amount: 60_000_000n, blocks: 90 },
    ]);
    court.pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mineTo((expiries[0] ?? 0) + 8);
    expect(upstream(court)).to.deep.equal({ 0: "failed" });
    knows(court, 0n, 1n);
    court.mine(2);
    expect(upstream(court)).to.deep.equal({ 0: "failed", 1: "settled" });
  });
});

describe("RELIABILITY O25: five HTLCs that are equal but for their expiry", () => {
  const five = [94, 91, 93, 90, 92].map((blocks) => ({ amount: 30_000_000n, blocks }));
  for (const closer of ["a", "b"] as const satisfies readonly Name[]) {
    it(`are all claimed with the preimage when ${closer} closes`, () => {
      const { court } = passedOn(five);
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      knows(court, 0n, 1n, 2n, 3n, 4n);
      court.mine(20);
      expect(court.refused).to.deep.equal([]);
      expect(court.worth("b") > 545_000n, `${court.worth("b")}`).to.equal(true);
      expect(Object.values(upstream(court))).to.deep.equal(Array(5).fill("settled"));
    });
    it(`are all taken back, each at its own expiry, when ${closer} closes`, () => {
      const { court, expiries } = passedOn(five);
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      const sorted = [...expiries].sort((one, two) => one - two);
      for (const [count, expiry] of sorted.entries()) {
        court.mineTo(expiry + 6);
        expect(Object.keys(upstream(court)).length, `at ${expiry}`).to.equal(count + 1);
      }
      court.mine(20);
      expect(court.refused).to.deep.equal([]);
      expect(Object.values(upstream(court))).to.deep.equal(Array(5).fill("failed"));
      expect(court.worth("a") > 590_000n, `${court.worth("a")}`).to.equal(true);
    });
  }
});
