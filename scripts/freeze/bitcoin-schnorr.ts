import { toHex } from "../../src/base/bytes.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { draw, range } from "./bitcoin-own.ts";

const HEADER = "index,secret key,public key,aux_rand,message,signature,verification result,comment";
const LENGTHS = [32, 32, 0, 1, 33, 100];
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD_PRIME = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const hex = (value: bigint): string => value.toString(16).padStart(64, "0");

interface Signed {
  readonly secret: string;
  readonly key: string;
  readonly aux: string;
  readonly message: string;
  readonly signature: string;
}
function signed(label: string, length: number): Signed {
  const [secret, aux, message] = [draw(`schnorr ${label}`), draw(`aux ${label}`), draw(`message ${label}`, length)];
  return {
    secret: toHex(secret),
    key: toHex(schnorr.publicKey(secret)),
    aux: toHex(aux),
    message: toHex(message),
    signature: toHex(schnorr.sign(message, secret, aux)),
  };
}

/** Signatures of ours, and one of them bent in every way that must be refused. */
function rows(): readonly string[] {
  const good = range(LENGTHS.length, (i) => signed(`${i}`, LENGTHS[i] ?? 32));
  const { key, message, signature } = signed("bent", 32);
  const [r, s] = [signature.slice(0, 64), signature.slice(64)];
  const bent: readonly (readonly [key: string, signature: string, comment: string])[] = [
    [key, `${r}${hex(ORDER - BigInt(`0x${s}`))}`, "negated s"],
    [key, `${r}${hex(ORDER)}`, "s is the order"],
    [key, `${hex(FIELD_PRIME)}${s}`, "r is the field's prime"],
    [key, `${hex(5n)}${s}`, "r is on no point"],
    [hex(5n), signature, "the key is on no point"],
    [hex(FIELD_PRIME + 1n), signature, "the key is not below the field's prime"],
    [toHex(schnorr.publicKey(draw("another"))), signature, "another key"],
  ];
  return [
    ...good.map((row, i) => [i, row.secret, row.key, row.aux, row.message, row.signature, "TRUE", ""].join(",")),
    ...bent.map(([by, sig, comment], i) => [good.length + i, "", by, "", message, sig, "FALSE", comment].join(",")),
  ];
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/bip340/test-vectors.csv", make: () => `${[HEADER, ...rows()].join("\n")}\n` },
];
