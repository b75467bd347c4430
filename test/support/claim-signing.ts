import { type ChannelSecrets, type Claim, lockScript, signClaim, witnessOf } from "../../channels/index.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { STANDARD_FLAGS } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../src/bitcoin/interpreter/verify.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";

/** The transaction with its first inputs signed, one for each claim. */
export function signedClaims(secrets: ChannelSecrets, claims: readonly Claim[], tx: Tx): Tx {
  const inputs = tx.inputs.map((input, index) => {
    const claim = claims[index];
    if (claim === undefined) return input;
    const { amount, lock, key } = claim;
    const signature = signClaim(secrets, { tx, index, amount, lock, key });
    assert(signature.ok, "the signer signs claims");
    return { ...input, witness: witnessOf(claim, signature.value) };
  });
  return { ...tx, inputs };
}
export const signedClaim = (secrets: ChannelSecrets, claim: Claim, tx: Tx): Tx => signedClaims(secrets, [claim], tx);

/** Why the first input of the transaction may not spend the output of the claim, by the bundled interpreter and today's relay rules. */
export function claimFault(claim: Claim, tx: Tx, holder: Tx): string | undefined {
  const prevout: TxOut | undefined = holder.outputs[claim.outpoint.vout];
  if (prevout === undefined) return `${outpointKey(claim.outpoint)} is no output`;
  if (prevout.amount !== claim.amount) return `holds ${prevout.amount}, not ${claim.amount}`;
  if (Buffer.compare(prevout.script, lockScript(claim.lock)) !== 0) return "another script";
  const others: TxOut[] = tx.inputs.slice(1).map(() => prevout);
  const verified = verifyInput(tx, 0, [prevout, ...others], STANDARD_FLAGS);
  return verified.ok ? undefined : verified.error;
}
