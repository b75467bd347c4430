import { expect } from "chai";
import { type Name, normal, opened } from "../../support/channel-pair.ts";

describe("A channel that is closed alone before its funding is in the chain", () => {
  it("spends nothing on a commitment that cannot be mined", () => {
    const pair = opened();
    pair.settle();
    const claimsOf = (closer: Name, of = pair) => {
      of.give(closer, { tag: "ForceClose" });
      const party = of.parties[closer];
      party.height = (party.height + 1) as typeof party.height;
      of.give(closer, { tag: "BlockConnected", height: party.height });
      return party.claims.map(({ why }) => why);
    };
    expect([claimsOf("a"), claimsOf("b")]).to.deep.equal([[], []]);
    expect(claimsOf("b", normal()), "with a funding that is there").to.deep.equal(["anchor"]);
  });
});
