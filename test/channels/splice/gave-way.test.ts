import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { close } from "../../support/closing.ts";
import { Court } from "../../support/court.ts";
import { lockBoth, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const NAMES = ["a", "b"] as const;
const DEPTH = 6;

/** Of two splices the second is mined and locked by both, in a channel of whose 600,000 sat a takes 50,000 out. */
function locked(): { readonly court: Court; readonly first: Tx; readonly second: Tx } {
  const court = new Court().open({ policy: { toSelfDelay: 10 } });
  const { pair } = court;
  pair.features = [...pair.features, 62, 60];
  const made: Tx[] = [];
  for (const feerate of [1_000, 3_000]) {
    want(pair, "a", out(50_000n), feerate);
    pair.settle();
    made.push(present(pending(pair).at(-1)?.progress.tx, "a splice that both have signed"));
  }
  court.act();
  court.mine(3);
  pair.settle();
  const [first, second] = made as [Tx, Tx];
  expect(NAMES.map((name) => pair.parties[name].funded.params.funding.txid)).to.deep.equal(
    Array(2).fill(txidOf(second)),
  );
  return { court, first, second };
}
/** Both have signed a close over the second splice; nobody hears of it. */
function closed(): ReturnType<typeof locked> {
  const scene = locked();
  const { court } = scene;
  for (const name of NAMES) court.silent[name] = true;
  close(court.pair, "a", 500);
  court.act();
  for (const name of NAMES) court.silent[name] = false;
  expect(states(court)).to.deep.equal(["Closing", "Closing"]);
  return scene;
}
const states = ({ pair }: Court) => NAMES.map((name) => pair.parties[name].state.tag);

describe("CONFORMANCE 68: a locked splice in whose place another one is mined after all", () => {
  it("ends the channel on the one that is there, six blocks deep, when a close is agreed on", () => {
    const { court, first } = closed();
    court.reorganise(3, [first]);
    court.mine(DEPTH - 1 - (court.height - heightOf(court, first)) - 1);
    expect(states(court)).to.deep.equal(["Closing", "Closing"]);
    court.mine(1);
    expect(states(court)).to.deep.equal(["Failed", "Failed"]);
    court.mine(1 + 14);
    expect(court.unspent({ txid: txidOf(first), vout: fundingVout(court, first) })).to.equal(false);
    expect(court.worth("a") + court.worth("b") > 990_000n, `${court.worth("a")}, ${court.worth("b")}`).to.equal(true);
    court.mine(100);
    expect(states(court)).to.deep.equal(["Closed", "Closed"]);
  });

  it("changes nothing when it comes back before: what was agreed on is mined", () => {
    const { court, first, second } = closed();
    court.reorganise(3, [first]);
    expect(states(court)).to.deep.equal(["Closing", "Closing"]);
    court.reorganise(4, [second]);
    court.mine(DEPTH + 1);
    expect(NAMES.map((name) => confirmedOf(court, name))).to.deep.equal([true, true]);
  });

  it("is published what was agreed on, if the locked one is there again after the channel has failed", () => {
    const { court, first, second } = closed();
    court.reorganise(3, [first]);
    court.mine(DEPTH);
    expect(states(court)).to.deep.equal(["Failed", "Failed"]);
    court.reorganise(court.height - heightOf(court, first) + 1, [second]);
    court.mine(3);
    for (const name of NAMES) {
      const { state } = court.pair.parties[name];
      expect(
        state.tag === "Failed" && state.mutual !== undefined && court.transaction(txidOf(state.mutual)),
      ).to.not.equal(undefined);
    }
    expect(court.unspent({ txid: txidOf(second), vout: fundingVout(court, second) })).to.equal(false);
  });
});

describe("RELIABILITY U18: coins that were put into a locked splice have gone another way for good", () => {
  for (const [name, isLevel] of [
    ["another candidate has them, and the peer is away", true],
    ["another candidate has them, and the channel has failed as it was used since", false],
  ] as const)
    it(`forgets no channel whose money stands elsewhere: ${name}`, () => {
      const pair = spliceable();
      const [first, second] = [1_000, 3_000].map((feerate) => spliceBoth(pair, "a", out(50_000n), feerate));
      lockBoth(pair, present(second, "a splice"));
      if (!isLevel) pair.offer("a", 5_000_000n);
      pair.settle();
      pair.disconnect();
      const { a } = pair.parties;
      pair.give("a", { tag: "FundingReorged" });
      mined(pair, "a", present(first, "a splice"), 100);
      const { tag } = a.state;
      expect(tag).to.equal(isLevel ? "Normal" : "Failed");
      pair.give("a", { tag: "FundingConflictBuried" });
      expect([a.state.tag, a.tags().includes("Forget")]).to.deep.equal([tag, false]);
    });
  it("forgets one of which nothing was mined, with all its splices", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(50_000n));
    const { a } = pair.parties;
    pair.give("a", { tag: "FundingReorged" });
    pair.give("a", { tag: "FundingConflictBuried" });
    expect([a.state.tag, a.tags().includes("Forget")]).to.deep.equal(["Closed", true]);
  });
});

const heightOf = ({ chain }: Court, tx: Tx): number =>
  present(chain.whole.transaction(txidOf(tx))?.confirmed, "it is mined").block.height;
function fundingVout({ pair }: Court, tx: Tx): number {
  const { params, commitments } = pair.parties.a.state as Extract<typeof pair.parties.a.state, { commitments: object }>;
  const all = [params.funding, ...commitments.others.map(({ terms }) => terms.outpoint)];
  return present(
    all.find(({ txid }) => txid === txidOf(tx)),
    "a funding of the channel",
  ).vout;
}
function confirmedOf({ pair }: Court, name: "a" | "b"): boolean {
  const { state } = pair.parties[name];
  return state.tag === "Closing" && state.confirmed !== undefined;
}
