import { present } from "../../src/base/result.ts";
import { feeForWeightCeil, type Sat, type SatPerKw, sat } from "../../src/base/units.ts";
import type { Tx, TxIn } from "../../src/bitcoin/tx.ts";
import { DUST_THRESHOLD } from "../tx/weights.ts";
import type { Claim } from "./claim.ts";
import { claimWeight } from "./fee.ts";

/** The input of a claim, unsigned. */
export const claimInput = ({ outpoint, sequence }: Claim): TxIn => ({
  prevout: outpoint,
  scriptSig: new Uint8Array(0),
  sequence,
  witness: [],
});

/** The unsigned transaction of a claim that the peer has signed as a whole, and the fee that both agreed on. */
export function presignedTx(claim: Claim): { readonly tx: Tx; readonly fee: Sat } {
  const output = present(claim.presigned ? claim.output : undefined, "a second stage without anchors");
  const tx: Tx = { version: 2, inputs: [claimInput(claim)], outputs: [output], locktime: claim.locktime };
  return { tx, fee: sat(claim.amount - output.amount) };
}

/**
 * The unsigned transaction of a claim that pays its own fee, to a key hash of the wallet. Undefined when at this feerate
 * nothing worth relaying would be left: then it waits for a lower one, or for nothing.
 */
export function sweepTx(
  claim: Claim,
  script: Uint8Array,
  feerate: SatPerKw,
): { readonly tx: Tx; readonly fee: Sat } | undefined {
  const fee = feeForWeightCeil(feerate, claimWeight(claim));
  const rest = claim.amount - fee;
  if (rest < DUST_THRESHOLD.p2wpkh) return undefined;
  const tx: Tx = {
    version: 2,
    inputs: [claimInput(claim)],
    outputs: [{ amount: sat(rest), script }],
    locktime: claim.locktime,
  };
  return { tx, fee };
}
