import type { KeyPath } from "../../../src/bitcoin/key-path.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { keychainOfSeed } from "../../../src/daemon/keychain.ts";
import { localSigner } from "../../../src/daemon/signer/local-signer.ts";
import { type WalletKeys, walletKeysOf } from "../../../src/daemon/wallet/public-keys.ts";

/** Keys whose derivation is remembered: a test asks for the same few again and again. */
export function rememberedKeys(): WalletKeys {
  const keychain = keychainOfSeed(new Uint8Array(64).fill(3), "regtest");
  const cached = (derive: (path: KeyPath) => Uint8Array) => {
    const known = new Map<string, Uint8Array>();
    return (path: KeyPath): Uint8Array => {
      const key = `${path.type}${path.branch}${path.index}`;
      const value = known.get(key) ?? derive(path);
      known.set(key, value);
      return value;
    };
  };
  const derived = { ...keychain, walletSecret: cached(keychain.walletSecret) };
  const keys = walletKeysOf(localSigner(derived, CHAINS.regtest));
  return { ...keys, walletKey: cached(keys.walletKey) };
}
