import { feeForWeight, type Sat, type SatPerKw, satPerKw } from "../../src/base/units.ts";
import { strippedSize, type Tx } from "../../src/bitcoin/tx.ts";

/** Twice what a channel of ours agrees to pay or chooses. Policy, not protocol. */
const FEERATE_MAX: SatPerKw = satPerKw(200_000);
/** The most that a witness adds for one input: two signatures and the script of two keys. */
const WITNESS_WEIGHT_MAX = 400;

/** More would go to miners for us than any channel asks, in sat: a daemon that does is broken, or wants us to lose it. */
export interface FeeRefusal {
  readonly code: "fee_too_high";
  readonly most: Sat;
  readonly fee: Sat;
}
/** What a transaction may cost us, if all of its weight were ours. */
export const feeMax = (tx: Tx): Sat =>
  feeForWeight(FEERATE_MAX, 4 * strippedSize(tx) + WITNESS_WEIGHT_MAX * tx.inputs.length);
