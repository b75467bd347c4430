import { expect } from "chai";
import fc from "fast-check";
import { msat } from "../../src/base/units.ts";
import type { Opening } from "../support/channel-pair.ts";
import { expectAgreement, run, schedule } from "../support/schedule.ts";

const OPENINGS: readonly (readonly [string, Opening])[] = [
  ["a usual channel", {}],
  ["a channel so small that fees and reserves bind", { capacity: 40_000n, push: 15_000_000n, feerate: 3_000 }],
  ["a public channel with three slots", { announce: true, policy: { maxAcceptedHtlcs: 3 } }],
  ["a channel whose accepter begins with nothing", { capacity: 200_000n, push: 0n }],
  ["a channel that bears little dust", { policy: { maxDustExposure: msat(100_000n) } }],
];

describe("BOLT 2 §Message Retransmission: any schedule of updates, cuts and crashes", () => {
  for (const [index, [what, opening]] of OPENINGS.entries())
    it(`leaves both sides of ${what} with the same commitments, and every msat accounted for`, function () {
      this.timeout(120_000);
      fc.assert(
        fc.property(schedule(250), (actions) => {
          const { pair, offers } = run(actions, opening);
          for (const party of [pair.parties.a, pair.parties.b]) {
            expect(party.state.tag).to.equal("Normal");
            expect(
              [...party.take("SendWarning"), ...party.take("SendError")],
              "no fault between honest nodes",
            ).to.deep.equal([]);
          }
          expectAgreement(pair, offers, opening);
        }),
        { seed: 2 + index, numRuns: 12 },
      );
    });
});
