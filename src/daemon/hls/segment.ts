import { createCipheriv, createDecipheriv } from "node:crypto";

const ALGORITHM = "aes-128-cbc";
const IV_BYTES = 16;

/** The media sequence number, big endian: what a player takes where the playlist names no IV. RFC 8216, section 5.2. */
function ivOf(slot: number): Uint8Array {
  const iv = new Uint8Array(IV_BYTES);
  new DataView(iv.buffer).setUint32(IV_BYTES - 4, slot);
  return iv;
}
function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** A whole segment as viewers fetch it: AES-128 in CBC mode, filled up to whole blocks as PKCS #7 says. `key`: 16 bytes. */
export function encryptSegment(key: Uint8Array, slot: number, segment: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, ivOf(slot));
  return joined(cipher.update(segment), cipher.final());
}
/** The segment, or undefined when the key does not fit. */
export function decryptSegment(key: Uint8Array, slot: number, encrypted: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, ivOf(slot));
  try {
    return joined(decipher.update(encrypted), decipher.final());
  } catch {
    return undefined;
  }
}
