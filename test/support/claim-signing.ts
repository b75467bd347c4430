import { type ChannelSecrets, type Claim, signClaim, witnessOf } from "../../channels/index.ts";
import { outpointKey } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { STANDARD_FLAGS } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../src/bitcoin/interpreter/verify.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";

/** The transaction with the claim's input, its first, signed. */
export function signedClaim(secrets: ChannelSecrets, claim: Claim, tx: Tx): Tx {
  const { amount, witnessScript, key } = claim;
  const signature = signClaim(secrets, { tx, index: 0, amount, witnessScript, key });
  assert(signature.ok, "the signer signs claims");
  const [first, ...others] = tx.inputs;
  return { ...tx, inputs: [{ ...present(first, "an input"), witness: witnessOf(claim, signature.value) }, ...others] };
}

/** Why the first input of the transaction may not spend the output of the claim, by the bundled interpreter and today's relay rules. */
export function claimFault(claim: Claim, tx: Tx, holder: Tx): string | undefined {
  const prevout: TxOut | undefined = holder.outputs[claim.outpoint.vout];
  if (prevout === undefined) return `${outpointKey(claim.outpoint)} is no output`;
  if (prevout.amount !== claim.amount) return `holds ${prevout.amount}, not ${claim.amount}`;
  if (Buffer.compare(prevout.script, p2wshOf(claim.witnessScript)) !== 0) return "another script";
  const others: TxOut[] = tx.inputs.slice(1).map(() => prevout);
  const verified = verifyInput(tx, 0, [prevout, ...others], STANDARD_FLAGS);
  return verified.ok ? undefined : verified.error;
}
