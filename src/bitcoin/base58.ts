import { concat, equalBytes } from "../base/bytes.ts";
import { sha256d } from "../crypto/hash.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i;
const CHECKSUM_BYTES = 4;
/** Longer texts are no addresses or keys; the cost of decoding grows with the square of the length. */
const CHARACTERS_MAX = 128;

/** Digits of `value` (base `from`, most significant first) in base `to`, least significant first, without leading zeros. */
function rebase(value: Iterable<number>, from: number, to: number): number[] {
  const digits: number[] = [];
  for (const digit of value) {
    let carry = digit;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] as number) * from;
      digits[i] = carry % to;
      carry = Math.floor(carry / to);
    }
    for (; carry > 0; carry = Math.floor(carry / to)) digits.push(carry % to);
  }
  return digits;
}

/** Leading zero bytes become leading ones. */
export function encodeBase58(bytes: Uint8Array): string {
  const first = bytes.findIndex((byte) => byte !== 0);
  const zeros = first < 0 ? bytes.length : first;
  const digits = rebase(bytes, 256, 58).reverse();
  return "1".repeat(zeros) + digits.map((digit) => ALPHABET[digit]).join("");
}
export function decodeBase58(text: string): Uint8Array | undefined {
  if (text.length > CHARACTERS_MAX) return undefined;
  const values = Array.from(text, (character) => VALUE[character.charCodeAt(0)] ?? -1);
  if (values.includes(-1)) return undefined;
  const zeros = text.length - text.replace(/^1+/, "").length;
  return concat(new Uint8Array(zeros), Uint8Array.from(rebase(values, 58, 256).reverse()));
}

/** With the first four bytes of its double SHA-256 behind it. */
export const encodeBase58Check = (payload: Uint8Array): string =>
  encodeBase58(concat(payload, sha256d(payload).subarray(0, CHECKSUM_BYTES)));
/** The payload, or undefined when the checksum does not fit. */
export function decodeBase58Check(text: string): Uint8Array | undefined {
  const bytes = decodeBase58(text);
  if (bytes === undefined || bytes.length < CHECKSUM_BYTES) return undefined;
  const payload = bytes.subarray(0, -CHECKSUM_BYTES);
  return equalBytes(sha256d(payload).subarray(0, CHECKSUM_BYTES), bytes.subarray(-CHECKSUM_BYTES))
    ? payload
    : undefined;
}
