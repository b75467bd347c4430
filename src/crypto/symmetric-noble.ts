import { chacha20, chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from "@noble/hashes/legacy.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** Symmetric primitives in plain JavaScript, for browsers and as the oracle of `symmetric-node.ts`. */
export const name = "noble";

export const sha256 = (data: Uint8Array): Uint8Array => nobleSha256(data);
/** Into `out` from `at` on. */
export const sha256Into = (out: Uint8Array, at: number, data: Uint8Array): void => out.set(nobleSha256(data), at);
export const ripemd160 = (data: Uint8Array): Uint8Array => nobleRipemd160(data);
/** Broken for collisions, but old scripts may ask for it. */
export const sha1 = (data: Uint8Array): Uint8Array => nobleSha1(data);
export const hmacSha256 = (key: Uint8Array, data: Uint8Array): Uint8Array => hmac(nobleSha256, key, data);

/** ChaCha20-Poly1305: the ciphertext with its 16-byte tag behind it. RFC 8439. */
export const seal = (key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plain: Uint8Array): Uint8Array =>
  chacha20poly1305(key, nonce, ad).encrypt(plain);

/** As `seal`, into `out` from `at` on. */
export function sealInto(
  out: Uint8Array,
  at: number,
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  plain: Uint8Array,
): void {
  out.set(seal(key, nonce, ad, plain), at);
}

/** The plaintext, or undefined when the tag does not fit. RFC 8439. */
export function open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, nonce, ad).decrypt(sealed);
  } catch {
    return undefined;
  }
}

/** `length` bytes of ChaCha20 key stream, nonce zero, counter zero. BOLT 4 §Pseudo Random Byte Stream. */
export const keyStream = (key: Uint8Array, length: number): Uint8Array =>
  chacha20(key, new Uint8Array(12), new Uint8Array(length));
