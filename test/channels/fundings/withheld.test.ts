import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { Pair } from "../../support/channel-pair.ts";
import { openedDual } from "../../support/dual-pair.ts";
import { expectAgreementOnAll } from "../../support/fundings.ts";
import { out, pending, spliceable, want } from "../../support/splicing.ts";

/** b signs first; a completes the transaction with that, and says nothing of it to b. */
function withheld(pair: Pair): Tx {
  const { a } = pair.parties;
  const isWhole = (): boolean => a.take("Broadcast").some(({ why }) => why === "splice" || why === "funding");
  while (!isWhole()) if (!pair.deliver("a") && !pair.deliver("b")) throw new Error("nothing moves");
  pair.queues.b.length = 0;
  return present(a.broadcasts.at(-1), "the whole transaction");
}
const place = (pair: Pair, tx: Tx, vout: number) => {
  const height = blockHeight(pair.parties.b.height + 1);
  pair.parties.b.height = height;
  return { height, txIndex: 1, output: tx.outputs[vout], tx };
};

describe("A transaction that is mined though the peer kept its witnesses to itself", () => {
  it("funds the channel, and is said again, whole, when a reorganisation takes its block away", () => {
    const pair = openedDual({ joins: 300_000n });
    const tx = withheld(pair);
    const { b } = pair.parties;
    expect(b.funded.funding.tx).to.equal(undefined);
    pair.give("b", { tag: "FundingConfirmed", ...place(pair, tx, b.funded.params.funding.vout) });
    expect(b.funded.funding.tx).to.deep.equal(tx);
    pair.give("b", { tag: "FundingReorged" });
    expect(b.broadcasts).to.deep.equal([tx]);
    pair.crash("b");
    expect(b.broadcasts).to.deep.equal([tx, tx]);
  });

  for (const connected of [true, false])
    it(`is the splice that both have signed, for updates too, ${connected ? "at once" : "when the peer is back"}`, () => {
      const pair = spliceable();
      pair.offer("a", 10_000_000n);
      pair.settle();
      const [htlc] = [...pair.parties.b.incoming.values()];
      want(pair, "a", out(50_000n));
      const tx = withheld(pair);
      const { b } = pair.parties;
      pair.fulfill("b", present(htlc, "an HTLC"));
      expect([b.funded.commitments.others[0]?.role, pending(pair, "b")]).to.deep.equal(["signing", []]);
      if (!connected) pair.disconnect();
      const vout = present(b.funded.commitments.others[0], "a splice").terms.outpoint.vout;
      const txid = txidOf(tx);
      pair.give("b", { tag: "OtherFundingConfirmed", txid, ...place(pair, tx, vout) });
      expect(pending(pair, "b").map(({ progress }) => progress.tx)).to.deep.equal([tx]);
      expect(b.take("SpliceSigned")).to.deep.equal([{ tag: "SpliceSigned", txid, isOurs: false }]);
      pair.connect();
      pair.settle();
      expect(pair.parties.a.ends.get("p0/0")).to.equal("settled");
      expectAgreementOnAll(pair);
      pair.give("b", { tag: "OtherFundingReorged", txid });
      expect(b.broadcasts.at(-1)).to.deep.equal(tx);
    });

  it("and is not said again by a channel that has failed: which funding its commitment spends the chain decides", () => {
    const pair = spliceable();
    want(pair, "a", out(50_000n));
    const tx = withheld(pair);
    const { b } = pair.parties;
    const vout = present(b.funded.commitments.others[0], "a splice").terms.outpoint.vout;
    pair.give("b", { tag: "OtherFundingConfirmed", txid: txidOf(tx), ...place(pair, tx, vout) });
    pair.give("b", { tag: "ForceClose" });
    b.broadcasts = [];
    pair.give("b", { tag: "OtherFundingReorged", txid: txidOf(tx) });
    expect(b.broadcasts.map(txidOf)).to.not.include(txidOf(tx));
  });
});
