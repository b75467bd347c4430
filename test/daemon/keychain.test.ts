import { HDKey } from "@scure/bip32";
import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { ADDRESS_TYPES } from "../../src/bitcoin/key-path.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { areWords, keychainOf, keychainOfSeed, newWords, seedOf } from "../../src/daemon/keychain.ts";
import { scriptOfKey } from "../../src/daemon/wallet/scripts.ts";
import { describeVectors } from "../support/vectors.ts";

type Bip39Row = readonly [entropy: string, words: string, passphrase: string, seed: string, xprv: string];
interface Bip84Row {
  readonly path: string;
  readonly mnemonic?: string;
  readonly pubkey?: string;
  readonly address?: string;
}
interface Bip86Row {
  readonly path: string;
  readonly mnemonic?: string;
  readonly internal_key?: string;
  readonly output_key?: string;
  readonly scriptPubKey?: string;
  readonly address?: string;
}
const bytesOnce = (bytes: Uint8Array) => ({
  bytes: (length: number): Uint8Array => {
    expect(length).to.equal(bytes.length);
    return bytes;
  },
});

describeVectors<readonly Bip39Row[]>("BIP 39 §Test vectors", "bitcoin/bip39/mnemonic-english.json", (rows) => {
  for (const [entropy, words, passphrase, seed, xprv] of rows) {
    it(`${words.split(" ").length} words of ${entropy.slice(0, 8)}…`, () => {
      expect(areWords(words)).to.equal(true);
      if (entropy.length === 64) expect(newWords(bytesOnce(fromHex(entropy)))).to.equal(words);
      expect(toHex(seedOf(words, passphrase))).to.equal(seed);
      expect(HDKey.fromMasterSeed(fromHex(seed)).privateExtendedKey).to.equal(xprv);
    });
  }
});

describeVectors<readonly Bip84Row[]>("BIP 84 §Test vectors", "bitcoin/bip32/bip84.json", (rows) => {
  const words = rows[0]?.mnemonic ?? "";
  const keychain = keychainOf(words, "mainnet");
  for (const { path, pubkey, address } of rows) {
    const match = /^m\/84'\/0'\/0'\/([01])\/(\d+)$/.exec(path);
    if (match === null || pubkey === undefined || address === undefined) continue;
    it(`${path} is ${address}`, () => {
      const at = { type: "p2wpkh", branch: match[1] === "0" ? "external" : "change", index: Number(match[2]) } as const;
      expect(toHex(keychain.walletKey(at))).to.equal(pubkey);
      expect(secp256k1.publicKey(keychain.walletSecret(at))).to.deep.equal(keychain.walletKey(at));
      expect(addressOf(p2wpkhOf(keychain.walletKey(at)), CHAINS.mainnet)).to.equal(address);
    });
  }
});

describeVectors<readonly Bip86Row[]>("BIP 86 §Test vectors", "bitcoin/bip32/bip86.json", (rows) => {
  const words = rows[0]?.mnemonic ?? "";
  const keychain = keychainOf(words, "mainnet");
  for (const { path, internal_key, output_key, scriptPubKey, address } of rows) {
    const match = /^m\/86'\/0'\/0'\/([01])\/(\d+)$/.exec(path);
    if (match === null) continue;
    it(`${path} is ${address}`, () => {
      const at = { type: "p2tr", branch: match[1] === "0" ? "external" : "change", index: Number(match[2]) } as const;
      const key = keychain.walletKey(at);
      const script = scriptOfKey("p2tr", key);
      expect([toHex(key.subarray(1)), toHex(script), toHex(script.subarray(2))]).to.deep.equal([
        internal_key,
        scriptPubKey,
        output_key,
      ]);
      expect(secp256k1.publicKey(keychain.walletSecret(at))).to.deep.equal(key);
      expect(addressOf(script, CHAINS.mainnet)).to.equal(address);
    });
  }
});

describe("the keychain", () => {
  const seed = new Uint8Array(64).fill(5);
  const keychain = keychainOfSeed(seed, "regtest");

  it("makes 24 words from 256 bits of chance", () => {
    const words = newWords(bytesOnce(new Uint8Array(32).fill(1)));
    expect(words.split(" ").length).to.equal(24);
    expect(areWords(words)).to.equal(true);
  });

  it("knows words that are none: another checksum, an unknown word, too few", () => {
    const words = newWords(bytesOnce(new Uint8Array(32).fill(1))).split(" ");
    const [first, ...rest] = words;
    expect(areWords([...rest, first].join(" "))).to.equal(false);
    expect(areWords(["sluice", ...rest].join(" "))).to.equal(false);
    expect(areWords(rest.join(" "))).to.equal(false);
    expect(() => keychainOf(rest.join(" "), "regtest")).to.throw("checked before");
  });

  it("derives the frozen identity and channel seeds: other labels would lose open channels", () => {
    expect({
      id: keychain.nodeId,
      first: toHex(keychain.channelSeed(0)),
      second: toHex(keychain.channelSeed(1)),
      backup: toHex(keychain.backupKey),
    }).to.deep.equal({
      id: "0321a7d40c93dd72cd05e43173c409cb4a6bc0c015b39bfd3143ab9124c93fa7b0",
      first: "49a08f03869cfd7529ac6576db077ea971c4b35f4b5b0ccbb236e84c588ebbba",
      second: "921fd3f5f80b82d6e2cad52ea21873233643645b20329384c85ad158447ee30e",
      backup: "6a0061737e9be033901146bf8a92f7eec6147aa516a068a06215852acaa45b0e",
    });
    expect(toHex(secp256k1.publicKey(keychain.nodeSecret))).to.equal(keychain.nodeId);
  });

  it("keeps coins of different networks apart, test networks together", () => {
    const path = { type: "p2wpkh", branch: "external", index: 0 } as const;
    const key = (network: "mainnet" | "signet") => keychainOfSeed(seed, network).walletKey(path);
    expect(key("mainnet")).to.not.deep.equal(keychain.walletKey(path));
    expect(key("signet")).to.deep.equal(keychain.walletKey(path));
  });

  it("gives every path another key", () => {
    const keys = ADDRESS_TYPES.flatMap((type) =>
      (["external", "change"] as const).flatMap((branch) =>
        [0, 1, 2].map((index) => toHex(keychain.walletKey({ type, branch, index }))),
      ),
    );
    expect(new Set(keys).size).to.equal(12);
  });
});
