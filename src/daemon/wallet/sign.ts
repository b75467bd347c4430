import { concat, toHex } from "../../base/bytes.ts";
import { outpointKey } from "../../base/ids.ts";
import { present } from "../../base/result.ts";
import { scriptSignature } from "../../bitcoin/der.ts";
import { SIGHASH_ALL, SIGHASH_DEFAULT, type SighashesOf, sighashesOf } from "../../bitcoin/sighash.ts";
import { tweakHash } from "../../bitcoin/taproot.ts";
import { p2pkhOf } from "../../bitcoin/templates.ts";
import type { Tx, TxOut } from "../../bitcoin/tx.ts";
import { schnorr } from "../../crypto/schnorr.ts";
import { secp256k1 } from "../../crypto/secp256k1.ts";
import type { WalletKeys } from "./draft.ts";
import type { WalletCoin, WalletState } from "./state.ts";

/**
 * The same transaction always gets the same signature, as with ECDSA here. BIP 340 §Default Signing: zeros are secure, and
 * only give up protection from those who measure the machine.
 */
const NO_AUX = new Uint8Array(32);

/**
 * The transaction with the inputs that spend these coins signed, each by the whole of it; others are left as they are.
 * @param foreign  what inputs that are not ours spend, by `outpointKey`: a taproot signature covers that as well
 * @param taprootType  whether the signature of a taproot input says that it covers everything, or leaves it unsaid
 */
export function signCoins(
  state: WalletState,
  keys: WalletKeys,
  unsigned: Tx,
  coins: readonly WalletCoin[],
  foreign: ReadonlyMap<string, TxOut> = new Map(),
  taprootType: (index: number) => typeof SIGHASH_DEFAULT | typeof SIGHASH_ALL = () => SIGHASH_DEFAULT,
): Tx {
  const byOutpoint = new Map(coins.map((coin) => [outpointKey(coin.outpoint), coin]));
  const spent = unsigned.inputs.map(({ prevout }) => {
    const key = outpointKey(prevout);
    return present(byOutpoint.get(key) ?? foreign.get(key), "what an input spends is known");
  });
  const sighashes = sighashesOf(unsigned, spent);
  const inputs = unsigned.inputs.map((input, index) => {
    const coin = byOutpoint.get(outpointKey(input.prevout));
    if (coin === undefined) return input;
    return { ...input, witness: witnessFor(state, keys, sighashes, { index, coin, hashType: taprootType(index) }) };
  });
  return { ...unsigned, inputs };
}

function witnessFor(
  state: WalletState,
  keys: WalletKeys,
  sighashes: SighashesOf,
  { index, coin, hashType }: { readonly index: number; readonly coin: WalletCoin; readonly hashType: number },
): readonly Uint8Array[] {
  const { path } = present(state.addresses.get(toHex(coin.script)), "a coin pays to an address of ours");
  const secret = keys.walletSecret(path);
  if (path.type === "p2wpkh") {
    const publicKey = secp256k1.publicKey(secret);
    // BIP 143 §Specification: an input of a key hash signs the script that would pay to the key.
    const digest = sighashes.segwit(index, p2pkhOf(publicKey), coin.amount, SIGHASH_ALL);
    return [scriptSignature(secp256k1.sign(digest, secret), SIGHASH_ALL), publicKey];
  }
  const digest = present(sighashes.taproot({ index, hashType }), "this type can be signed");
  const tweak = tweakHash(schnorr.publicKey(secret));
  const tweaked = present(schnorr.tweakSecret(secret, tweak), "nobody can find a secret that its own tweak makes none");
  const signature = schnorr.sign(digest, tweaked, NO_AUX);
  // BIP 341 §Common signature message: the default type is not written.
  return [hashType === SIGHASH_DEFAULT ? signature : concat(signature, Uint8Array.of(hashType))];
}
