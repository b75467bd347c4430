import { expect } from "chai";
import type { Name } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";

const other = (name: Name): Name => (name === "a" ? "b" : "a");

describe("BOLT 5 §Unilateral Close Handling: Local Commitment Transaction", () => {
  for (const closer of ["a", "b"] as const)
    it(`${closer} closes alone: its balance after the delay, the other's after one block`, () => {
      const court = new Court().open();
      court.pair.disconnect();
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      court.mine();
      const { [closer]: mine, [other(closer)]: theirs } = court.pair.parties;
      expect(theirs.state.tag).to.equal("Failed");
      court.mine();
      expect(court.worth(other(closer)) > 390_000n).to.equal(true);
      expect(court.worth(closer)).to.equal(0n);
      court.mine(142);
      expect(court.worth(closer)).to.equal(0n);
      court.mine(2);
      expect(court.worth(closer) > 390_000n).to.equal(true);
      expect(court.worth("a") + court.worth("b") > 997_000n, "less fees").to.equal(true);
      court.mine(100);
      expect([mine.state.tag, theirs.state.tag]).to.deep.equal(["Closed", "Closed"]);
    });
});
