import { err, ok, type Result } from "../../src/base/result.ts";
import { segwitSighash } from "../../src/bitcoin/sighash.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { Commitment } from "../tx/commitment.ts";
import type { Funding } from "../tx/funding-tx.ts";
import { remoteHtlcSighash } from "../tx/htlc-tx.ts";
import type { CommitmentTerms } from "../tx/terms.ts";
import type { CommitmentKeys } from "./commitment-keys.ts";
import type { Signatures } from "./signer.ts";

/** Why a peer's `commitment_signed` cannot be used. Each of them fails the channel. BOLT 2 §Committing Updates So Far: commitment_signed. */
export type SignatureFault =
  | { readonly code: "bad_commitment_signature" }
  | { readonly code: "wrong_htlc_signature_count"; readonly expected: number; readonly received: number }
  | { readonly code: "bad_htlc_signature"; readonly index: number };

/** Whether `signature` signs `tx` over the funding output with SIGHASH_ALL. High-S is not accepted: it could not be relayed. */
export const verifyFundingSignature = (
  funding: Funding,
  tx: Tx,
  fundingPubkey: Uint8Array,
  signature: Uint8Array,
): boolean => secp256k1.verify(signature, segwitSighash(tx, 0, funding.witnessScript, funding.amount), fundingPubkey);

/**
 * Whether the peer's signatures make *our* commitment and each of its second stages ours to publish. To be true before
 * the one before it is revoked: afterwards this commitment is all we have. BOLT 2 §Committing Updates So Far: commitment_signed.
 */
export function verifyCommitment(
  terms: CommitmentTerms,
  keys: CommitmentKeys,
  commitment: Commitment,
  remoteFundingPubkey: Uint8Array,
  { signature, htlcSignatures }: Signatures,
): Result<undefined, SignatureFault> {
  if (htlcSignatures.length !== commitment.htlcs.length) {
    const [expected, received] = [commitment.htlcs.length, htlcSignatures.length];
    return err({ code: "wrong_htlc_signature_count", expected, received });
  }
  if (!verifyFundingSignature(terms.funding, commitment.tx, remoteFundingPubkey, signature)) {
    return err({ code: "bad_commitment_signature" });
  }
  const hashType = remoteHtlcSighash(terms.format);
  for (const [index, { tx, amount, witnessScript }] of commitment.htlcs.entries()) {
    const digest = segwitSighash(tx, 0, witnessScript, amount, hashType);
    const htlcSignature = htlcSignatures[index] as Uint8Array;
    if (!secp256k1.verify(htlcSignature, digest, keys.remoteHtlcPubkey))
      return err({ code: "bad_htlc_signature", index });
  }
  return ok(undefined);
}
