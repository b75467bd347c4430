import { expect } from "chai";
import { localTerms } from "../../../channels/commitments.ts";
import { explain } from "../../../channels/index.ts";
import { fundingWitness, withWitness } from "../../../channels/tx/witnesses.ts";
import { sat } from "../../../src/base/units.ts";
import { type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import type { Name } from "../../support/channel-pair.ts";
import { signedBy } from "../../support/closing.ts";
import { Court } from "../../support/court.ts";

/** Signed with the funding keys of both, and by neither node: it pays all to b. */
function stolen({ pair }: Court): Tx {
  const { params } = pair.parties.a.funded;
  const { funding } = localTerms(params);
  const input = { prevout: funding.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [] };
  const outputs = [{ amount: sat(funding.amount - 1_000n), script: pair.parties.b.closeScript }];
  const tx: Tx = { version: 2, inputs: [input], outputs, locktime: 0 };
  const by = (name: Name) => {
    const { fundingPubkey: pubkey } = pair.parties[name].funded.params.local.basepoints;
    return { pubkey, signature: signedBy(pair, name, tx) };
  };
  return withWitness(tx, fundingWitness(by("a"), by("b"), funding.witnessScript));
}

describe("BOLT 5 §General Requirements: a transaction that spends the funding output and is none that we know (CONFORMANCE 128)", () => {
  for (const failed of [false, true])
    it(`is told as what it is${failed ? ", also of a channel that has failed" : ""}`, () => {
      const court = new Court().open();
      const { pair } = court;
      const { a } = pair.parties;
      pair.offer("a", 50_000_000n);
      pair.settle();
      court.silent.a = true;
      court.silent.b = true;
      if (failed) pair.give("a", { tag: "ForceClose" });
      const tx = stolen(court);
      court.publish(tx);
      court.mine();
      expect(a.take("UnknownSpend")).to.deep.equal([{ tag: "UnknownSpend", txid: txidOf(tx) }]);
      const { closing } = explain(pair.env("a"), a.funded);
      expect([closing?.by, closing?.what]).to.deep.equal([
        "mutual",
        "a transaction that this store knows nothing of: it is an old copy, or others have the keys of the channel",
      ]);
      court.mine(5);
      expect(a.take("UnknownSpend"), "once").to.have.length(1);
    });
  it("is not one that both have agreed on", () => {
    const court = new Court().open();
    const { pair } = court;
    const { a } = pair.parties;
    pair.give("a", { tag: "Shutdown", script: a.closeScript, feerate: pair.env("a").feerate as never });
    court.act();
    court.mine();
    expect(a.state.tag).to.equal("Closing");
    expect(a.take("UnknownSpend")).to.deep.equal([]);
  });
});
