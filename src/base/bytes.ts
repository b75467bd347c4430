import { assert } from "./result.ts";

/** Character codes of the digits. */
const DIGIT = Array.from({ length: 16 }, (_, digit) => digit.toString(16).charCodeAt(0));
const NIBBLE = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i++) {
  NIBBLE[i.toString(16).charCodeAt(0)] = i;
  NIBBLE[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

/** Lower-case hex of the bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += HEX_PIECE_BYTES) {
    const to = Math.min(from + HEX_PIECE_BYTES, bytes.length);
    const codes = new Array<number>(2 * (to - from));
    for (let i = from, at = 0; i < to; i++, at += 2) {
      const byte = bytes[i] as number;
      codes[at] = DIGIT[byte >> 4] as number;
      codes[at + 1] = DIGIT[byte & 15] as number;
    }
    text += String.fromCharCode.apply(null, codes);
  }
  return text;
}
/** Lower-case hex of 32 bytes, the last one first. */
export function reversedHashHex(bytes: Uint8Array): string {
  for (let i = HASH_BYTES - 1, at = 0; i >= 0; i--, at += 2) {
    const byte = bytes[i] as number;
    hashCodes[at] = DIGIT[byte >> 4] as number;
    hashCodes[at + 1] = DIGIT[byte & 15] as number;
  }
  return String.fromCharCode.apply(null, hashCodes);
}
const HASH_BYTES = 32;
/** Scratch: blocks name thousands. */
const hashCodes = new Array<number>(2 * HASH_BYTES).fill(0);
/** A call takes so many arguments at a time without a deep stack. */
const HEX_PIECE_BYTES = 512;

/** The bytes of a hex string of either case, or undefined when it is not one. For outside input. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = NIBBLE[text.charCodeAt(2 * i)] ?? -1;
    const low = NIBBLE[text.charCodeAt(2 * i + 1)] ?? -1;
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** The bytes of hex that is known to be hex. Throws on anything else. */
export function fromHex(text: string): Uint8Array {
  const bytes = parseHex(text);
  assert(bytes !== undefined, "hex digits in pairs");
  return bytes;
}

/** Writes the bytes of hex that is known to be hex from `at` on, the last one first. Throws on anything else. */
export function putReversedHex(out: Uint8Array, at: number, text: string): void {
  const count = text.length / 2;
  let wrong = 0;
  for (let i = 0, from = text.length - 2; i < count; i++, from -= 2) {
    const high = NIBBLE[text.charCodeAt(from)] ?? -1;
    const low = NIBBLE[text.charCodeAt(from + 1)] ?? -1;
    wrong |= high | low;
    out[at + i] = (high << 4) | low;
  }
  assert(wrong >= 0 && text.length % 2 === 0, "hex digits in pairs");
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Equal length and content. Not constant time: use `src/crypto/hash.ts` for secrets and authenticators. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Negative, zero or positive: byte by byte, a prefix before what it begins (as memcmp, then the shorter first). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A copy in the opposite byte order: Bitcoin shows hashes reversed. */
export const reversed = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse();

export function xorBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  assert(a.length === b.length, "operands of xor have one length");
  const out = new Uint8Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] as number) ^ (b[i] as number);
  return out;
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);
const strictDecoder = new TextDecoder("utf-8", { fatal: true });
/** The text of strictly valid UTF-8, or undefined. */
export function parseUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}
/** Text that is safe in a log line or terminal: printable ASCII only, at most `limit` characters. BOLT 1 §Requirements. */
export function printable(bytes: Uint8Array, limit = 256): string {
  let text = "";
  for (const byte of bytes.subarray(0, limit)) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?";
  return text;
}
