import { concat } from "../../src/base/bytes.ts";
import { parseTxid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { consensusFlags, type ScriptFlags } from "../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../src/bitcoin/interpreter/verify.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sighashesOf } from "../../src/bitcoin/sighash.ts";
import { annexHash, leafHash, outputKey, TAPSCRIPT_LEAF_VERSION, tweakHash } from "../../src/bitcoin/taproot.ts";
import { NO_CODE_SEPARATOR } from "../../src/bitcoin/taproot-sighash.ts";
import { p2tr, p2wpkh } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";

/** Taproot outputs of one key of ours and at most one script, and transactions that spend them. */
export const SECRET = new Uint8Array(32).fill(3);
export const KEY = schnorr.publicKey(SECRET);
export const EMPTY = new Uint8Array(0);
const ZEROS = new Uint8Array(32);
/** What every block of today must keep, and nothing more. */
export const CONSENSUS = consensusFlags(1_000_000, CHAINS.mainnet);

const txid = present(parseTxid("0a".repeat(32)), "a txid");
const OTHER: TxOut = { amount: sat(777n), script: p2wpkh(new Uint8Array(20)) };
/** Two inputs, the first of which is looked at, and two outputs. */
const UNSIGNED: Tx = {
  version: 2,
  inputs: [0, 1].map((vout) => ({ prevout: { txid, vout }, scriptSig: EMPTY, sequence: 5, witness: [] })),
  outputs: [{ ...OTHER, amount: sat(500n) }, OTHER],
  locktime: 9,
};

/** What one input shows for one output. */
export interface Attempt {
  readonly scriptPubKey: Uint8Array;
  readonly witness: readonly Uint8Array[];
  readonly flags?: ScriptFlags;
  readonly scriptSig?: Uint8Array;
  /** Changes the transaction after it was signed. */
  readonly change?: (tx: Tx) => Tx;
  /** Changes what the other input spends. */
  readonly other?: TxOut;
}
/** OK, or the name of the error. */
export function attempt(given: Attempt): string {
  const { scriptPubKey, witness, flags = CONSENSUS, scriptSig = EMPTY, change = (tx) => tx, other = OTHER } = given;
  const [first, ...others] = UNSIGNED.inputs;
  const inputs = [{ ...present(first, "an input"), scriptSig, witness }, ...others];
  const verified = verifyInput(change({ ...UNSIGNED, inputs }), 0, [spentBy(scriptPubKey), other], flags);
  return verified.ok ? "OK" : verified.error;
}
const spentBy = (script: Uint8Array): TxOut => ({ amount: sat(1000n), script });

export interface Signing {
  readonly hashType?: number;
  readonly annex?: Uint8Array;
  readonly tapscript?: Uint8Array;
  readonly codeSeparator?: number;
  readonly secret?: Uint8Array;
}
/** The signature that `attempt` wants for the output, its hash type behind it unless that is the default. */
export function sign(scriptPubKey: Uint8Array, signing: Signing = {}): Uint8Array {
  const { hashType = 0, annex, tapscript, codeSeparator = NO_CODE_SEPARATOR, secret = SECRET } = signing;
  const digest = sighashesOf(UNSIGNED, [spentBy(scriptPubKey), OTHER]).taproot({
    index: 0,
    hashType,
    annexHash: annex && annexHash(annex),
    leaf: tapscript && { hash: leafHash(TAPSCRIPT_LEAF_VERSION, tapscript), codeSeparator },
  });
  const signature = schnorr.sign(present(digest, "a hash type that can be signed"), secret, ZEROS);
  return hashType === 0 ? signature : concat(signature, Uint8Array.of(hashType));
}

/** An output of our key alone, and the secret that signs for it. */
export const KEY_OUTPUT = p2tr(present(outputKey(KEY), "a key").key);
export const KEY_SECRET = present(schnorr.tweakSecret(SECRET, tweakHash(KEY)), "a secret");
