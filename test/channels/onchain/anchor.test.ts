import { expect } from "chai";
import { type Claim, claimFeerate, claimWeight, parentDeficit } from "../../../channels/index.ts";
import type { FeeBudget } from "../../../channels/onchain/claim.ts";
import { channelId, paymentHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry, feeForWeightCeil, msat, satPerKw } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { EXPIRY, HEIGHT, normal, ONION, type Pair } from "../../support/channel-pair.ts";

const UPSTREAM = channelId(sha256(Uint8Array.of(7)));
/** a passes something on to b, which it got from somebody else. */
function forward(pair: Pair, amount: bigint, expiry = EXPIRY): void {
  const origin = { tag: "relay", channelId: UPSTREAM, htlcId: BigInt(pair.ticks) } as const;
  const hash = paymentHash(sha256(Uint8Array.of(8, pair.ticks++)));
  pair.give("a", { tag: "OfferHtlc", amount: msat(amount), paymentHash: hash, expiry, onion: ONION, origin });
  pair.settle();
}
/** What a pays to have its commitment mined when it closes alone at this height. */
function anchorOf(pair: Pair, height: number = HEIGHT + 6): Claim {
  pair.parties.a.height = blockHeight(height);
  pair.give("a", { tag: "ForceClose" });
  return present(pair.parties.a.claims[0], "the anchor");
}
const told = ({ budgets }: Claim): readonly (readonly [bigint, number | undefined])[] =>
  budgets.map(({ most, deadline }: FeeBudget) => [most, deadline] as const);
const FEERATE = satPerKw(1_000);
/** Of the child, with what its parent lacks. */
const costAt = (claim: Claim, height: number, estimate = FEERATE): bigint => {
  const feerate = claimFeerate(claim, blockHeight(height), estimate);
  return feeForWeightCeil(feerate, claimWeight(claim)) + parentDeficit(claim, feerate);
};

describe("What may be paid through an anchor: RELIABILITY O15", () => {
  it("where nothing can be lost: what blocks cost, within a twentieth of our balance, which a wrong estimate reaches in a week", () => {
    const claim = anchorOf(normal());
    const balance = 600_000n - (1_124n + 660n);
    expect(told(claim)).to.deep.equal([[(balance * 5n) / 100n, HEIGHT + 6 + 1_008]]);
    const now = costAt(claim, HEIGHT + 6);
    expect(costAt(claim, HEIGHT + 6 + 144) < now + 100n, "a day later the same").to.equal(true);
    expect(costAt(claim, HEIGHT + 6, satPerKw(4_000_000)) <= 29_911n, "dear blocks are waited for").to.equal(true);
    expect(costAt(claim, HEIGHT + 6 + 1_008) > 29_000n).to.equal(true);
  });

  it("a payment of our own that is pending is ours to wait for too: it is made or it comes back, whenever", () => {
    const pair = normal();
    pair.offer("a", 120_000_000n);
    pair.settle();
    const claim = anchorOf(pair, EXPIRY + 2);
    const balance = 600_000n - (1_124n + 172n + 660n) - 120_000n;
    expect(told(claim)).to.deep.equal([[((balance + 120_000n) * 5n) / 100n, EXPIRY + 2 + 1_008]]);
  });

  it("for what we passed on a quarter of it, twelve blocks after the expiry that has failed the channel, and nothing of it at once", () => {
    const pair = normal();
    forward(pair, 120_000_000n);
    const claim = anchorOf(pair, EXPIRY + 2);
    expect(told(claim)[0]).to.deep.equal([30_000n, EXPIRY + 2 + 12]);
    const estimated = feeForWeightCeil(FEERATE, claimWeight(claim) + 1_296) - present(claim.parent, "a parent").fee;
    expect(costAt(claim, EXPIRY + 2) - estimated < 2n).to.equal(true);
    expect(costAt(claim, EXPIRY + 5) < 1_500n, "three blocks later still little").to.equal(true);
    const last = costAt(claim, EXPIRY + 2 + 12);
    expect([last <= 30_000n, last > 29_900n, costAt(claim, EXPIRY + 40) === last]).to.deep.equal([true, true, true]);
  });

  it("the earliest of several deadlines counts, for a quarter of all that is at stake", () => {
    const pair = normal();
    forward(pair, 40_000_000n, cltvExpiry(EXPIRY + 30));
    forward(pair, 20_000_000n);
    expect(told(anchorOf(pair))[0]).to.deep.equal([15_000n, EXPIRY + 12]);
  });

  it("for what we have the preimage of, six blocks before the peer may take it back", () => {
    const pair = normal();
    pair.offer("b", 40_000_000n);
    pair.settle();
    for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
    expect(told(anchorOf(pair, EXPIRY - 18))[0]).to.deep.equal([10_000n, EXPIRY - 6]);
    const late = normal();
    late.offer("b", 40_000_000n);
    late.settle();
    for (const htlc of late.parties.a.incoming.values()) late.fulfill("a", htlc);
    expect(told(anchorOf(late, EXPIRY - 2))[0], "and in one block if that is over").to.deep.equal([
      10_000n,
      EXPIRY - 1,
    ]);
  });

  it("nothing for what has no preimage, no output, or no place in our commitment", () => {
    const pair = normal();
    pair.offer("b", 40_000_000n);
    pair.settle();
    forward(pair, 200_000n);
    const before = told(anchorOf(normal()));
    const origin = { tag: "relay", channelId: UPSTREAM, htlcId: 99n } as const;
    const proposed = { amount: msat(50_000_000n), paymentHash: paymentHash(sha256(Uint8Array.of(9))), expiry: EXPIRY };
    pair.give("a", { tag: "OfferHtlc", ...proposed, onion: ONION, origin });
    const claim = anchorOf(pair);
    expect(told(claim)).to.have.length(1);
    expect(present(told(claim)[0], "one")[0] < present(before[0], "one")[0]).to.equal(true);
  });

  it("nothing at all where nothing of it is ours, and then no child is made: the commitment pays what is relayed", () => {
    const pair = normal({ push: 988_000_000n });
    const of = (name: "a" | "b"): Claim | undefined => {
      pair.give(name, { tag: "ForceClose" });
      return pair.parties[name].claims[0];
    };
    const claim = present(of("a"), "an anchor");
    expect(told(claim)[0]?.[0] ?? 0n).to.be.lessThan(600n as never);
    expect(parentDeficit(claim, claimFeerate(claim, blockHeight(HEIGHT + 6), satPerKw(50_000)))).to.equal(0n);
  });
});
