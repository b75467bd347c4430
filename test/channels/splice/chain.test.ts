import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { Court } from "../../support/court.ts";
import { out, pending, want } from "../../support/splicing.ts";

/** A channel on a chain of whose 600,000 sat a has taken 50,000 out, and the splice is in the mempool. */
function waiting(): Court {
  const court = new Court().open({ policy: { toSelfDelay: 10 } });
  court.pair.features = [...court.pair.features, 62];
  want(court.pair, "a", out(50_000n));
  court.pair.settle();
  court.act();
  expect([court.refused, pending(court.pair).length]).to.deep.equal([[], 1]);
  return court;
}
const funding = (court: Court, name: "a" | "b") => court.pair.parties[name].funded.params.funding.txid;

describe("CONFORMANCE 68: a splice on the chain", () => {
  it("is mined, locked by both at the depth that was agreed on, and closed over by either side", () => {
    for (const closer of ["a", "b"] as const) {
      const court = waiting();
      const splice = pending(court.pair)[0]?.terms.outpoint.txid;
      court.mine(2);
      expect(funding(court, "a"), "not yet deep").to.not.equal(splice);
      court.mine(1);
      court.pair.settle();
      expect([funding(court, "a"), funding(court, "b")]).to.deep.equal([splice, splice]);
      court.pair.offer("a", 10_000_000n);
      court.pair.settle();
      for (const htlc of court.pair.parties.b.incoming.values()) court.pair.fulfill("b", htlc);
      court.pair.settle();
      court.pair.disconnect();
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      court.mine(14);
      expect([court.worth("a") > 585_000n, court.worth("b") > 407_000n], "less fees").to.deep.equal([true, true]);
    }
  });
  it("that a reorganisation takes back when it was locked comes again, and the channel waits for it", () => {
    const court = waiting();
    const splice = pending(court.pair)[0]?.terms.outpoint.txid;
    court.mine(3);
    court.pair.settle();
    court.reorganise(4, "none");
    for (const name of ["a", "b"] as const)
      expect([funding(court, name), court.pair.parties[name].funded.funding.deep], name).to.deep.equal([splice, false]);
    court.pair.offer("a", 1_000_000n);
    expect(court.pair.parties.a.take("Refused").map(({ reason }) => reason.code)).to.deep.equal([
      "funding_not_confirmed",
    ]);
    court.mine(4);
    court.pair.settle();
    expect([court.transaction(splice as never) !== undefined, court.pair.parties.a.funded.funding.deep]).to.deep.equal([
      true,
      true,
    ]);
    court.pair.offer("a", 1_000_000n);
    court.pair.settle();
    expect(court.pair.parties.b.incoming.size).to.equal(1);
  });
  it("that gives way to another one comes after all in another branch, and is the one that is locked", () => {
    const court = waiting();
    const first = present(court.pair.parties.a.broadcasts.at(-1), "a splice");
    want(court.pair, "b", out(20_000n, "b"), 3_000);
    court.pair.settle();
    court.act();
    const second = present(pending(court.pair)[1], "another one").terms.outpoint.txid;
    court.mine(1);
    expect(court.transaction(second)).to.not.equal(undefined);
    court.reorganise(1, [first]);
    court.mine(4);
    court.pair.settle();
    for (const name of ["a", "b"] as const) expect(funding(court, name), name).to.equal(txidOf(first));
  });
});
