import { assert } from "./result.ts";

/** Text of 5-bit words behind a readable prefix, with a checksum of six characters: addresses and invoices. BIP 173 §Bech32. */
export type Bech32Variant = "bech32" | "bech32m";
export interface Bech32 {
  /** Lower case. */
  readonly hrp: string;
  /** Each 0 to 31, without the checksum. */
  readonly words: Uint8Array;
  readonly variant: Bech32Variant;
}

/** An address is no longer than this; invoices have no limit. BIP 173 §Bech32. */
export const BECH32_CHARACTERS_MAX = 90;
const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_WORDS = 6;
/** What the checksum of a whole string comes to. BIP 350 §Bech32m. */
const RESIDUE: { readonly [V in Bech32Variant]: number } = { bech32: 1, bech32m: 0x2bc830a3 };

function step(checksum: number, word: number): number {
  const top = checksum >>> 25;
  let next = ((checksum & 0x1ff_ffff) << 5) ^ word;
  for (let i = 0; i < 5; i++) if (((top >>> i) & 1) === 1) next ^= GENERATOR[i] as number;
  return next;
}
function checksumOf(hrp: string, words: Uint8Array): number {
  let checksum = 1;
  for (let i = 0; i < hrp.length; i++) checksum = step(checksum, hrp.charCodeAt(i) >>> 5);
  checksum = step(checksum, 0);
  for (let i = 0; i < hrp.length; i++) checksum = step(checksum, hrp.charCodeAt(i) & 31);
  for (const word of words) checksum = step(checksum, word);
  return checksum;
}

/** The text, in lower case. The prefix must be lower-case printable ASCII. */
export function encodeBech32({ hrp, words, variant }: Bech32): string {
  assert(/^[\x21-\x7e]{1,83}$/.test(hrp) && hrp === hrp.toLowerCase(), "a bech32 prefix is lower-case ASCII");
  assert(
    words.every((word) => word < 32),
    "bech32 words have five bits",
  );
  const padded = new Uint8Array(words.length + CHECKSUM_WORDS);
  padded.set(words);
  const checksum = checksumOf(hrp, padded) ^ RESIDUE[variant];
  for (let i = 0; i < CHECKSUM_WORDS; i++) padded[words.length + i] = (checksum >>> (5 * (5 - i))) & 31;
  let text = `${hrp}1`;
  for (const word of padded) text += ALPHABET[word];
  return text;
}

/** What a bech32 or bech32m text of at most `limit` characters says; undefined when it is neither. BIP 173 §Bech32. */
export function decodeBech32(text: string, limit = BECH32_CHARACTERS_MAX): Bech32 | undefined {
  // The sign for kelvin is a k in lower case: what is no ASCII is refused before.
  if (text.length > limit || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const separator = lower.lastIndexOf("1");
  if (separator < 1 || separator > 83 || lower.length - separator - 1 < CHECKSUM_WORDS) return undefined;
  const hrp = lower.slice(0, separator);
  const words = new Uint8Array(lower.length - separator - 1);
  for (let i = 0; i < words.length; i++) {
    const value = VALUE[lower.charCodeAt(separator + 1 + i)] ?? -1;
    if (value < 0) return undefined;
    words[i] = value;
  }
  const residue = checksumOf(hrp, words);
  const variant = residue === RESIDUE.bech32 ? "bech32" : residue === RESIDUE.bech32m ? "bech32m" : undefined;
  return variant && { hrp, words: words.subarray(0, -CHECKSUM_WORDS), variant };
}

/** Bytes as 5-bit words, the last one filled up with zero bits. */
export function toWords(bytes: Uint8Array): Uint8Array {
  const words = new Uint8Array(Math.ceil((bytes.length * 8) / 5));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) words[at++] = (held >>> (bits - 5)) & 31;
  }
  if (bits > 0) words[at] = (held << (5 - bits)) & 31;
  return words;
}

/** The bytes of 5-bit words; undefined when more than four bits are left over, or one of them is set. BIP 173 §Segwit address format. */
export function fromWords(words: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((words.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const word of words) {
    held = ((held << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >>> bits) & 0xff;
    }
  }
  return bits > 4 || (held & ((1 << bits) - 1)) !== 0 ? undefined : bytes;
}
