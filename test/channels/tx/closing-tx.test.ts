import { expect } from "chai";
import {
  buildClosing,
  type ClosingTerms,
  closingAmounts,
  closingFee,
  closingOutputs,
  closingWeight,
} from "../../../channels/tx/closing-tx.ts";
import { fundingWitness, withWitness } from "../../../channels/tx/witnesses.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { p2wpkh, p2wsh } from "../../../src/bitcoin/templates.ts";
import { weightOf } from "../../../src/bitcoin/tx.ts";
import { alice, bob, CAPACITY, termsOf } from "./two-sides.ts";

const { funding } = termsOf(alice, bob, alice, "anchors");
const ours = p2wpkh(new Uint8Array(20).fill(1));
const theirs = p2wsh(new Uint8Array(32).fill(2));
const close = (local: bigint, opener: "local" | "remote" = "local"): ClosingTerms => ({
  funding,
  opener,
  local: { balance: msat(local), script: ours },
  remote: { balance: msat(CAPACITY * 1000n - local), script: theirs },
});

describe("BOLT 3 §Legacy Closing Transaction", () => {
  it("is final and pays both, the opener less the fee, each rounded down", () => {
    const tx = buildClosing(close(6_000_000_999n), sat(1000n), "both");
    expect(tx).to.deep.equal({
      version: 2,
      inputs: [{ prevout: funding.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_ffff, witness: [] }],
      outputs: [
        { amount: 3_999_999n, script: theirs },
        { amount: 5_999_000n, script: ours },
      ],
      locktime: 0,
    });
  });

  it("orders equal amounts by script", () => {
    const terms = close((CAPACITY / 2n) * 1000n);
    expect(buildClosing(terms, sat(0n), "both").outputs.map(({ script }) => script)).to.deep.equal([ours, theirs]);
    const swapped = { ...terms, local: terms.remote, remote: terms.local };
    expect(buildClosing(swapped, sat(0n), "both").outputs.map(({ script }) => script)).to.deep.equal([ours, theirs]);
  });

  it("leaves out a side's output when told to", () => {
    const terms = close(6_000_000_000n, "remote");
    const amounts = (outputs: "local" | "remote") => buildClosing(terms, sat(7n), outputs).outputs.map((o) => o.amount);
    expect(amounts("local")).to.deep.equal([6_000_000n]);
    expect(amounts("remote")).to.deep.equal([3_999_993n]);
  });

  it("drops what is below a dust limit and keeps what equals it", () => {
    const outputs = (local: bigint, remote: bigint) =>
      closingOutputs({ local: sat(local), remote: sat(remote) }, sat(354n));
    expect([outputs(354n, 354n), outputs(354n, 353n), outputs(353n, 354n), outputs(353n, 0n)]).to.deep.equal([
      "both",
      "local",
      "remote",
      undefined,
    ]);
  });

  it("has no amounts when the opener cannot pay the fee", () => {
    expect(closingAmounts(close(999_999n), sat(1000n))).to.equal(undefined);
    expect(closingAmounts(close(1_000_000n), sat(1000n))).to.deep.equal({ local: 0n, remote: CAPACITY - 1000n });
    expect(() => buildClosing(close(999_999n), sat(1000n), "remote")).to.throw("can pay the closing fee");
  });

  it("weighs no less than the signed transaction, and not much more", () => {
    const terms = close(6_000_000_000n);
    // The longest low-S signature: r and s of 32 bytes, r with its top bit set.
    const signature = new Uint8Array(64).fill(0x7f).fill(0xff, 0, 32);
    const by = (pubkey: Uint8Array) => ({ pubkey, signature });
    const witness = fundingWitness(by(alice.keys.fundingPubkey), by(bob.keys.fundingPubkey), funding.witnessScript);
    const weight = weightOf(withWitness(buildClosing(terms, sat(0n), "both"), witness));
    expect(closingWeight([ours, theirs]) - weight).to.be.within(0, 4);
    expect(closingFee(terms, satPerKw(1000))).to.equal(BigInt(closingWeight([ours, theirs])));
  });
});
