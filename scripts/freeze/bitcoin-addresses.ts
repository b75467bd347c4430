import { decodeBech32, encodeBech32, toWords } from "../../src/base/bech32.ts";
import { concat, toHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { encodeBase58, encodeBase58Check } from "../../src/bitcoin/base58.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { p2pkh, p2sh, witnessScriptPubKey } from "../../src/bitcoin/templates.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { draw, EMPTY, range } from "./bitcoin-own.ts";

const { mainnet, testnet3 } = CHAINS;

/** Both sets hold strings of one checksum and addresses of all versions. */
function bech32Set(variant: "bech32" | "bech32m"): unknown {
  const valid = range(5, (i) =>
    encodeBech32({ hrp: ["a", "bcrt", "tb", "x1y", "?"][i] ?? "", words: toWords(draw(`words ${i}`, 3 * i)), variant }),
  );
  const spoiled = valid.map((text) => text.slice(0, -1) + (text.endsWith("q") ? "p" : "q"));
  const programs = [
    [0, 20],
    [0, 32],
    ...(variant === "bech32m"
      ? [
          [1, 32],
          [2, 2],
          [16, 40],
        ]
      : []),
  ].map(([version = 0, length = 0]) => ({ version, program: draw(`program ${length}`, length) }));
  const valid_addresses = programs.flatMap((program) =>
    [mainnet, testnet3].map((chain) => ({
      address: addressOf(witnessScriptPubKey(program), chain) ?? "",
      script_pubkey: toHex(witnessScriptPubKey(program)),
    })),
  );
  const crossed = valid_addresses.map(({ address }) => {
    const { hrp = "", words = EMPTY, variant: right } = decodeBech32(address) ?? {};
    return encodeBech32({ hrp, words, variant: right === "bech32" ? "bech32m" : "bech32" });
  });
  const wrongSize = encodeBech32({
    hrp: "bc",
    words: concat(Uint8Array.of(0), toWords(draw("odd", 21))),
    variant: "bech32",
  });
  return {
    valid,
    invalid: [
      ...spoiled.map((string) => ({ string, reason: "a changed checksum" })),
      { string: `A${(valid[1] ?? "").slice(1)}`, reason: "mixed case" },
      { string: "1qqqqqq", reason: "no prefix" },
      { string: "noseparatorqqqqqq", reason: "no separator" },
    ],
    valid_addresses,
    invalid_addresses: [
      ...crossed.map((address) => ({ address, reason: "the other checksum" })),
      { address: wrongSize, reason: "a program of 21 bytes in version 0" },
    ],
  };
}

const PREFIXES = [
  { chain: mainnet, wif: 128, isTestnet: false },
  { chain: testnet3, wif: 239, isTestnet: true },
];
function base58Keys(): unknown {
  return PREFIXES.flatMap(({ chain, wif, isTestnet }) => {
    const hash = draw(`hash ${chain.network}`, 20);
    const secret = draw(`secret ${chain.network}`);
    const wifOf = (tail: Uint8Array): string => encodeBase58Check(concat(Uint8Array.of(wif), secret, tail));
    return [
      [addressOf(p2pkh(hash), chain), toHex(hash), { addrType: "pubkey", isPrivkey: false, isTestnet }],
      [addressOf(p2sh(hash), chain), toHex(hash), { addrType: "script", isPrivkey: false, isTestnet }],
      [wifOf(EMPTY), toHex(secret), { isCompressed: false, isPrivkey: true, isTestnet }],
      [wifOf(Uint8Array.of(1)), toHex(secret), { isCompressed: true, isPrivkey: true, isTestnet }],
    ];
  });
}
function notBase58Keys(): unknown {
  const right = addressOf(p2pkh(draw("hash", 20)), mainnet) ?? "";
  const of = (...bytes: readonly Uint8Array[]): string => encodeBase58Check(concat(...bytes));
  return [
    "",
    "x",
    right.slice(1),
    `${right}1`,
    right.toLowerCase(),
    of(Uint8Array.of(9), draw("hash", 20)),
    of(Uint8Array.of(0), draw("hash", 19)),
  ].map((text) => [text]);
}

function base58(): unknown {
  return range(8, (i) => {
    const bytes = concat(new Uint8Array(i % 3), draw(`base58 ${i}`, i));
    return [toHex(bytes), encodeBase58(bytes)];
  });
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/address/bip173.json", make: () => bech32Set("bech32") },
  { path: "bitcoin/address/bip350.json", make: () => bech32Set("bech32m") },
  { path: "bitcoin/address/base58_encode_decode.json", make: base58 },
  { path: "bitcoin/address/base58_keys_valid.json", make: base58Keys },
  { path: "bitcoin/address/base58_keys_invalid.json", make: notBase58Keys },
];
