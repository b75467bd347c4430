import { secp256k1 } from "./secp256k1.ts";

/**
 * A key that is only ever multiplied with others' points: a node's, as connections and onions need it. Its secret may be
 * somewhere else.
 */
export interface StaticKey {
  /** 33 bytes compressed. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of the compressed product with our secret; undefined for what is no point. BOLT 8 §Handshake State. */
  ecdh(point: Uint8Array): Uint8Array | undefined;
}

/** The key of a secret that is at hand: 32 bytes in 1..n-1. */
export const staticKeyOf = (secret: Uint8Array): StaticKey => ({
  publicKey: secp256k1.publicKey(secret),
  ecdh: (point) => secp256k1.ecdh(point, secret),
});
