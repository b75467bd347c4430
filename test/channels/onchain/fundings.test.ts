import { expect } from "chai";
import { lockedOn } from "../../../channels/fundings/move.ts";
import type { FundedState } from "../../../channels/index.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { Name } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { seenOn, spliced } from "../../support/fundings.ts";
import { type Snapshot, Thief } from "../../support/thief.ts";

const POLICY = { toSelfDelay: 10 };
/** A splice of 50,000 sat out of a's side is signed, and waits in the mempool. */
function waiting(): { readonly court: Court; readonly splice: Tx } {
  const court = new Court().open({ policy: POLICY });
  const splice = spliced(court.pair);
  // Both keep it on disk.
  court.pair.offer("a", 1_000n);
  court.pair.settle();
  court.act();
  return { court, splice };
}
const endOf = (court: Court, name: Name) => {
  const { state } = court.pair.parties[name];
  return state.tag === "Closed" ? state.closingTxid : state.tag;
};
const commitmentOf = (court: Court, name: Name, then: FundedState): Tx =>
  new Thief(court.pair.parties[name]).commitment(then as Snapshot).tx;
const fails = (court: Court, name: Name) => court.pair.give(name, { tag: "ForceClose" });
/** Beyond the delay of both sides, and every claim. */
const bury = (court: Court) => court.mine(14);

describe("CONFORMANCE 68: a channel that fails with more than one funding", () => {
  for (const name of ["a", "b"] as const) {
    it(`is closed by ${name} on the funding that is in the chain while the splice is not`, () => {
      const { court, splice } = waiting();
      court.pair.disconnect();
      fails(court, name);
      court.act();
      bury(court);
      const { params } = court.pair.parties[name].state as FundedState;
      expect([court.unspent(params.funding), court.transaction(txidOf(splice))]).to.deep.equal([false, undefined]);
      expect([endOf(court, "a"), court.worth("a") + court.worth("b") > 997_000n]).to.deep.equal([
        endOf(court, "b"),
        true,
      ]);
    });
    it(`is closed by ${name} on the splice once that is in the chain, whatever was published before`, () => {
      const { court, splice } = waiting();
      court.pair.disconnect();
      court.publish(splice);
      court.mine();
      fails(court, name);
      court.act();
      bury(court);
      expect(court.transaction(txidOf(splice))).to.deep.equal(splice);
      expect(court.unspent({ txid: txidOf(splice), vout: 0 })).to.equal(false);
      expect([endOf(court, "a"), court.worth("a") + court.worth("b") > 996_000n]).to.deep.equal([
        endOf(court, "b"),
        true,
      ]);
    });
  }
  it("follows a splice that is mined although our commitment on the funding before is out", () => {
    const { court, splice } = waiting();
    court.pair.disconnect();
    court.silent.a = true;
    fails(court, "a");
    court.act();
    court.silent.a = false;
    court.publish(splice);
    court.mine(2);
    bury(court);
    expect(court.unspent({ txid: txidOf(splice), vout: 0 })).to.equal(false);
    expect([endOf(court, "a"), court.worth("a") + court.worth("b") > 996_000n]).to.deep.equal([
      endOf(court, "b"),
      true,
    ]);
  });
  it("goes back to the funding before when a reorganisation takes the splice away and it never comes again", () => {
    const { court, splice } = waiting();
    court.pair.disconnect();
    court.publish(splice);
    court.mine();
    fails(court, "a");
    court.act();
    const before = commitmentOf(court, "b", court.pair.parties.b.funded);
    court.reorganise(1, [before]);
    bury(court);
    expect(court.transaction(txidOf(splice))).to.equal(undefined);
    expect([endOf(court, "a"), court.worth("a") + court.worth("b") > 997_000n]).to.deep.equal([
      endOf(court, "b"),
      true,
    ]);
  });

  for (const where of ["the funding before", "the splice"] as const)
    it(`punishes a revoked commitment on ${where} to the last output`, () => {
      const { court, splice } = waiting();
      const { pair } = court;
      pair.offer("a", 100_000_000n, 1, cltvExpiry(court.height + 300));
      pair.settle();
      const then = pair.parties.b.funded;
      for (const htlc of pair.parties.b.incoming.values()) pair.fail("b", htlc.id);
      pair.settle();
      const old = where === "the splice" ? seenOn(then, txidOf(splice)) : seenOn(then, then.params.funding.txid);
      pair.disconnect();
      court.silent.b = true;
      if (where === "the splice") court.publish(splice);
      court.mine();
      court.publish(commitmentOf(court, "b", old));
      bury(court);
      expect(pair.parties.a.take("Breach").length).to.equal(1);
      const all = where === "the splice" ? 949_000n : 1_000_000n;
      expect(court.worth("a") > all - 8_000n, `a has all, ${court.worth("a")}`).to.equal(true);
      expect(court.worth("b")).to.equal(0n);
    });

  it("punishes what b publishes on a funding that was replaced long ago, when a reorganisation brings it back", () => {
    const { court, splice } = waiting();
    const { pair } = court;
    const then = pair.parties.b.funded;
    court.publish(splice);
    court.mine();
    for (const name of ["a", "b"] as const) {
      const party = pair.parties[name];
      party.state = lockedOn(party.funded, { txid: txidOf(splice), vout: 0 });
    }
    // Most of what the funding before held for a is gone: on it a would have less than nothing.
    for (const tick of [11, 12]) {
      pair.offer("a", 260_000_000n, tick);
      pair.settle();
      for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
      pair.parties.b.incoming.clear();
      pair.settle();
    }
    pair.disconnect();
    court.silent.b = true;
    court.reorganise(1, [commitmentOf(court, "b", seenOn(then, then.params.funding.txid))]);
    bury(court);
    expect(pair.parties.a.take("Breach").length).to.equal(1);
    expect([court.worth("a") > 990_000n, court.worth("b")]).to.deep.equal([true, 0n]);
  });
});
