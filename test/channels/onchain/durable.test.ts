import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { Court } from "../../support/court.ts";

describe("A channel whose commitment is mined", () => {
  it("writes the preimage that it is given then: a crash does not take it back", () => {
    const court = new Court().open();
    const { pair } = court;
    const { b } = pair.parties;
    pair.offer("a", 50_000_000n);
    pair.settle();
    pair.disconnect();
    pair.give("a", { tag: "ForceClose" });
    court.act();
    court.mine();
    pair.fulfill("b", present([...b.incoming.values()][0], "the HTLC that b has received"));
    pair.crash("b");
    expect(b.funded.commitments.htlcs.map(({ removal }) => removal?.tag)).to.deep.equal(["fulfilled"]);
  });
});
