import { HDKey } from "@scure/bip32";
import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { keychainOf, seedOf } from "../../src/daemon/keychain.ts";
import { scriptOfKey } from "../../src/daemon/wallet/scripts.ts";
import type { Freezer } from "../freeze-vectors.ts";

const entropy = (label: number, bytes: number): Uint8Array => sha256(Uint8Array.of(0x39, label)).subarray(0, bytes);
const wordsOf = (label: number, bytes: number): string => entropyToMnemonic(entropy(label, bytes), wordlist);

function bip39(): unknown {
  return [16, 24, 32, 32].map((bytes, label) => {
    const passphrase = label === 3 ? "" : "an Ångström of water";
    const seed = seedOf(wordsOf(label, bytes), passphrase);
    const xprv = HDKey.fromMasterSeed(seed).privateExtendedKey;
    return [toHex(entropy(label, bytes)), wordsOf(label, bytes), passphrase, toHex(seed), xprv];
  });
}

function bip84(): unknown {
  const mnemonic = wordsOf(9, 32);
  const keychain = keychainOf(mnemonic, "mainnet");
  const rows = [0, 1, 7].flatMap((index) =>
    (["external", "change"] as const).map((branch) => {
      const key = keychain.walletKey({ type: "p2wpkh", branch, index });
      return {
        path: `m/84'/0'/0'/${branch === "external" ? 0 : 1}/${index}`,
        pubkey: toHex(key),
        address: present(addressOf(p2wpkhOf(key), CHAINS.mainnet), "a key hash has an address"),
      };
    }),
  );
  return [{ path: "m", mnemonic }, ...rows];
}

function bip86(): unknown {
  const mnemonic = wordsOf(9, 32);
  const keychain = keychainOf(mnemonic, "mainnet");
  const rows = [0, 1, 7].flatMap((index) =>
    (["external", "change"] as const).map((branch) => {
      const key = keychain.walletKey({ type: "p2tr", branch, index });
      const scriptPubKey = scriptOfKey("p2tr", key);
      return {
        path: `m/86'/0'/0'/${branch === "external" ? 0 : 1}/${index}`,
        internal_key: toHex(key.subarray(1)),
        output_key: toHex(scriptPubKey.subarray(2)),
        scriptPubKey: toHex(scriptPubKey),
        address: present(addressOf(scriptPubKey, CHAINS.mainnet), "a taproot output has an address"),
      };
    }),
  );
  return [{ path: "m", mnemonic }, ...rows];
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/bip39/mnemonic-english.json", make: bip39 },
  { path: "bitcoin/bip32/bip84.json", make: bip84 },
  { path: "bitcoin/bip32/bip86.json", make: bip86 },
];
