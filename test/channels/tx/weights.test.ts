import { expect } from "chai";
import { ANCHOR_SAT } from "../../../channels/tx/format.ts";
import {
  commitmentFee,
  commitmentWeight,
  DUST_THRESHOLD,
  isTrimmed,
  secondStageFee,
  secondStageWeight,
  trimThreshold,
} from "../../../channels/tx/weights.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { describeVectors } from "../../support/vectors.ts";

interface Kinds<T> {
  readonly no_anchors: T;
  readonly anchors: T;
}
interface WeightVectors {
  readonly commitment_weight: Kinds<number> & { readonly per_untrimmed_htlc: number };
  readonly htlc_tx_weight: Kinds<{ readonly timeout: number; readonly success: number }>;
  readonly anchor_output_sat: number;
  readonly dust_threshold_sat: Readonly<Record<"p2pkh" | "p2sh" | "p2wpkh" | "p2wsh" | "unknown_segwit", number>>;
  readonly example: {
    readonly feerate_per_kw: number;
    readonly dust_limit_satoshis: number;
    readonly offered_msat: readonly string[];
    readonly received_msat: readonly string[];
    readonly expect: {
      readonly htlc_timeout_fee_sat: number;
      readonly htlc_success_fee_sat: number;
      readonly untrimmed: { readonly offered: readonly string[]; readonly received: readonly string[] };
      readonly commitment_weight: number;
      readonly base_fee_sat: number;
    };
  };
}

describeVectors<WeightVectors>("BOLT 3 §Fees", "bolts/bolt03/weights-dust-fees.json", (vectors) => {
  it("weighs commitments as BOLT 3 does", () => {
    const { no_anchors, anchors, per_untrimmed_htlc } = vectors.commitment_weight;
    expect(commitmentWeight(0, "static_remotekey")).to.equal(no_anchors);
    expect(commitmentWeight(0, "anchors")).to.equal(anchors);
    expect(commitmentWeight(3, "anchors")).to.equal(anchors + 3 * per_untrimmed_htlc);
  });
  it("weighs second stages as BOLT 3 does", () => {
    const weights = (format: "static_remotekey" | "anchors") => ({
      timeout: secondStageWeight("offered", format),
      success: secondStageWeight("received", format),
    });
    expect(weights("static_remotekey")).to.deep.equal(vectors.htlc_tx_weight.no_anchors);
    expect(weights("anchors")).to.deep.equal(vectors.htlc_tx_weight.anchors);
  });
  it("knows the dust thresholds and the anchor's value", () => {
    const { p2pkh, p2sh, p2wpkh, p2wsh, unknown_segwit } = vectors.dust_threshold_sat;
    expect(Object.values(DUST_THRESHOLD).map(Number)).to.deep.equal([p2pkh, p2sh, p2wpkh, p2wsh, unknown_segwit]);
    expect(ANCHOR_SAT).to.equal(BigInt(vectors.anchor_output_sat));
  });
  it("calculates the worked example", () => {
    const { example } = vectors;
    const feerate = satPerKw(example.feerate_per_kw);
    const dust = sat(BigInt(example.dust_limit_satoshis));
    const kept = (side: "offered" | "received", amounts: readonly string[]): readonly string[] =>
      amounts.filter((amount) => !isTrimmed({ side, amount: msat(BigInt(amount)) }, dust, feerate, "static_remotekey"));
    const untrimmed = {
      offered: kept("offered", example.offered_msat),
      received: kept("received", example.received_msat),
    };
    const count = untrimmed.offered.length + untrimmed.received.length;
    expect({
      htlc_timeout_fee_sat: Number(secondStageFee("offered", feerate, "static_remotekey")),
      htlc_success_fee_sat: Number(secondStageFee("received", feerate, "static_remotekey")),
      untrimmed,
      commitment_weight: commitmentWeight(count, "static_remotekey"),
      base_fee_sat: Number(commitmentFee(count, feerate, "static_remotekey")),
    }).to.deep.equal(Object.fromEntries(Object.entries(example.expect).filter(([name]) => name !== "actual_fee_sat")));
  });
});

describe("BOLT 3 §Trimmed Outputs", () => {
  it("adds the second stage's fee to the dust limit, but not with anchors", () => {
    const at = (format: "static_remotekey" | "anchors") =>
      (["offered", "received"] as const).map((side) => trimThreshold(side, sat(354n), satPerKw(1000), format));
    expect(at("static_remotekey")).to.deep.equal([354n + 663n, 354n + 703n]);
    expect(at("anchors")).to.deep.equal([354n, 354n]);
  });
});
