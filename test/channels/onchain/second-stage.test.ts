import { expect } from "chai";
import fc from "fast-check";
import { localCommitment, specOf } from "../../../channels/commitments.ts";
import { remoteHtlcSighash } from "../../../channels/tx/htlc-tx.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { SIGHASH_ANYONECANPAY, SIGHASH_SINGLE } from "../../../src/bitcoin/sighash.ts";
import { normal } from "../../support/channel-pair.ts";

describe("RELIABILITY O5: nothing of a pre-signed second stage is there to be siphoned", () => {
  it("pays no fee, whatever the amounts and the feerate: what comes in goes out", () => {
    const cases = fc.record({
      amounts: fc.array(fc.bigInt(354_000n, 30_000_000n), { minLength: 1, maxLength: 5 }),
      feerate: fc.integer({ min: 253, max: 10_000 }),
    });
    fc.assert(
      fc.property(cases, ({ amounts, feerate }) => {
        const pair = normal();
        pair.compare = false;
        pair.give("a", { tag: "UpdateFee", feerate: satPerKw(feerate) });
        for (const amount of amounts) pair.offer(amounts.length % 2 === 0 ? "a" : "b", amount);
        pair.settle();
        for (const name of ["a", "b"] as const) {
          const { params, commitments } = pair.parties[name].funded;
          const spec = specOf(commitments, "local");
          const { commitment } = localCommitment(pair.env(name), params, commitments.local.number, spec);
          for (const { tx, amount } of commitment.htlcs)
            expect(tx.outputs.map((output) => output.amount)).to.deep.equal([amount]);
        }
      }),
      { seed: 11, numRuns: 25 },
    );
  });
  it("is signed so that a fee can be added, and nothing but inputs and outputs behind its own", () => {
    expect(remoteHtlcSighash("anchors")).to.equal(SIGHASH_SINGLE | SIGHASH_ANYONECANPAY);
  });
});
