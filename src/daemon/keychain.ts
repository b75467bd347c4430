import { pbkdf2Sync } from "node:crypto";
import { HARDENED_OFFSET, HDKey } from "@scure/bip32";
import { entropyToMnemonic, validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { utf8 } from "../base/bytes.ts";
import { type NodeId, nodeId } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import type { AddressType, Branch, KeyPath } from "../bitcoin/key-path.ts";
import type { NetworkName } from "../bitcoin/params.ts";
import { ByteWriter } from "../codec/io.ts";
import { hkdf } from "../crypto/hash.ts";
import { secp256k1 } from "../crypto/secp256k1.ts";
import type { PublicAccount } from "../ports/signer.ts";
import type { Random } from "../ports/world.ts";

const BRANCHES: { readonly [B in Branch]: number } = { external: 0, change: 1 };
/** Each type has an account of its own. BIP 84 §Derivation. BIP 86 §Derivation. */
const PURPOSE: { readonly [T in AddressType]: number } = { p2wpkh: 84, p2tr: 86 };
/** In front of the extended keys of the test networks. BIP 32 §Serialization format. */
export const TEST_VERSIONS = { public: 0x0435_87cf, private: 0x0435_8394 };

/** All secrets of a node, each derived from its words; nothing else needs to be kept secret or can get lost. */
export interface Keychain {
  readonly nodeSecret: Uint8Array;
  readonly nodeId: NodeId;
  /** The seed of all keys of the channel with this index. An index is used for one channel, ever. 32 bytes. */
  channelSeed(index: number): Uint8Array;
  /** Under which static backups are sealed. 32 bytes. */
  readonly backupKey: Uint8Array;
  /** The compressed public key of a wallet address; of a taproot output it is the internal key. */
  walletKey(path: KeyPath): Uint8Array;
  walletSecret(path: KeyPath): Uint8Array;
  /** What is public of an account: whoever has it knows every address of it, and can spend nothing. */
  account(type: AddressType): PublicAccount;
}

/** New words: 24 of them, from 256 bits of chance. BIP 39 §Generating the mnemonic. */
export const newWords = (random: Random): string => entropyToMnemonic(random.bytes(32), wordlist);

/** Whether these are words of the English list with a right checksum, one space between each. BIP 39 §Generating the mnemonic. */
export const areWords = (words: string): boolean => validateMnemonic(words, wordlist);

/** The 64-byte seed of the words. `passphrase` is empty but in the vectors: words alone must restore a node. BIP 39 §From mnemonic to seed. */
export function seedOf(words: string, passphrase = ""): Uint8Array {
  const salt = utf8(`mnemonic${passphrase.normalize("NFKD")}`);
  return new Uint8Array(pbkdf2Sync(utf8(words.normalize("NFKD")), salt, 2048, 64, "sha512"));
}

/** The keychain of words that `areWords` accepts. */
export function keychainOf(words: string, network: NetworkName): Keychain {
  assert(areWords(words), "the words of a keychain are checked before");
  return keychainOfSeed(seedOf(words), network);
}

/** The keychain of a 64-byte seed. */
export function keychainOfSeed(seed: Uint8Array, network: NetworkName): Keychain {
  const accounts = { p2wpkh: onceOnly(() => accountOf("p2wpkh")), p2tr: onceOnly(() => accountOf("p2tr")) };
  const accountKeys = { p2wpkh: onceOnly(() => accountKey("p2wpkh")), p2tr: onceOnly(() => accountKey("p2tr")) };
  const master = onceOnly(() =>
    network === "mainnet" ? HDKey.fromMasterSeed(seed) : HDKey.fromMasterSeed(seed, TEST_VERSIONS),
  );
  // BIP 84 §Derivation: purpose, coin 0 for mainnet and 1 for all test networks, account 0. BIP 86 §Derivation: as there.
  const coin = network === "mainnet" ? 0 : 1;
  function accountOf(type: AddressType): { readonly [B in Branch]: HDKey } {
    const account = accountKeys[type]();
    return { external: account.deriveChild(BRANCHES.external), change: account.deriveChild(BRANCHES.change) };
  }
  function accountKey(type: AddressType): HDKey {
    return master().derive(`m/${PURPOSE[type]}'/${coin}'/0'`);
  }
  const nodeSecret = derived(seed, "node", 0);
  return {
    nodeSecret,
    nodeId: nodeId(secp256k1.publicKey(nodeSecret)),
    backupKey: derived(seed, "backup", 0),
    channelSeed: (index) => derived(seed, "channel", index),
    walletKey: ({ type, branch, index }) =>
      present(accounts[type]()[branch].deriveChild(index).publicKey, "a derived key has its public half"),
    walletSecret: ({ type, branch, index }) =>
      present(accounts[type]()[branch].deriveChild(index).privateKey, "a key derived from a secret has one"),
    account: (type) => ({
      fingerprint: master().fingerprint,
      steps: [HARDENED_OFFSET + PURPOSE[type], HARDENED_OFFSET + coin, HARDENED_OFFSET],
      xpub: accountKeys[type]().publicExtendedKey,
    }),
  };
}

/** Deriving an account takes a while, and few nodes need both. */
function onceOnly<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Keys that no other program needs to know how to derive. Changing a label would lose identity and channels. */
function derived(seed: Uint8Array, purpose: "node" | "channel" | "backup", index: number): Uint8Array {
  const info = new ByteWriter(16);
  info.bytes(utf8(purpose));
  info.u64(BigInt(index));
  const [key] = hkdf(utf8("sluice keychain v1"), seed, info.finish(), 1);
  return present(key, "HKDF gives one key");
}
