import { expect } from "chai";
import fc from "fast-check";
import { expectAgreement, run, schedule } from "../support/schedule.ts";

describe("BOLT 2 §Message Retransmission: any schedule of updates, cuts and crashes", () => {
  it("leaves both sides with the same commitments, and every msat accounted for", function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(schedule(250), (actions) => {
        const { pair, offers } = run(actions);
        for (const party of [pair.parties.a, pair.parties.b]) expect(party.state.tag).to.equal("Normal");
        expectAgreement(pair, offers);
      }),
      { seed: 2, numRuns: 40 },
    );
  });
});
