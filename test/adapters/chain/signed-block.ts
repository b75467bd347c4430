import type { Txid } from "../../../src/base/ids.ts";
import { sat } from "../../../src/base/units.ts";
import { scriptSignature } from "../../../src/bitcoin/der.ts";
import { STANDARD_FLAGS } from "../../../src/bitcoin/interpreter/flags.ts";
import { SIGHASH_ALL, sighashesOf } from "../../../src/bitcoin/sighash.ts";
import { p2pkhOf, p2wpkhOf } from "../../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../../src/bitcoin/tx.ts";
import type { BlockScripts, ScriptCheck } from "../../../src/chain/scripts.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";

/** Transactions with real signatures, right or wrong, as a block leaves them to be verified. */
const SECRET = new Uint8Array(32).fill(5);
const KEY = secp256k1.publicKey(SECRET);
const OURS: TxOut = { amount: sat(100_000n), script: p2wpkhOf(KEY) };

/** One transaction that spends so many outputs of a key hash. */
export function signedCheck(index: number, inputs: number): ScriptCheck {
  const spent = Array.from({ length: inputs }, () => OURS);
  const unsigned: Tx = {
    version: 2,
    inputs: spent.map((_, vout) => ({
      prevout: { txid: index.toString(16).padStart(64, "0") as Txid, vout },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [],
    })),
    outputs: [OURS],
    locktime: 0,
  };
  const digests = sighashesOf(unsigned, spent);
  const signed = unsigned.inputs.map((input, at) => {
    const digest = digests.segwit(at, p2pkhOf(KEY), OURS.amount, SIGHASH_ALL);
    return { ...input, witness: [scriptSignature(secp256k1.sign(digest, SECRET), SIGHASH_ALL), KEY] };
  });
  return { index, tx: { ...unsigned, inputs: signed }, spent };
}
/** The same with one input without its signature. */
export const unsigned = (check: ScriptCheck, input: number): ScriptCheck => ({
  ...check,
  tx: { ...check.tx, inputs: check.tx.inputs.map((each, at) => (at === input ? { ...each, witness: [KEY] } : each)) },
});
export const scriptsOf = (checks: readonly ScriptCheck[]): BlockScripts => ({
  flags: STANDARD_FLAGS,
  checks,
  inputs: checks.reduce((sum, { tx }) => sum + tx.inputs.length, 0),
});
