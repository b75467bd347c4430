import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { type Name, other, Pair } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { agreed, EXPIRY_BLOCKS, expectPaid, expectReplay, POLICY, SIDES, scene, toTheEnd, withHtlcs } from "./scene.ts";

/** The commitment that a side would publish from a record. */
function commitmentOf(court: Court, name: Name, disk: Uint8Array): Tx {
  const alone = new Pair();
  alone.connected = false;
  alone.parties[name].policy = court.pair.parties[name].policy;
  alone.parties[name].height = court.pair.parties[name].height;
  alone.load(name, disk);
  alone.give(name, { tag: "ForceClose" });
  return present(alone.parties[name].broadcasts[0], "a commitment");
}

describe("RELIABILITY C31: a mutual close is mined and goes again, and the peer's revoked commitment takes its place", () => {
  for (const depth of [1, 2, 6, 50, 99])
    it(`${depth} blocks later: the next block holds the penalty`, () => {
      const court = new Court().open();
      const { pair } = court;
      const old = present(pair.parties.b.disk, "b's record of 400,000 sat");
      pair.offer("b", 100_000_000n);
      pair.settle();
      for (const htlc of pair.parties.a.incoming.values()) pair.fulfill("a", htlc);
      pair.settle();
      const revoked = commitmentOf(court, "b", old);
      const here = scene(court, 1_000_000n);
      pair.give("b", { tag: "Shutdown", script: pair.parties.b.closeScript, feerate: pair.env("b").feerate as never });
      court.act();
      court.mine(depth);
      expect(pair.parties.a.state.tag).to.equal("Closing");
      expect([court.worth("a") > 699_000n, court.worth("b")]).to.deep.equal([true, 300_000n]);
      // Of b only this transaction counts from here on: its node would stand by the close.
      pair.disconnect();
      court.silent.b = true;
      court.reorganise(depth, [revoked]);
      expect(pair.parties.a.take("Breach").map(({ number }) => number)).to.deep.equal([0n]);
      court.mine();
      expectPaid(here);
    });
  it("100 blocks later it is forgotten", () => {
    const court = agreed().court;
    court.mine(99);
    for (const name of SIDES) expect(court.pair.parties[name].state.tag).to.equal("Closing");
    court.mine();
    for (const name of SIDES) expect(court.pair.parties[name].state.tag).to.equal("Closed");
  });
});

describe("RELIABILITY O24: both sides publish, and a reorganisation puts the other commitment into the chain", () => {
  /** How far things have gone when the commitment that won is replaced, and then that one. */
  const STAGES = {
    "before anything is claimed": 1,
    "after the preimage was shown": 2,
    "after the HTLC was taken back": EXPIRY_BLOCKS + 1,
    "after all was swept": EXPIRY_BLOCKS + 1 + POLICY.toSelfDelay,
  };
  for (const first of SIDES)
    for (const [stage, blocks] of Object.entries(STAGES))
      it(`that of ${first} is replaced ${stage}, and comes back: claims follow what confirms`, () => {
        const here = withHtlcs(first);
        const { court } = here;
        const mine = present(court.pair.parties[first].broadcasts.at(-1), "the one that wins");
        const theirs = commitmentOf(court, other(first), here.disks[other(first)]);
        court.mine(blocks);
        court.reorganise(blocks, [theirs]);
        expectReplay(here, "replaced");
        court.mine(2);
        expectReplay(here, "claimed from");
        // A branch is a block longer than what it replaces.
        court.reorganise(blocks + 3, [mine]);
        expectReplay(here, "back again");
        toTheEnd(here);
        expectPaid(here);
      });
});

describe("What was mined first goes, and something of another kind takes its place", () => {
  it("a mutual close, then the peer's newest commitment, then the mutual close again", () => {
    const court = new Court().open({ policy: POLICY });
    const { pair } = court;
    const commitment = commitmentOf(court, "b", present(pair.parties.b.disk, "a record"));
    pair.give("b", { tag: "Shutdown", script: pair.parties.b.closeScript, feerate: pair.env("b").feerate as never });
    pair.settle();
    const here = scene(court, 600_000n);
    const mutual = present(pair.parties.a.broadcasts.at(-1), "the mutual close");
    court.act();
    court.mine(3);
    court.reorganise(3, [commitment]);
    expect(SIDES.map((name) => pair.parties[name].state.tag)).to.deep.equal(["Failed", "Failed"]);
    court.mine(POLICY.toSelfDelay);
    expectPaid(here);
    court.reorganise(POLICY.toSelfDelay + 4, [mutual]);
    expectPaid(here);
    toTheEnd(here);
    expectPaid(here);
  });
  it("a revoked commitment, then an older revoked one with another HTLC in it: each is punished by its own record", () => {
    const court = new Court().open();
    const { pair } = court;
    const records: Uint8Array[] = [];
    for (const tick of [1, 2]) {
      pair.offer("a", BigInt(tick) * 50_000_000n, tick, cltvExpiry(court.height + 200));
      pair.settle();
      records.push(present(pair.parties.b.disk, "a record"));
      for (const htlc of pair.parties.b.incoming.values()) pair.fail("b", htlc.id);
      pair.settle();
    }
    const [older, newer] = records.map((record) => commitmentOf(court, "b", record)) as [Tx, Tx];
    pair.disconnect();
    court.silent.b = true;
    const here = scene(court, 1_000_000n);
    court.publish(newer);
    court.mine(2);
    expectPaid(here);
    court.reorganise(2, [older]);
    court.mine();
    expectPaid(here);
    const numbers = pair.parties.a.take("Breach").map(({ number }) => number);
    expect(numbers.length === 2 && (numbers[0] as bigint) > (numbers[1] as bigint), `${numbers}`).to.equal(true);
  });
  it("a revoked commitment, then the newest of the same peer: nothing of what is its own is taken", () => {
    const court = new Court().open({ policy: POLICY });
    const { pair } = court;
    const revoked = commitmentOf(court, "b", present(pair.parties.b.disk, "an old record"));
    pair.offer("a", 100_000_000n);
    pair.settle();
    for (const htlc of pair.parties.b.incoming.values()) pair.fulfill("b", htlc);
    pair.settle();
    const newest = commitmentOf(court, "b", present(pair.parties.b.disk, "the newest record"));
    pair.disconnect();
    court.silent.b = true;
    court.publish(revoked);
    court.mine(2);
    expectPaid(scene(court, 1_000_000n));
    court.silent.b = false;
    court.reorganise(2, [newest]);
    const here = scene(court, 500_000n);
    toTheEnd(here);
    expectPaid(here);
    expect(pair.parties.a.take("Breach")).to.have.length(1);
  });
});
