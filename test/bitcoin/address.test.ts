import { expect } from "chai";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { addressOf, scriptOfAddress } from "../../src/bitcoin/address.ts";
import { decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check } from "../../src/bitcoin/base58.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2pkh, p2sh } from "../../src/bitcoin/templates.ts";
import { describeVectors } from "../support/vectors.ts";

const { mainnet, testnet3, regtest } = CHAINS;
const BOTH = [mainnet, testnet3];

interface Addresses {
  readonly valid_addresses: readonly { readonly address: string; readonly script_pubkey: string }[];
  readonly invalid_addresses: readonly { readonly address: string; readonly reason: string }[];
}
for (const path of ["bitcoin/address/bip173.json", "bitcoin/address/bip350.json"]) {
  describeVectors<Addresses>(`segwit addresses of ${path}`, path, (set) => {
    // BIP 350 gave versions from 1 on another checksum: what BIP 173 called valid of them no longer is.
    const superseded = (script: string): boolean => path.includes("173") && !script.startsWith("00");
    for (const { address, script_pubkey } of set.valid_addresses) {
      const chain = /^bc/i.test(address) ? mainnet : testnet3;
      if (superseded(script_pubkey)) {
        it(`refuses ${address}: superseded by BIP 350`, () => {
          expect(scriptOfAddress(address, chain)).to.deep.equal({ ok: false, error: { code: "malformed" } });
        });
        continue;
      }
      it(`reads and writes ${address}`, () => {
        const script = fromHex(script_pubkey);
        expect(scriptOfAddress(address, chain)).to.deep.equal({ ok: true, value: script });
        expect(addressOf(script, chain)).to.equal(address.toLowerCase());
        expect(scriptOfAddress(address, regtest)).to.deep.equal({ ok: false, error: { code: "wrong_network" } });
      });
    }
    for (const { address, reason } of set.invalid_addresses) {
      it(`refuses ${address}: ${reason}`, () => {
        for (const chain of BOTH) {
          expect(scriptOfAddress(address, chain)).to.deep.equal({ ok: false, error: { code: "malformed" } });
        }
      });
    }
  });
}

describeVectors<readonly (readonly [string, string])[]>(
  "base58",
  "bitcoin/address/base58_encode_decode.json",
  (rows) => {
    for (const [hex, text] of rows) {
      it(`writes and reads ${text === "" ? "nothing" : text}`, () => {
        expect(encodeBase58(fromHex(hex))).to.equal(text);
        expect(toHex(decodeBase58(text) ?? Uint8Array.of(0xff))).to.equal(hex);
      });
    }
  },
);

interface KeyTraits {
  readonly addrType?: "pubkey" | "script";
  readonly isPrivkey: boolean;
  readonly isTestnet: boolean;
  readonly isCompressed?: boolean;
}
type KeyRow = readonly [text: string, hex: string, traits: KeyTraits];
const WIF = { mainnet: 128, testnet3: 239 };
describeVectors<readonly KeyRow[]>("base58 addresses and keys", "bitcoin/address/base58_keys_valid.json", (rows) => {
  it(`reads and writes the addresses among the ${rows.length}`, () => {
    for (const [text, hex, { addrType, isPrivkey, isTestnet }] of rows) {
      if (isPrivkey) continue;
      const [chain, other] = isTestnet ? [testnet3, mainnet] : [mainnet, testnet3];
      const script = addrType === "script" ? p2sh(fromHex(hex)) : p2pkh(fromHex(hex));
      expect(scriptOfAddress(text, chain)).to.deep.equal({ ok: true, value: script });
      expect(addressOf(script, chain)).to.equal(text);
      expect(scriptOfAddress(text, other)).to.deep.equal({ ok: false, error: { code: "wrong_network" } });
    }
  });
  it("reads the payload of the private keys, which are no addresses", () => {
    for (const [text, hex, { isPrivkey, isTestnet, isCompressed }] of rows) {
      if (!isPrivkey) continue;
      const prefix = isTestnet ? WIF.testnet3 : WIF.mainnet;
      const payload = fromHex(prefix.toString(16) + hex + (isCompressed ? "01" : ""));
      expect(decodeBase58Check(text)).to.deep.equal(payload);
      expect(encodeBase58Check(payload)).to.equal(text);
      expect(scriptOfAddress(text, mainnet)).to.deep.equal({ ok: false, error: { code: "malformed" } });
    }
  });
});
describeVectors<readonly (readonly [string])[]>(
  "texts that are neither address nor key",
  "bitcoin/address/base58_keys_invalid.json",
  (rows) => {
    it(`are refused on every chain: ${rows.length}`, () => {
      for (const [text] of rows) {
        for (const chain of Object.values(CHAINS)) {
          expect(scriptOfAddress(text, chain), text).to.deep.equal({ ok: false, error: { code: "malformed" } });
        }
      }
    });
  },
);

describe("addressOf", () => {
  it("has no address for scripts of other forms", () => {
    for (const hex of ["", "6a0101", "51", "002100".padEnd(70, "0"), "0003112233"]) {
      expect(addressOf(fromHex(hex), regtest)).to.equal(undefined);
    }
  });
});
