import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { into, lockBoth, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

describe("RELIABILITY U11: coins of a splice come back when it can never be mined", () => {
  it("also of one that was locked, when a reorganisation takes it back and a commitment is mined on what it spent", () => {
    const pair = spliceable();
    const { a, b } = pair.parties;
    const txid = spliceBoth(pair, "a", into(200_000n));
    pair.disconnect();
    // The splice is in no block yet, so b ends the channel on what there was before.
    pair.give("b", { tag: "ForceClose" });
    const commitment = present(b.broadcasts.at(-1), "a commitment on the first funding");
    mined(pair, "a", txid);
    pair.connect();
    pair.queues.a.length = 0;
    const { channelId } = a.funded.params;
    pair.give("a", {
      tag: "PeerMessage",
      message: {
        name: "channel_reestablish",
        channel_id: channelId,
        next_commitment_number: 1n,
        next_revocation_number: 0n,
        your_last_per_commitment_secret: new Uint8Array(32),
        my_current_per_commitment_point: b.keys.commitmentPoint(0n),
        my_current_funding_locked: { my_current_funding_locked_txid: txid, retransmit_flags: 0 },
      },
    });
    expect([a.funded.params.funding.txid, [...a.wallet.kept.keys()]]).to.deep.equal([txid, [txid]]);
    pair.give("a", { tag: "FundingReorged" });
    expect([...a.wallet.kept.keys()], "it may be mined again").to.deep.equal([txid]);
    pair.give("a", { tag: "FundingSpent", tx: commitment, height: a.height });
    expect([a.state.tag, [...a.wallet.kept.keys()]]).to.deep.equal(["Failed", []]);
  });
  it("not of those that led to the one on which the channel ends", () => {
    const pair = spliceable();
    const { a, b } = pair.parties;
    const first = spliceBoth(pair, "a", into(200_000n));
    const second = spliceBoth(pair, "a", out(30_000n), 3_000);
    expect(pending(pair).length).to.equal(2);
    lockBoth(pair, first);
    expect([...a.wallet.kept.keys()], "of the other one there are no coins").to.deep.equal([first]);
    const third = spliceBoth(pair, "a", into(100_000n));
    pair.disconnect();
    pair.give("b", { tag: "ForceClose" });
    const replaced = (): readonly string[] => [...new Set(a.take("FundingReplaced").map(({ txid }) => txid))];
    expect(replaced()).to.deep.equal([second]);
    const tx = present(b.broadcasts.at(-1), "a commitment on the first splice");
    pair.give("a", { tag: "FundingSpent", tx, height: a.height });
    expect(replaced()).to.deep.equal([second, third]);
    expect([...a.wallet.kept.keys()]).to.deep.equal([first]);
  });
  it("at once when a commitment is mined before anything of it is signed: nobody answers for it any more", () => {
    const pair = spliceable();
    const { a, b } = pair.parties;
    want(pair, "a", into(200_000n));
    expect(a.wallet.isFree).to.equal(false);
    pair.give("b", { tag: "ForceClose" });
    const tx = present(b.broadcasts.at(-1), "b's commitment");
    pair.give("a", { tag: "FundingSpent", tx, height: a.height });
    expect([a.state.tag, a.wallet.isFree]).to.deep.equal(["Failed", true]);
    expect(a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal(["the connection was lost"]);
  });
});
