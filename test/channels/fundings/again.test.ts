import { expect } from "chai";
import { closingsOf } from "../../../channels/close/complete.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { close } from "../../support/closing.ts";
import { fundedDual } from "../../support/dual-pair.ts";
import type { Pair } from "../../support/pair.ts";
import { into, lockBoth, out, spliceable, spliceBoth } from "../../support/splicing.ts";

/** Blocks after which what no block holds is said again. */
const PATIENCE = 6;

/** What a says to the Bitcoin node at each of the next so many blocks, by how many blocks it is later. */
function saidIn(pair: Pair, blocks: number): readonly (readonly [number, readonly Txid[]])[] {
  const { a } = pair.parties;
  const from = Math.ceil((a.height + 1) / PATIENCE) * PATIENCE - 1;
  return Array.from({ length: blocks }, (_, at) => {
    a.broadcasts.length = 0;
    a.height = blockHeight(from + at);
    pair.give("a", { tag: "BlockConnected", height: a.height });
    return [at, a.broadcasts.map(txidOf)] as const;
  }).filter(([, txids]) => txids.length > 0);
}
/** Both blocks are gone in a's chain, the newest one first. */
function reorganised(pair: Pair): void {
  const past = pair.parties.a.funded.commitments.others.filter(({ role }) => role === "past");
  pair.give("a", { tag: "FundingReorged" });
  for (const { terms } of past) pair.give("a", { tag: "OtherFundingReorged", txid: terms.outpoint.txid });
}
const opening = (pair: Pair): Txid => pair.parties.a.funded.params.funding.txid;

describe("RELIABILITY O1: a transaction that holds a channel, or is to, and that no block holds", () => {
  it("is said again every six blocks, as mempools forget", () => {
    const pair = fundedDual();
    expect(saidIn(pair, 8)).to.deep.equal([
      [1, [opening(pair)]],
      [7, [opening(pair)]],
    ]);
  });
  it("so is each splice that waits, and none that a block holds", () => {
    const pair = spliceable();
    const txids = [spliceBoth(pair, "a", out(20_000n)), spliceBoth(pair, "a", out(30_000n), 3_000)];
    expect(saidIn(pair, 2)).to.deep.equal([[1, txids]]);
    lockBoth(pair, present(txids[1], "the second"));
    expect(saidIn(pair, PATIENCE)).to.deep.equal([]);
  });
  it("comes after those that it spends, which a reorganisation has taken out with it", () => {
    const pair = spliceable();
    const funding = opening(pair);
    const first = spliceBoth(pair, "a", into(100_000n));
    lockBoth(pair, first);
    const second = spliceBoth(pair, "a", out(20_000n));
    lockBoth(pair, second);
    reorganised(pair);
    expect(saidIn(pair, 2)).to.deep.equal([[1, [funding, first, second]]]);
  });
  it("leaves those alone in whose place it was locked", () => {
    const pair = spliceable();
    spliceBoth(pair, "a", out(20_000n));
    const second = spliceBoth(pair, "a", out(30_000n), 3_000);
    lockBoth(pair, second);
    pair.give("a", { tag: "FundingReorged" });
    expect(saidIn(pair, 2)).to.deep.equal([[1, [second]]]);
  });
  it("comes before what closes the channel by agreement, also after a restart", () => {
    const pair = spliceable();
    pair.features = [...pair.features, 60];
    const splice = spliceBoth(pair, "a", out(20_000n));
    lockBoth(pair, splice);
    close(pair, "a", 500);
    pair.settle();
    pair.give("a", { tag: "FundingReorged" });
    const { a } = pair.parties;
    const { state } = a;
    if (state.tag !== "Closing") throw new Error(`not closed but ${state.tag}`);
    a.height = blockHeight(a.height + PATIENCE);
    const all = saidIn(pair, PATIENCE).flatMap(([, txids]) => txids);
    const wanted = [splice, ...closingsOf(state).map(txidOf)];
    expect(all.slice(0, wanted.length)).to.deep.equal(wanted);
    a.broadcasts.length = 0;
    pair.give("a", { tag: "Resume" });
    expect(a.broadcasts.map(txidOf)).to.deep.equal(wanted);
  });
  it("so it does where both blocks are gone, and no splice that would take the place of that commitment is said", () => {
    const pair = spliceable();
    const funding = opening(pair);
    const first = spliceBoth(pair, "a", out(20_000n));
    lockBoth(pair, first);
    const second = spliceBoth(pair, "a", out(20_000n));
    lockBoth(pair, second);
    pair.offer("a", 5_000_000n);
    pair.settle();
    spliceBoth(pair, "a", out(30_000n));
    reorganised(pair);
    pair.give("a", { tag: "ForceClose" });
    pair.settle();
    const { state } = pair.parties.a;
    if (state.tag !== "Failed" || state.commitment === undefined) throw new Error(`not failed but ${state.tag}`);
    const [, said] = present(saidIn(pair, 2).at(-1), "a sixth block");
    expect(said).to.deep.equal([funding, first, second, txidOf(state.commitment)]);
  });
  it("comes before the commitment that closes it alone, where an update is on that one only", () => {
    const pair = spliceable();
    const splice = spliceBoth(pair, "a", out(20_000n));
    lockBoth(pair, splice);
    pair.offer("a", 5_000_000n);
    pair.settle();
    pair.give("a", { tag: "FundingReorged" });
    pair.give("a", { tag: "ForceClose" });
    pair.settle();
    const { state } = pair.parties.a;
    if (state.tag !== "Failed" || state.commitment === undefined) throw new Error(`not failed but ${state.tag}`);
    const [, said] = present(saidIn(pair, 2).at(-1), "a sixth block");
    expect(said).to.deep.equal([splice, txidOf(state.commitment)]);
  });
});
