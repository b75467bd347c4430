import { expect } from "chai";
import type { ConstructedTx } from "../../../channels/interactive/constructed.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, satPerKw } from "../../../src/base/units.ts";
import { HEIGHT, type Name } from "../../support/channel-fixtures.ts";
import { attemptsOf, fundedDual, mine } from "../../support/dual-pair.ts";
import type { Pair } from "../../support/pair.ts";
import { into, lockBoth, out, spliceBoth } from "../../support/splicing.ts";

const NAMES = ["a", "b"] as const;
/** Blocks behind which no reorganisation is expected. */
const BURIED = 100;

describe("RELIABILITY U16: a splice of a channel whose funding transaction was replaced before a block held one", () => {
  let pair: Pair;
  let replaced: ConstructedTx;
  let funded: ConstructedTx;
  beforeEach(() => {
    pair = fundedDual({ joins: 400_000n });
    pair.features = [...pair.features, 62];
    pair.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
    pair.settle();
    [replaced, funded] = attemptsOf(pair).map(({ constructed }) => constructed) as [ConstructedTx, ConstructedTx];
    mine(pair, funded.txid);
  });
  /** As a chain tells that is looked through again from before the opening, after a start or a reorganisation. */
  const told = (name: Name, { txid, tx, fundingVout }: ConstructedTx, txIndex = 1): void => {
    const place = { height: blockHeight(HEIGHT + 1), txIndex, tx, output: tx.outputs[fundingVout] };
    pair.give(name, { tag: "OtherFundingConfirmed", txid, ...place });
  };
  const freed = (name: Name): readonly Txid[] => pair.parties[name].take("FundingReplaced").map(({ txid }) => txid);

  for (const change of [into(200_000n), out(50_000n)])
    it(`rests on the splice (${change.tag}) whatever is told again of what it spends`, () => {
      lockBoth(pair, spliceBoth(pair, "a", change));
      for (const name of NAMES) {
        const before = pair.parties[name].state;
        pair.parties[name].log.length = 0;
        told(name, funded);
        expect(pair.parties[name].state).to.deep.equal(before);
        expect(pair.parties[name].log).to.deep.equal([]);
      }
    });
  it("forgets the other attempts with what the splice spends, once that is buried: neither is looked at again", () => {
    lockBoth(pair, spliceBoth(pair, "a", into(200_000n)));
    for (const name of NAMES) {
      const party = pair.parties[name];
      const { confirmed } = party.funded.funding;
      party.height = blockHeight(present(confirmed, "a block holds the splice").height + BURIED - 1);
      pair.give(name, { tag: "BlockConnected", height: party.height });
      const before = party.state;
      expect([party.funded.commitments.others, party.funded.attempts.signed]).to.deep.equal([[], []]);
      for (const attempt of [replaced, funded]) told(name, attempt);
      expect(party.state).to.deep.equal(before);
    }
  });
  it("frees the coins of no transaction that the splice rests on, when its block is another one", () => {
    const txid = spliceBoth(pair, "a", into(200_000n));
    lockBoth(pair, txid);
    for (const name of NAMES) {
      const party = pair.parties[name];
      party.log.length = 0;
      const { tx } = party.funded.funding;
      const output = present(tx, "the splice").outputs[party.funded.params.funding.vout];
      pair.give(name, { tag: "FundingReorged" });
      pair.give(name, { tag: "FundingConfirmed", height: party.height, txIndex: 9, tx: present(tx, "it"), output });
      expect(freed(name)).to.deep.equal([replaced.txid]);
      expect(party.funded.params.funding.txid).to.equal(txid);
    }
  });
  for (const isLocked of [false, true])
    it(`is the other attempt if a reorganisation has that mined, and the coins of the splice are free; locked: ${isLocked}`, () => {
      const txid = spliceBoth(pair, "a", into(200_000n));
      if (isLocked) lockBoth(pair, txid);
      for (const name of NAMES) {
        pair.give(name, { tag: "FundingReorged" });
        pair.parties[name].log.length = 0;
        told(name, replaced);
        const { params, commitments } = pair.parties[name].funded;
        expect([params.funding.txid, commitments.others]).to.deep.equal([replaced.txid, []]);
        expect([...new Set(freed(name))].sort()).to.deep.equal([funded.txid, txid].sort());
      }
    });
});
