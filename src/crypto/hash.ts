import { hmacSha256, ripemd160, sha1, sha256, sha256Into } from "#symmetric";
import { concat, utf8 } from "../base/bytes.ts";
import { assert } from "../base/result.ts";

export { hmacSha256, ripemd160, sha1, sha256 };

/** Two rounds of SHA-256: Bitcoin's hash of transactions, blocks and gossip. */
export function sha256d(data: Uint8Array): Uint8Array {
  sha256Into(once, 0, data);
  return sha256(once);
}
/** The same into `out` from `at` on, which may be where `data` stands. */
export function sha256dInto(out: Uint8Array, at: number, data: Uint8Array): void {
  sha256Into(once, 0, data);
  sha256Into(out, at, once);
}
/** Scratch: nothing is kept in it between two calls. */
const once = new Uint8Array(32);
/** RIPEMD-160 of SHA-256: the hash in addresses and HTLC scripts. */
export const hash160 = (data: Uint8Array): Uint8Array => ripemd160(sha256(data));

/**
 * A SHA-256 of its own for each purpose: the hash of the tag, twice, stands in front of what is hashed. What comes of the tag
 * is computed once, here; going on from the state behind it is no faster than hashing these 64 bytes again. BIP 340 §Design.
 */
export function taggedHash(tag: string): (...parts: readonly Uint8Array[]) => Uint8Array {
  const tagHash = sha256(utf8(tag));
  const prefix = concat(tagHash, tagHash);
  return (...parts) => sha256(concat(prefix, ...parts));
}

/** Compares authenticators and secrets in a time that depends on the length alone. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** HKDF with SHA-256: `count` keys of 32 bytes. RFC 5869; used by BOLT 8 §Handshake State, and for keys of our own. */
export function hkdf(salt: Uint8Array, material: Uint8Array, info: Uint8Array, count: number): readonly Uint8Array[] {
  assert(count > 0 && count < 256, "HKDF gives at most 255 blocks");
  const key = hmacSha256(salt, material);
  const blocks: Uint8Array[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  for (let index = 1; index <= count; index++) {
    const input = new Uint8Array(previous.length + info.length + 1);
    input.set(previous);
    input.set(info, previous.length);
    input[input.length - 1] = index;
    previous = hmacSha256(key, input);
    blocks.push(previous);
  }
  return blocks;
}
