import { concat, equalBytes } from "../../base/bytes.ts";
import { err, ok, present, type Result } from "../../base/result.ts";
import { scriptSignature } from "../../bitcoin/der.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT, type SighashesOf, sighashesOf } from "../../bitcoin/sighash.ts";
import { tweakHash } from "../../bitcoin/taproot.ts";
import { p2pkhOf } from "../../bitcoin/templates.ts";
import { schnorr } from "../../crypto/schnorr.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import type { WalletInput, WalletRefusal, WalletRequest } from "../../ports/signer.ts";
import type { Keychain } from "../keychain.ts";
import { scriptOfKey } from "../wallet/scripts.ts";

/**
 * The same transaction always gets the same signature, as with ECDSA here. BIP 340 §Default Signing: zeros are secure, and
 * only give up protection from those who measure the machine.
 */
const NO_AUX = new Uint8Array(32);

/** The witnesses of inputs that spend coins of the wallet, each signed by the whole transaction. */
export function signWallet(
  keychain: Keychain,
  { tx, spent, inputs }: WalletRequest,
): Result<readonly (readonly Uint8Array[])[], WalletRefusal> {
  const secrets = inputs.map(({ path }) => keychain.walletSecret(path));
  for (const [at, { index, path }] of inputs.entries()) {
    const script = scriptOfKey(path.type, secp256k1.publicKey(present(secrets[at], "one for each input")));
    const coin = tx.inputs.length === spent.length ? spent[index] : undefined;
    if (coin === undefined || !equalBytes(coin.script, script)) return err({ code: "not_our_coin", index });
  }
  const sighashes = sighashesOf(tx, spent);
  return ok(inputs.map((input, at) => witnessFor(present(secrets[at], "as above"), sighashes, input, spent)));
}

function witnessFor(
  secret: Uint8Array,
  sighashes: SighashesOf,
  { index, path, hashType }: WalletInput,
  spent: WalletRequest["spent"],
): readonly Uint8Array[] {
  if (path.type === "p2wpkh") {
    const publicKey = secp256k1.publicKey(secret);
    const { amount } = present(spent[index], "what an input spends is known");
    // BIP 143 §Specification: an input of a key hash signs the script that would pay to the key.
    const digest = sighashes.segwit(index, p2pkhOf(publicKey), amount, SIGHASH_ALL);
    return [scriptSignature(secp256k1.sign(digest, secret), SIGHASH_ALL), publicKey];
  }
  const digest = present(sighashes.taproot({ index, hashType }), "this type can be signed");
  const tweak = tweakHash(schnorr.publicKey(secret));
  const tweaked = present(schnorr.tweakSecret(secret, tweak), "nobody can find a secret that its own tweak makes none");
  const signature = schnorr.sign(digest, tweaked, NO_AUX);
  // BIP 341 §Common signature message: the default type is not written.
  return [hashType === SIGHASH_DEFAULT ? signature : concat(signature, Uint8Array.of(hashType))];
}
