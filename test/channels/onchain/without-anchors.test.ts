import { expect } from "chai";
import { explain } from "../../../channels/index.ts";
import type { FundedState } from "../../../channels/state.ts";
import { outpointKey } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { HEIGHT, type Name, other } from "../../support/channel-pair.ts";
import { Court } from "../../support/court.ts";
import { Thief } from "../../support/thief.ts";
import { betrayed, feeOf, POLICY, SIDES, toTheEnd, withHtlcs } from "./scene.ts";

const TYPE = { format: "static_remotekey" } as const;

/** All transactions of the best chain that came of the funding output, in the order of the chain. */
function cameOf(court: Court, funding: string): readonly Tx[] {
  const txs: Tx[] = [];
  const known = new Set([funding]);
  for (let height = HEIGHT + 1; height <= court.height; height++) {
    for (const tx of present(court.chain.whole.blockAt(blockHeight(height)), "a block").txs.slice(1)) {
      if (!tx.inputs.some(({ prevout }) => known.has(outpointKey(prevout)))) continue;
      txs.push(tx);
      for (const vout of tx.outputs.keys()) known.add(outpointKey({ txid: txidOf(tx), vout }));
    }
  }
  return txs;
}
/** Every satoshi of the channel is one side's or a miner's, and nothing but the channel paid for any of it. */
function expectWhole(court: Court, funding: string): void {
  const txs = cameOf(court, funding);
  const fees = txs.reduce((sum, tx) => sum + feeOf(court, tx), 0n);
  expect(court.worth("a") + court.worth("b")).to.equal(1_000_000n - fees);
  for (const tx of txs) expect([tx.inputs.length, tx.outputs.length <= 5]).to.deep.equal([1, true]);
}

describe("A channel without anchors, on the chain", () => {
  for (const closer of SIDES)
    it(`${closer} closes alone: the other's balance can be spent at once, by its key alone`, () => {
      const court = new Court().open({ policy: POLICY, type: TYPE });
      const funding = outpointKey(court.pair.parties.a.funded.params.funding);
      court.pair.disconnect();
      court.pair.give(closer, { tag: "ForceClose" });
      court.act();
      expect(
        court.pair.parties[closer].take("Claims").flatMap(({ claims }) => claims),
        "no fee is added",
      ).to.deep.equal([]);
      court.mine();
      // Into the very next block, as no delay of one block is asked.
      const [claim] = court.pair.parties[other(closer)].take("Claims").flatMap(({ claims }) => claims);
      expect([claim?.why, claim?.sequence, claim?.lock.tag]).to.deep.equal(["to_remote", 0xffff_fffd, "key"]);
      court.mine();
      expect(court.worth(other(closer)) > 390_000n).to.equal(true);
      expect(court.worth(closer)).to.equal(0n);
      court.mine(POLICY.toSelfDelay);
      expect(court.worth(closer) > 390_000n).to.equal(true);
      expectWhole(court, funding);
    });

  for (const closer of SIDES)
    it(`${closer} closes with HTLCs both ways: its second stages pay the fee that both have signed`, () => {
      const here = withHtlcs(closer, TYPE);
      const { court, funding } = here;
      court.mine(60);
      const second = cameOf(court, funding).filter(({ locktime, inputs, outputs }) => {
        return inputs[0]?.sequence === 0 && outputs.length === 1 && locktime < 500_000_000;
      });
      // a takes back what it offered and claims what it has the preimage for; in its own commitment by second stages.
      expect(second.length).to.equal(closer === "a" ? 2 : 0);
      expect(second.map((tx) => feeOf(court, tx)).sort()).to.deep.equal(closer === "a" ? [663n, 703n] : []);
      toTheEnd(here);
      expectWhole(court, funding);
      expect(court.worth("b") >= 318_000n && court.worth("b") <= 320_000n, "b has what it was owed").to.equal(true);
      expect(court.refused.filter(({ reason }) => !/missing|spent|conflict|known/i.test(reason))).to.deep.equal([]);
    });

  it("explains what is a wait and what is not", () => {
    const { court } = withHtlcs("a", TYPE);
    court.mine();
    const { outputs } = explain(court.pair.env("b"), court.pair.parties.b.funded);
    expect(outputs.find(({ what }) => what === "our balance")?.status).to.equal("claimable");
  });

  it("RELIABILITY R2: a revoked commitment loses everything, down to the thief's own second stages", () => {
    const here = betrayed(TYPE);
    here.court.mine(30);
    toTheEnd(here);
    expect(here.court.worth("b")).to.equal(0n);
    expectWhole(here.court, here.funding);

    const court = new Court().open({ policy: POLICY, type: TYPE });
    const { pair } = court;
    const funding = outpointKey(pair.parties.a.funded.params.funding);
    pair.offer("a", 100_000_000n);
    pair.settle();
    const then = pair.parties.b.funded as FundedState;
    for (const htlc of pair.parties.b.incoming.values()) pair.fail("b", htlc.id);
    pair.settle();
    pair.disconnect();
    court.silent.b = true;
    const thief = new Thief(pair.parties.b);
    court.publish(thief.commitment(then).tx);
    const [success] = thief.secondStages(then, "received", (tx) => tx);
    court.publish(present(success, "an HTLC-success transaction").tx);
    court.mine(POLICY.toSelfDelay);
    expect(court.pair.parties.a.take("Breach").map(({ number }) => number)).to.deep.equal([1n]);
    expect(court.worth("b")).to.equal(0n);
    expectWhole(court, funding);
  });
});

describe("A channel without anchors, at work", () => {
  it("CONFORMANCE 95, 98: has the weights of its format and no anchor, on both sides", () => {
    const names: readonly Name[] = SIDES;
    const court = new Court().open({ policy: POLICY, type: TYPE });
    court.pair.offer("a", 100_000_000n);
    court.pair.settle();
    for (const name of names) court.pair.give(name, { tag: "ForceClose" });
    for (const name of names) {
      const tx = present(court.pair.parties[name].broadcasts.at(-1), "a commitment");
      const paid = tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
      expect([tx.outputs.length, 1_000_000n - paid]).to.deep.equal([3, 724n + 172n]);
    }
  });
});
