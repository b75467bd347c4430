import { expect } from "chai";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { attemptsOf, fundedDual, mine } from "../../support/dual-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { into, mined, pending, spliceBoth, want } from "../../support/splicing.ts";

const NAMES = ["a", "b"] as const;

/** Of two attempts the newer one was mined, and called ready by both; peers that splice. */
function opened(): { readonly pair: Pair; readonly older: Txid } {
  const pair = fundedDual({ joins: 400_000n });
  pair.features = [...pair.features, 62];
  pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
  pair.settle();
  const [older, newer] = attemptsOf(pair).map(({ params }) => params.funding.txid);
  mine(pair, present(newer, "the newer attempt"));
  expect(NAMES.map((name) => pair.parties[name].state.tag)).to.deep.equal(["Normal", "Normal"]);
  return { pair, older: present(older, "the older attempt") };
}
/** The chain takes it all back, and holds the older attempt. */
function reorganised(pair: Pair, older: Txid): void {
  const { attempts } = pair.parties.a.funded;
  const { constructed } = present(
    attempts.signed.find(({ params }) => params.funding.txid === older),
    "an attempt",
  );
  const output = constructed.tx.outputs[constructed.fundingVout];
  for (const name of NAMES) {
    const party = pair.parties[name];
    for (const { terms, progress } of party.funded.commitments.others)
      if (progress.confirmed !== undefined) pair.give(name, { tag: "OtherFundingReorged", txid: terms.outpoint.txid });
    pair.give(name, { tag: "FundingReorged" });
    const height = blockHeight(party.height + 1);
    pair.give(name, { tag: "OtherFundingConfirmed", txid: older, height, txIndex: 1, output });
    party.height = blockHeight(height + 3);
    pair.give(name, { tag: "BlockConnected", height: party.height });
  }
}
/** It goes on, on the older attempt alone, and nobody's coin is kept for anything that a block does not hold. */
function expectOn(pair: Pair, older: Txid): void {
  pair.connect();
  pair.settle();
  for (const name of NAMES) {
    const { funded, wallet } = pair.parties[name];
    expect([funded.params.funding.txid, funded.commitments.others]).to.deep.equal([older, []]);
    expect([wallet.held.size, [...wallet.kept.keys()]], name).to.deep.equal([0, []]);
  }
  for (const name of NAMES) pair.offer(name, 2_000_000n);
  pair.settle();
  expect(NAMES.map((name: Name) => pair.parties[name].incoming.size)).to.deep.equal([1, 1]);
  expectAgreementOnAll(pair);
}

describe("RELIABILITY U16: another attempt than the one that was spliced is mined after all", () => {
  it("the splice that waits can never be mined: its coins come back", () => {
    const { pair, older } = opened();
    const splice = spliceBoth(pair, "a", into(50_000n));
    expect(pair.parties.a.wallet.kept.has(splice)).to.equal(true);
    reorganised(pair, older);
    expectOn(pair, older);
  });
  it("the same of one that was locked", () => {
    const { pair, older } = opened();
    const splice = spliceBoth(pair, "a", into(50_000n));
    for (const name of NAMES) mined(pair, name, splice);
    pair.settle();
    expect(pair.parties.a.funded.params.funding.txid).to.equal(splice);
    reorganised(pair, older);
    expectOn(pair, older);
  });
  it("one that is being made, or signed, is none any more", () => {
    for (let messages = 1; messages <= 16; messages++) {
      const { pair, older } = opened();
      want(pair, "a", into(50_000n));
      for (let count = 0; count < messages; count++) pair.deliver("b") || pair.deliver("a");
      reorganised(pair, older);
      pair.settle();
      expect(pending(pair), String(messages)).to.deep.equal([]);
      expectOn(pair, older);
    }
  });
});
