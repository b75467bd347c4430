import { expect } from "chai";
import { dustExposure } from "../../../channels/normal/bounds.ts";
import { msat, satPerKw } from "../../../src/base/units.ts";
import { normal } from "../../support/channel-pair.ts";

describe("BOLT 2 §Updating Fees: update_fee, again and again", () => {
  it("goes on while one side revokes and does not sign, and of all only the last one counts", () => {
    const pair = normal();
    for (let at = 0; at < 12; at++) {
      pair.give("a", { tag: "UpdateFee", feerate: satPerKw(1_100 + at) });
      pair.signTurn("a");
      while (pair.deliver("b") || pair.deliver("a"));
    }
    const pending = (name: "a" | "b") => pair.parties[name].funded.commitments.feeUpdates;
    expect(pending("a")).to.deep.equal([{ feerate: 1_111, step: "RECEIVED_ADD_REVOCATION" }]);
    expect(pending("b")).to.deep.equal([{ feerate: 1_111, step: "SENT_ADD_REVOCATION" }]);
    pair.settle();
    for (const { funded } of [pair.parties.a, pair.parties.b]) {
      const { feerate, feeUpdates } = funded.commitments;
      expect({ tag: funded.tag, feerate, feeUpdates }).to.deep.equal({ tag: "Normal", feerate: 1_111, feeUpdates: [] });
    }
  });
  it("goes on while one side signs and does not revoke", () => {
    const pair = normal();
    let withheld: Uint8Array | undefined;
    for (let at = 0; at < 12; at++) {
      pair.give("a", { tag: "UpdateFee", feerate: satPerKw(1_100 + at) });
      pair.signTurn("a");
      while (pair.deliver("b"));
      pair.signTurn("b");
      while (pair.deliver("a"));
      withheld ??= pair.queues.b.pop();
    }
    expect(pair.parties.b.funded.commitments.feeUpdates).to.deep.equal([
      { feerate: 1_100, step: "SENT_ADD_ACK_COMMIT" },
      { feerate: 1_111, step: "SENT_ADD_REVOCATION" },
    ]);
    pair.queues.b.push(withheld as Uint8Array);
    pair.settle();
    for (const { funded } of [pair.parties.a, pair.parties.b])
      expect([funded.tag, funded.commitments.feerate]).to.deep.equal(["Normal", 1_111]);
  });
});

describe("BOLT 2 §Updating Fees: update_fee, without anchors", () => {
  it("is taken though it crosses an HTLC that it leaves without an output, beyond the bound that both sides have", () => {
    const pair = normal({ type: { format: "static_remotekey" }, policy: { maxDustExposure: msat(5_000_000n) } });
    const { a, b } = pair.parties;
    for (let i = 0; i < 2; i++) pair.offer("a", 2_000_000n);
    pair.settle();
    // At 4,000 sat/kw an HTLC of 2,000 sat is dust: two are within the bound, three are not.
    pair.offer("b", 2_000_000n);
    expect(pair.give("a", { tag: "UpdateFee", feerate: satPerKw(4_000) }).kind).to.equal("advance");
    pair.signTurn("a");
    pair.settle();
    expect(b.take("SendWarning")).to.deep.equal([]);
    for (const { funded } of [a, b]) expect([funded.tag, funded.commitments.feerate]).to.deep.equal(["Normal", 4_000]);
    pair.offer("b", 2_000_000n);
    expect(b.take("Refused").map(({ reason }) => reason.code)).to.deep.equal(["dust_exposure"]);
    expect(dustExposure(b.funded.params, b.funded.commitments)).to.equal(6_000_000n);
  });
});
