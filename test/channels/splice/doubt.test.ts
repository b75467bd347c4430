import { expect } from "chai";
import { isInDoubt } from "../../../channels/fundings/doubt.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { close } from "../../support/closing.ts";
import { Court } from "../../support/court.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { into, lockBoth, mined, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const NAMES = ["a", "b"] as const;
interface Scene {
  readonly court: Court;
  /** Of two splices that take 50,000 sat of a's out, the second one is mined. */
  readonly first: Tx;
  readonly second: Tx;
}
function spliced(): Scene {
  const court = new Court().open({ policy: { toSelfDelay: 10 } });
  const { pair } = court;
  pair.features = [...pair.features, 62, 60];
  const [first, second] = [1_000, 3_000].map((feerate) => {
    want(pair, "a", out(50_000n), feerate);
    pair.settle();
    return present(pending(pair).at(-1)?.progress.tx, "a splice that both have signed");
  }) as [Tx, Tx];
  court.act();
  return { court, first, second };
}
/** Both have locked the second one, and of each other's lock a alone has heard, or both. */
function locked(heard: "a" | "both"): Scene {
  const scene = spliced();
  const { court } = scene;
  const { pair } = court;
  pair.disconnect();
  court.mine(3);
  pair.connect();
  if (heard === "both") pair.settle();
  else {
    pair.deliver("a");
    pair.disconnect();
  }
  const before = heard === "both" ? txidOf(scene.second) : undefined;
  expect(fundings(court)).to.deep.equal([txidOf(scene.second), before ?? fundings(court)[1]]);
  expect(fundings(court)[1] === txidOf(scene.second)).to.equal(heard === "both");
  return scene;
}
const fundings = ({ pair }: Court): readonly Txid[] =>
  NAMES.map((name) => pair.parties[name].funded.params.funding.txid);
const states = ({ pair }: Court) => NAMES.map((name) => pair.parties[name].state.tag);
const doubts = ({ pair }: Court) => NAMES.map((name) => isInDoubt(pair.parties[name].funded));
const roles = ({ pair }: Court) =>
  NAMES.map((name) => pair.parties[name].funded.commitments.others.map(({ role }) => role));
/** Two splices, of which both have locked the second one; the chain takes that back for the first. */
function lockedPair(): { readonly pair: Pair; readonly first: Txid } {
  const pair = spliceable();
  const [first, second] = [1_000, 3_000].map((feerate) => spliceBoth(pair, "a", out(50_000n), feerate));
  lockBoth(pair, present(second, "a splice"));
  return { pair, first: present(first, "a splice") };
}
function given(pair: Pair, name: Name, first: Txid): void {
  pair.give(name, { tag: "FundingReorged" });
  mined(pair, name, first, 1);
}
/** Payments both ways, and what came of them. */
function paid({ pair }: Court): void {
  for (const name of NAMES) pair.parties[name].incoming.clear();
  for (const name of NAMES) pair.offer(name, 3_000_000n);
  pair.settle();
  expect(NAMES.map((name) => pair.parties[name].incoming.size)).to.deep.equal([1, 1]);
  for (const name of NAMES) for (const htlc of pair.parties[name].incoming.values()) pair.fulfill(name, htlc);
  pair.settle();
  expectAgreementOnAll(pair);
}

describe("CONFORMANCE 68: another candidate is mined than the one that both had locked", () => {
  for (const heard of ["a", "both"] as const) {
    const who = heard === "a" ? "of which one side has not heard" : "and moved to";
    it(`a lock ${who} is given up: the channel stands on all candidates again, and locks the one that is there`, () => {
      const { court, first } = locked(heard);
      court.reorganise(3, [first]);
      expect([court.pair.connected, doubts(court)]).to.deep.equal([false, [true, heard === "both"]]);
      expect(roles(court)).to.deep.equal(Array(2).fill(["active", "active"]));
      court.pair.connect();
      court.act();
      expect([states(court), fundings(court)]).to.deep.equal([
        ["Normal", "Normal"],
        [txidOf(first), txidOf(first)],
      ]);
      paid(court);
      court.mine(6);
      close(court.pair, "a", 500);
      court.act();
      court.mine(1);
      expect([court.worth("a") + court.worth("b") > 990_000n, states(court)]).to.deep.equal([
        true,
        ["Closing", "Closing"],
      ]);
    });
    it(`a lock ${who} counts again when the chain comes back to it`, () => {
      const { court, first, second } = locked(heard);
      court.reorganise(3, [first]);
      court.reorganise(4, [second]);
      court.pair.connect();
      court.act();
      court.mine(1);
      expect([fundings(court), roles(court)]).to.deep.equal([
        [txidOf(second), txidOf(second)],
        Array(2).fill(["past", "past"]),
      ]);
      expect(states(court)).to.deep.equal(["Normal", "Normal"]);
      paid(court);
    });
  }

  it("what the peer has proposed since, which need be valid on that one alone, is forgotten", () => {
    const { pair, first } = lockedPair();
    pair.offer("b", 5_000_000n);
    while (pair.deliver("a"));
    expect(pair.parties.a.funded.commitments.htlcs.length).to.equal(1);
    given(pair, "a", first);
    expect([pair.parties.a.funded.commitments.htlcs, isInDoubt(pair.parties.a.funded)]).to.deep.equal([[], true]);
    given(pair, "b", first);
    // What b has proposed itself may not be valid on each: it stands where it was.
    expect(isInDoubt(pair.parties.b.funded)).to.equal(false);
  });

  it("fails over the one that is there, with all that was in flight, whichever each has moved to", () => {
    for (const heard of ["a", "both"] as const) {
      const { court, first } = locked(heard);
      court.reorganise(3, [first]);
      court.pair.give("a", { tag: "ForceClose" });
      court.act();
      court.mine(15);
      expect(states(court), heard).to.deep.equal(["Failed", "Failed"]);
      expect(court.worth("a") + court.worth("b") > 980_000n, `${court.worth("a")}, ${court.worth("b")}`).to.equal(true);
      expect(court.transaction(txidOf(first))).to.not.equal(undefined);
    }
  });

  it("as long as that is not deep no splice begins, and a peer that is here and never locks it is closed with", () => {
    const pair = spliceable();
    const [first, second] = [1_000, 3_000].map((feerate) => spliceBoth(pair, "a", out(50_000n), feerate)) as [
      Txid,
      Txid,
    ];
    lockBoth(pair, second);
    const { a } = pair.parties;
    for (const name of NAMES) pair.give(name, { tag: "FundingReorged" });
    for (const name of NAMES) mined(pair, name, first, 1);
    expect([pair.connected, a.take("SendWarning").map(({ text }) => text)]).to.deep.equal([
      false,
      ["another splice is mined than the locked one"],
    ]);
    pair.connect();
    pair.settle();
    expect(NAMES.map((name) => pair.parties[name].funded.commitments.others.map(({ role }) => role))).to.deep.equal(
      Array(2).fill(["active", "active"]),
    );
    for (const name of NAMES) want(pair, name, out(10_000n, name), 9_000);
    pair.settle();
    for (const name of NAMES)
      expect(pair.parties[name].take("CommandRefused").map(({ reason }) => reason.code)).to.deep.equal([
        "funding_not_confirmed",
      ]);
    for (let depth = 2; depth < 9; depth++) {
      a.height = blockHeight(a.height + 1);
      pair.give("a", { tag: "BlockConnected", height: a.height });
      pair.settle();
      expect([a.state.tag, a.take("SendError").length], `${depth} deep`).to.deep.equal(
        depth < 3 + 6 ? ["Normal", 0] : ["Failed", 1],
      );
    }
    a.height = blockHeight(a.height + 1);
    pair.give("a", { tag: "BlockConnected", height: a.height });
    expect(a.state.tag).to.equal("Failed");
  });

  it("RELIABILITY U8: what a channel that was trusted unconfirmed is spliced into is not trusted until it is deep again", () => {
    const pair = spliceable();
    for (const name of NAMES) {
      const party = pair.parties[name];
      const { params } = party.funded;
      const trusted = { ...params, minimumDepth: 0, type: { ...params.type, zeroConf: true } };
      party.state = { ...party.funded, params: trusted } as typeof party.state;
    }
    const splice = spliceBoth(pair, "b", into(200_000n));
    const made = present(pending(pair)[0]?.made, "a splice").constructed;
    lockBoth(pair, splice);
    const { a } = pair.parties;
    expect([a.funded.params.funding.txid, a.funded.funding.deep]).to.deep.equal([splice, true]);
    a.log = [];
    pair.give("a", { tag: "FundingReorged" });
    pair.block(a.height + 1);
    expect([a.take("NotReady").length, a.take("Ready").length, a.funded.funding.deep]).to.deep.equal([1, 0, false]);
    pair.offer("b", 5_000_000n);
    pair.settle();
    expect(a.incoming.size, "nobody is told of what came in").to.equal(0);
    const [height, output] = [blockHeight(a.height + 1), made.tx.outputs[made.fundingVout]];
    a.height = height;
    pair.give("a", { tag: "FundingConfirmed", height, txIndex: 1, output });
    for (const deep of [false, true]) {
      pair.block(a.height + 1);
      expect([a.funded.funding.deep, a.incoming.size]).to.deep.equal([deep, deep ? 1 : 0]);
    }
  });
});
