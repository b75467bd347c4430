import { createCipheriv, createDecipheriv, createHmac, hash } from "node:crypto";

/** Symmetric primitives by Node's own OpenSSL. `symmetric-noble.ts` is its twin; tests compare the two. */
export const name = "node:crypto";

const ALGORITHM = "chacha20-poly1305";
const TAG_BYTES = 16;
const view = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** A digest comes as text of one byte a character: a buffer of its own would cost more than hashing a short message does. */
function digest(algorithm: string, data: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  putDigest(bytes, 0, hash(algorithm, data, "binary"));
  return bytes;
}
function putDigest(out: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
}
export const sha256 = (data: Uint8Array): Uint8Array => digest("sha256", data, 32);
/** Into `out` from `at` on. */
export const sha256Into = (out: Uint8Array, at: number, data: Uint8Array): void =>
  putDigest(out, at, hash("sha256", data, "binary"));
/** A block may ask for a million of these two, of 520 bytes each: in JavaScript that would take minutes. */
export const ripemd160 = (data: Uint8Array): Uint8Array => digest("ripemd160", data, 20);
export const sha1 = (data: Uint8Array): Uint8Array => digest("sha1", data, 20);

/** FIPS 198-1: two hashes, each in one call, take half the time of an object for the code. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const isShort = key instanceof Uint8Array && key.length <= BLOCK_BYTES && data.length <= HMAC_SCRATCH_BYTES;
  if (!isShort || !(data instanceof Uint8Array)) return view(createHmac("sha256", key).update(data).digest());
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = at < key.length ? (key[at] as number) : 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  inner.set(data, BLOCK_BYTES);
  putDigest(outer, BLOCK_BYTES, hash("sha256", inner.subarray(0, BLOCK_BYTES + data.length), "binary"));
  return digest("sha256", outer, 32);
}
const BLOCK_BYTES = 64;
/** An onion's payloads with what is bound to them, and more. */
const HMAC_SCRATCH_BYTES = 2048;
/** Scratch: nothing is kept in them between two calls. */
const inner = new Uint8Array(BLOCK_BYTES + HMAC_SCRATCH_BYTES);
const outer = new Uint8Array(BLOCK_BYTES + 32);

/** ChaCha20-Poly1305 into `out` from `at` on: the ciphertext, then its 16-byte tag. RFC 8439. */
export function sealInto(
  out: Uint8Array,
  at: number,
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  plain: Uint8Array,
): void {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: plain.length });
  out.set(cipher.update(plain), at);
  cipher.final();
  out.set(cipher.getAuthTag(), at + plain.length);
}

/** As `sealInto`, into memory of its own. */
export function seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + TAG_BYTES);
  sealInto(sealed, 0, key, nonce, ad, plain);
  return sealed;
}

/** The plaintext, or undefined when the tag does not fit. RFC 8439. */
export function open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const length = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  if (ad.length > 0) decipher.setAAD(ad, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  const plain = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return view(plain);
}

/** `length` bytes of ChaCha20 key stream, nonce zero, counter zero. BOLT 4 §Pseudo Random Byte Stream. */
export function keyStream(key: Uint8Array, length: number): Uint8Array {
  const zeros = length <= ZEROS.length ? ZEROS.subarray(0, length) : new Uint8Array(length);
  return view(createCipheriv("chacha20", key, NONCE).update(zeros));
}
/** Never written to. Two onions' worth. */
const ZEROS = new Uint8Array(4096);
const NONCE = new Uint8Array(16);
