import { provider } from "#secp256k1";

/**
 * The curve of Bitcoin and Lightning behind one interface with two providers: libsecp256k1 where its binding loads, noble
 * elsewhere. Inputs are checked by the provider; malformed ones give `undefined` or `false`, never a throw, because
 * most of them come from peers. Secrets are 32 bytes, points 33 bytes compressed, signatures 64 bytes compact.
 */
export interface Secp256k1 {
  readonly name: "native" | "noble";
  /** A scalar in 1..n-1. */
  isSecret(secret: Uint8Array): boolean;
  /** A compressed point on the curve, not infinity. */
  isPoint(point: Uint8Array): boolean;
  /**
   * The 33 bytes of a point given in any of its forms in old Bitcoin scripts: compressed, or 65 bytes with prefix 4, or 6
   * or 7 for an even or odd y. Undefined when it is not on the curve or the prefix is wrong.
   */
  compress(point: Uint8Array): Uint8Array | undefined;
  /** secret*G. The secret must be valid: throws otherwise, as that is a bug of ours. */
  publicKey(secret: Uint8Array): Uint8Array;
  /** Deterministic (RFC 6979), low-S. `digest` is 32 bytes; throws on any other input (a bug of ours). */
  sign(digest: Uint8Array, secret: Uint8Array): Uint8Array;
  /** False for a wrong or high-S signature, a bad point or a bad length. */
  verify(signature: Uint8Array, digest: Uint8Array, point: Uint8Array): boolean;
  /** As `sign`, with the recovery id (0..3) that lets a reader find the key. */
  signRecoverable(
    digest: Uint8Array,
    secret: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recovery: number };
  /** The signer's point; accepts high-S, as BOLT 11 allows. Undefined when there is none. */
  recover(signature: Uint8Array, recovery: number, digest: Uint8Array): Uint8Array | undefined;
  /** The same signature with s in the lower half. Undefined when r or s is out of range. */
  normalize(signature: Uint8Array): Uint8Array | undefined;
  /** SHA-256 of the compressed product. BOLT 8 §Handshake State. Undefined for a bad point. */
  ecdh(point: Uint8Array, secret: Uint8Array): Uint8Array | undefined;
  /** (a + b) mod n; undefined when that is zero or an input is not below n. */
  addSecrets(a: Uint8Array, b: Uint8Array): Uint8Array | undefined;
  /** (a * b) mod n; undefined when that is zero or an input is not below n. */
  multiplySecrets(a: Uint8Array, b: Uint8Array): Uint8Array | undefined;
  negateSecret(secret: Uint8Array): Uint8Array;
  /** a + b; undefined for a bad point or infinity. */
  addPoints(a: Uint8Array, b: Uint8Array): Uint8Array | undefined;
  /** point + scalar*G; undefined for a bad point, a scalar not below n or infinity. */
  tweakAddPoint(point: Uint8Array, scalar: Uint8Array): Uint8Array | undefined;
  /** scalar*point; undefined for a bad point, or a scalar that is zero or not below n. */
  multiplyPoint(point: Uint8Array, scalar: Uint8Array): Uint8Array | undefined;
}

/** The provider in use, chosen once at load. */
export const secp256k1: Secp256k1 = provider;
