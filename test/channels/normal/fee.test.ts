import { expect } from "chai";
import { satPerKw } from "../../../src/base/units.ts";
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
