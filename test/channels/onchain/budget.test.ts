import { expect } from "chai";
import { type Claim, claimFeerate, claimWeight, type HtlcOrigin } from "../../../channels/index.ts";
import { byUrgency, claimOf, type Standing } from "../../../channels/onchain/claim.ts";
import type { ChannelOutput, OutputPath } from "../../../channels/onchain/output.ts";
import { isAtStake } from "../../../channels/onchain/stake.ts";
import { scriptLock } from "../../../channels/tx/lock.ts";
import { paymentHash, preimage, type Txid } from "../../../src/base/ids.ts";
import { blockHeight, cltvExpiry, feeForWeightCeil, msat, sat, satPerKw } from "../../../src/base/units.ts";
import { normal } from "../../support/channel-pair.ts";

const MINED = blockHeight(500);
const EXPIRY = cltvExpiry(540);
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const htlc = (side: "offered" | "received", amount: bigint) =>
  ({ id: 0n, side, amount: msat(amount * 1_000n), paymentHash: paymentHash(bytes(32)), expiry: EXPIRY }) as const;
const direct = (side: "offered" | "received", amount: bigint): OutputPath => ({
  tag: "direct",
  format: "anchors",
  htlc: htlc(side, amount),
  point: bytes(33),
});
const penalty: OutputPath = {
  tag: "penalty",
  secret: bytes(32),
  revocationPubkey: bytes(33),
  branch: "to_local",
  htlc: undefined,
  delay: 144,
};
function claim(path: OutputPath, amount: bigint, standing: Partial<Standing> = {}, minedAt = MINED): Claim {
  const outpoint = { txid: "00".repeat(32) as Txid, vout: 0 };
  const output: ChannelOutput = { outpoint, amount: sat(amount), lock: scriptLock(bytes(139)), path };
  const known = { minedAt, preimage: preimage(bytes(32)), isAtStake: true, ...standing };
  const made = claimOf(output, known, blockHeight(2_000));
  if ("tag" in made) throw new Error(made.tag);
  return made;
}
const budgets = ({ budgets: all }: Claim) => all.map(({ most, deadline }) => [most, deadline]);
const feeAt = (of: Claim, height: number): bigint =>
  feeForWeightCeil(claimFeerate(of, blockHeight(height), satPerKw(1_000)), claimWeight(of));

describe("What may be paid for an output of a channel that has ended", () => {
  it("half of what we passed on, twelve blocks after it expires, or after it was mined later than that", () => {
    expect(budgets(claim(direct("offered", 100_000n), 100_000n))).to.deep.equal([[50_000n, EXPIRY + 12]]);
    const late = claim(direct("offered", 100_000n), 100_000n, {}, blockHeight(EXPIRY + 30));
    expect(budgets(late)).to.deep.equal([[50_000n, EXPIRY + 42]]);
    expect(feeAt(late, late.since) < 800n && feeAt(late, EXPIRY + 42) > 49_500n).to.equal(true);
  });
  it("half of what we have the preimage of, before the peer may take it back, and never so much that dust is left", () => {
    expect(budgets(claim(direct("received", 100_000n), 100_000n))).to.deep.equal([[50_000n, EXPIRY]]);
    expect(budgets(claim(direct("received", 500n), 500n))).to.deep.equal([[206n, EXPIRY]]);
  });
  it("a quarter of a payment of our own, and never more than blocks cost: nobody else can have it", () => {
    const own = claim(direct("offered", 100_000n), 100_000n, { isAtStake: false });
    expect(budgets(own)).to.deep.equal([[25_000n, undefined]]);
    expect(feeAt(own, 1_900)).to.equal(feeAt(own, EXPIRY));
  });
  it("a quarter of our balance, likewise", () => {
    const balance = claim({ tag: "to_remote", format: "anchors" }, 400_000n, { isAtStake: false });
    expect(budgets(balance)).to.deep.equal([[100_000n, undefined]]);
  });
  it("RELIABILITY O26: of what a thief would get all but dust, in the last block that is ours alone to be mined in", () => {
    expect(budgets(claim(penalty, 300_000n))).to.deep.equal([[299_706n, MINED + 143]]);
    expect(feeAt(claim(penalty, 300_000n), MINED + 143) > 299_000n).to.equal(true);
  });
});

describe("RELIABILITY O9: claims, where there may not be coins for all", () => {
  it("come in the order in which they are lost, the largest of one height first, and what cannot be lost last", () => {
    const sooner = claim(
      { ...direct("received", 5_000n), htlc: { ...htlc("received", 5_000n), expiry: 510 } } as OutputPath,
      5_000n,
    );
    const large = claim(direct("received", 90_000n), 90_000n);
    const small = claim(direct("received", 10_000n), 10_000n);
    const balance = claim({ tag: "to_remote", format: "anchors" }, 400_000n, { isAtStake: false });
    expect([balance, small, large, sooner].sort(byUrgency)).to.deep.equal([sooner, large, small, balance]);
  });
});

describe("Which HTLCs are lost if we are late", () => {
  const relay: HtlcOrigin = { tag: "relay", channelId: normal().parties.a.funded.params.channelId, htlcId: 1n };
  const terms = { id: 0n, amount: msat(1n), paymentHash: paymentHash(bytes(32)), expiry: EXPIRY, onion: bytes(1) };
  const offered = { ...terms, side: "offered", step: "SENT_ADD_ACK_REVOCATION", removal: undefined } as const;
  const received = { ...terms, side: "received", step: "RECEIVED_ADD_ACK_REVOCATION" } as const;
  const known = preimage(bytes(32));
  for (const [what, one, lost] of [
    ["passed on, with nothing heard of it", { ...offered, origin: relay, preimage: undefined }, true],
    ["passed on, and upstream has paid for it", { ...offered, origin: relay, preimage: known }, false],
    [
      "of our own",
      { ...offered, origin: { tag: "payment", paymentId: "p", attempt: 0 }, preimage: undefined } as const,
      false,
    ],
    ["the peer's, with the preimage", { ...received, removal: { tag: "fulfilled", preimage: known } } as const, true],
    ["the peer's, without", { ...received, removal: undefined }, false],
    ["the peer's, that we have failed", { ...received, removal: { tag: "failed", reason: bytes(1) } } as const, false],
  ] as const)
    it(`${lost ? "is" : "is not"} one ${what}`, () => {
      expect(isAtStake(one)).to.equal(lost);
    });
});
