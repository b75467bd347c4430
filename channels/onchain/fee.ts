import { type BlockHeight, feeForWeightCeil, type Sat, type SatPerKw, sat, satPerKw } from "../../src/base/units.ts";
import { revealed } from "../tx/lock.ts";
import { DUST_THRESHOLD } from "../tx/weights.ts";
import type { Claim, FeeBudget } from "./claim.ts";

/** The least that is relayed, 1 sat per virtual byte. Policy, not protocol. */
export const RELAY_FEERATE_MIN: SatPerKw = satPerKw(253);

/** An input without its witness: outpoint, empty scriptSig, sequence. BIP 144 §Serialization. */
const INPUT_WEIGHT = 4 * 41;
/** DER of a low-S signature and its hash type, at most; with its length. */
const SIGNATURE_WEIGHT = 1 + 72;
/** Version, locktime, counts, marker and flag. BIP 144 §Serialization. */
const FRAME_WEIGHT = 4 * (4 + 1 + 1 + 4) + 2;
const P2WPKH_OUTPUT_WEIGHT = 4 * (8 + 1 + 22);
const P2WSH_OUTPUT_WEIGHT = 4 * (8 + 1 + 34);
/** One more input that pays the fee, and its change. */
export const FEE_INPUT_WEIGHT = INPUT_WEIGHT + 1 + SIGNATURE_WEIGHT + 1 + 33 + P2WPKH_OUTPUT_WEIGHT;

/** A transaction that spends an anchor, whose script is 40 bytes long, with one more input and its change. */
export const ANCHOR_CLAIM_WEIGHT = FRAME_WEIGHT + INPUT_WEIGHT + 1 + SIGNATURE_WEIGHT + 1 + 40 + FEE_INPUT_WEIGHT;

const itemWeight = (length: number): number => (length < 253 ? 1 : 3) + length;
/** The weight of the input that spends a claim, witness included, at most. */
export const inputWeight = ({ before, after, lock }: Claim): number =>
  INPUT_WEIGHT +
  1 +
  SIGNATURE_WEIGHT +
  [...before, ...after, revealed(lock)].reduce((sum, { length }) => sum + itemWeight(length), 0);

/** The weight of the whole transaction of a claim, at most; with what the wallet adds where it has to pay. */
export const claimWeight = (claim: Claim): number =>
  FRAME_WEIGHT +
  inputWeight(claim) +
  (claim.parent !== undefined
    ? FEE_INPUT_WEIGHT
    : claim.output === undefined
      ? P2WPKH_OUTPUT_WEIGHT
      : P2WSH_OUTPUT_WEIGHT + (claim.presigned ? 0 : FEE_INPUT_WEIGHT));

/** Whether the output is worth its own transaction at the lowest feerate there is. What is not goes to whoever wants it. */
export function isWorthClaiming(claim: Claim): boolean {
  // Its fee was taken off when it was signed.
  if (claim.presigned) return true;
  const fee = feeForWeightCeil(RELAY_FEERATE_MIN, claimWeight(claim));
  return claim.amount > fee + (claim.output === undefined ? DUST_THRESHOLD.p2wpkh : 0n);
}

/**
 * The feerate for a claim at a height: what the estimator asks, and on the way to a deadline ever more, until at the
 * deadline the whole budget goes. It rises with the third power of the time gone by: a few blocks of delay, which
 * happen, cost next to nothing, and a rival who waits for the end meets all that the output is worth. An estimate beyond
 * every budget is not followed: what nobody contests can wait for cheaper blocks.
 */
export function claimFeerate(claim: Claim, height: BlockHeight, estimate: SatPerKw): SatPerKw {
  const rates = claim.budgets.map((budget) => rateWithin(claim, budget, height, estimate));
  return satPerKw(Math.max(RELAY_FEERATE_MIN, ...rates));
}
function rateWithin(
  claim: Claim,
  { most: budget, deadline }: FeeBudget,
  height: BlockHeight,
  estimate: SatPerKw,
): number {
  const most = budgetFeerate(claim, budget);
  if (most <= estimate || deadline === undefined) return Math.min(most, estimate);
  const width = BigInt(Math.max(deadline - claim.since, 1));
  const gone = BigInt(Math.min(Math.max(height - claim.since, 0), Number(width)));
  const risen = (BigInt(most - estimate) * gone ** 3n) / width ** 3n;
  return estimate + Number(risen);
}
const FEERATE_MAX = 0xffff_ffffn;
function budgetFeerate(claim: Claim, budget: Sat): SatPerKw {
  const weight = BigInt(claimWeight(claim) + (claim.parent?.weight ?? 0));
  const rate = ((budget + (claim.parent?.fee ?? 0n)) * 1000n) / weight;
  return satPerKw(Number(rate > FEERATE_MAX ? FEERATE_MAX : rate));
}

/** What an anchor's transaction must pay beyond its own weight, so that both together meet the feerate, in sat. */
export function parentDeficit(claim: Claim, feerate: SatPerKw): Sat {
  if (claim.parent === undefined) return sat(0n);
  const due = feeForWeightCeil(feerate, claim.parent.weight);
  return sat(due > claim.parent.fee ? due - claim.parent.fee : 0n);
}
