import type { Txid } from "../../src/base/ids.ts";
import { type Sat, type SatPerKw, sat } from "../../src/base/units.ts";
import { SIGHASH_ALL, SIGHASH_ANYONECANPAY, SIGHASH_SINGLE } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { CommitmentHtlc } from "./commitment.ts";
import type { CommitmentFormat } from "./format.ts";
import { secondStageFee } from "./weights.ts";

/**
 * The hash type of the signature that each side gives for the *other's* second-stage transactions. With anchors it
 * leaves inputs and outputs free, so that the owner can add a fee; the owner's own signature is always SIGHASH_ALL.
 * BOLT 3 §HTLC-Timeout and HTLC-Success Transactions.
 */
export const remoteHtlcSighash = (format: CommitmentFormat): number =>
  format === "anchors" ? SIGHASH_SINGLE | SIGHASH_ANYONECANPAY : SIGHASH_ALL;

/**
 * The unsigned second-stage transaction of one HTLC output: HTLC-timeout when the owner offered it, HTLC-success when
 * the owner received it. BOLT 3 §HTLC-Timeout and HTLC-Success Transactions.
 *
 * @param delayedOutput  scriptPubKey of the `to_local` script: where both kinds pay
 */
export function secondStageTx(
  htlc: CommitmentHtlc,
  from: { readonly txid: Txid; readonly vout: number; readonly amount: Sat },
  delayedOutput: Uint8Array,
  feerate: SatPerKw,
  format: CommitmentFormat,
): Tx {
  return {
    version: 2,
    inputs: [
      {
        prevout: { txid: from.txid, vout: from.vout },
        scriptSig: new Uint8Array(0),
        sequence: format === "anchors" ? 1 : 0,
        witness: [],
      },
    ],
    outputs: [{ amount: sat(from.amount - secondStageFee(htlc.side, feerate, format)), script: delayedOutput }],
    locktime: htlc.side === "offered" ? htlc.expiry : 0,
  };
}
