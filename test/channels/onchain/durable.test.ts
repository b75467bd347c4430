import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { HEIGHT, normal, opened } from "../../support/channel-pair.ts";
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

describe("A channel that waits for its commitment to be mined", () => {
  it("says it again at each block, and writes nothing: there is nothing new", () => {
    for (const funding of [opened(), normal()]) {
      funding.settle();
      const { a } = funding.parties;
      funding.give("a", { tag: "ForceClose" });
      const [said] = a.broadcasts.slice(-1);
      const written = a.commits;
      for (const blocks of [1, 2, 3]) {
        a.broadcasts = [];
        funding.block(HEIGHT + 10 + blocks);
        expect(a.broadcasts).to.deep.equal([said]);
      }
      expect(a.commits).to.equal(written);
    }
  });
});
