import { forwardingFee } from "../../routing/path/cost.ts";
import { shortChannelId } from "../../src/base/ids.ts";
import { addMsat, msat } from "../../src/base/units.ts";

/** Four nodes in a square, each with one price for all of its channels. Numbers of our own. */
const NODES = {
  A: { cltv_expiry_delta: 15, fee_base_msat: 70, fee_proportional_millionths: 1_100 },
  B: { cltv_expiry_delta: 25, fee_base_msat: 150, fee_proportional_millionths: 2_300 },
  C: { cltv_expiry_delta: 35, fee_base_msat: 330, fee_proportional_millionths: 900 },
  D: { cltv_expiry_delta: 55, fee_base_msat: 440, fee_proportional_millionths: 4_700 },
} as const;
const FINAL = { node: "C", amount_msat: 7_654_321, min_final_cltv_expiry_delta: 18, shadow_offset: 31 };
const LAST_CLTV = FINAL.min_final_cltv_expiry_delta + FINAL.shadow_offset;

function example(route: readonly [keyof typeof NODES, ...(keyof typeof NODES)[]]): unknown {
  let amount = msat(BigInt(FINAL.amount_msat));
  let cltv = LAST_CLTV;
  for (const name of route.slice(1, -1).reverse()) {
    const { fee_base_msat: feeBaseMsat, fee_proportional_millionths: feeProportionalMillionths } = NODES[name];
    amount = addMsat(amount, forwardingFee({ feeBaseMsat, feeProportionalMillionths }, amount));
    cltv += NODES[name].cltv_expiry_delta;
  }
  return { route, fee_msat: Number(amount) - FINAL.amount_msat, first_htlc: { amount_msat: Number(amount), cltv } };
}

const SCIDS = [shortChannelId(123_456, 789, 2), shortChannelId(16_777_215, 16_777_215, 65_535)];

/** Fees and expiries of routes over the square, and the two forms of short channel ids. */
export const routingExample = (): unknown => ({
  nodes: NODES,
  channels: ["A-B", "B-C", "A-D", "D-C"],
  final: FINAL,
  cases: [example(["B", "C"]), example(["A", "B", "C"]), example(["A", "D", "C"])],
  scid: SCIDS.map((id) => ({
    string: `${id >> 40n}x${(id >> 16n) & 0xff_ffffn}x${id & 0xffffn}`,
    hex: id.toString(16).padStart(16, "0"),
  })),
});
