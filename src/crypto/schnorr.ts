import { concat, equalBytes, fromHex, toHex, xorBytes } from "../base/bytes.ts";
import { assert, present } from "../base/result.ts";
import { taggedHash } from "./hash.ts";
import { type Secp256k1, secp256k1 } from "./secp256k1.ts";

/**
 * Schnorr signatures of BIP 340 and tweaked keys of BIP 341, composed of what every provider of the curve can do:
 * libsecp256k1's binding has no Schnorr of its own, and a second library beside it would be a second curve in the process.
 * Keys are x-only: the 32 bytes of x, for the one of the two points there that has an even y. Inputs of strangers give
 * `false` or `undefined`; what we give wrongly ourselves throws.
 */
export interface Schnorr {
  /** `message` may have any length. False for anything but a right signature of 64 bytes. BIP 340 §Verification. */
  verify(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean;
  /** 64 bytes. `aux` is 32 random bytes, which protect the secret from whoever measures us. BIP 340 §Default Signing. */
  sign(message: Uint8Array, secret: Uint8Array, aux: Uint8Array): Uint8Array;
  /** The x-only key of a secret. */
  publicKey(secret: Uint8Array): Uint8Array;
  /** key + tweak*G; undefined when `key` is on no point, the tweak is not below n or nothing is left. */
  tweakKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined;
  /** The secret of `tweakKey` of this secret's key; undefined when the tweak is not below n or nothing is left. */
  tweakSecret(secret: Uint8Array, tweak: Uint8Array): Uint8Array | undefined;
}
export interface TweakedKey {
  readonly key: Uint8Array;
  /** Of the point's y, which the x-only key leaves out and a control block tells. BIP 341 §Script validation rules. */
  readonly odd: boolean;
}

const EVEN = 2;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const auxHash = taggedHash("BIP0340/aux");
const nonceHash = taggedHash("BIP0340/nonce");
const challengeHash = taggedHash("BIP0340/challenge");

/** A hash as a scalar: its number modulo n, in 32 bytes. */
export function scalarOf(hash: Uint8Array): Uint8Array {
  // The order begins with 0xff: what begins lower is below it.
  if (hash[0] !== 0xff) return hash;
  const number = BigInt(`0x${toHex(hash)}`);
  return number < ORDER ? hash : fromHex((number - ORDER).toString(16).padStart(64, "0"));
}

const xOf = (point: Uint8Array): Uint8Array => point.subarray(1);
const isOdd = (point: Uint8Array): boolean => point[0] !== EVEN;
const liftX = (key: Uint8Array): Uint8Array => concat(Uint8Array.of(EVEN), key);

/**
 * s*G - challenge*P, where P is the point of `key`; undefined when there is none, or s is not below n. BIP 340 §Verification.
 *
 * Recovering the key of an ECDSA signature (r, t) over z computes (t*R - z*G) / r, R being the point of r, in one go and in the
 * time that one verification takes: with P as R, t = -challenge*r and z = -s*r it is what is wanted.
 */
function nonceBy(
  curve: Secp256k1,
  { key, challenge, s }: { readonly key: Uint8Array; readonly challenge: Uint8Array; readonly s: Uint8Array },
): Uint8Array | undefined {
  const t = curve.multiplySecrets(challenge, key);
  const z = curve.multiplySecrets(s, key);
  if (t !== undefined && z !== undefined)
    return curve.recover(concat(key, curve.negateSecret(t)), 0, curve.negateSecret(z));
  // An s of zero, or a key whose x is not below n. Nobody can find a challenge of zero.
  if (!curve.isSecret(challenge)) return undefined;
  const minus = curve.multiplyPoint(liftX(key), curve.negateSecret(challenge));
  return minus && curve.tweakAddPoint(minus, s);
}

/** Schnorr by one provider of the curve. */
export function schnorrBy(curve: Secp256k1): Schnorr {
  /** The secret of the two, `secret` and its negative, whose point has an even y. */
  const evenSecret = (secret: Uint8Array): { readonly even: Uint8Array; readonly key: Uint8Array } => {
    const point = curve.publicKey(secret);
    return { even: isOdd(point) ? curve.negateSecret(secret) : secret, key: xOf(point) };
  };
  return {
    verify: (signature, message, key) => {
      // The curve refuses an s that has not 32 bytes, and so every signature that has not 64.
      const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
      const challenge = scalarOf(challengeHash(r, key, message));
      const nonce = nonceBy(curve, { key, challenge, s });
      return nonce !== undefined && !isOdd(nonce) && equalBytes(xOf(nonce), r);
    },
    sign: (message, secret, aux) => {
      assert(aux.length === 32, "auxiliary randomness has 32 bytes");
      const { even, key } = evenSecret(secret);
      const masked = xorBytes(even, auxHash(aux));
      const { even: nonce, key: r } = evenSecret(scalarOf(nonceHash(masked, key, message)));
      const challenge = scalarOf(challengeHash(r, key, message));
      const product = present(curve.multiplySecrets(challenge, even), "nobody can find a challenge of zero");
      return concat(r, present(curve.addSecrets(nonce, product), "nobody can find a nonce that cancels out"));
    },
    publicKey: (secret) => xOf(curve.publicKey(secret)),
    tweakKey: (key, tweak) => {
      const point = curve.tweakAddPoint(liftX(key), tweak);
      return point && { key: xOf(point), odd: isOdd(point) };
    },
    tweakSecret: (secret, tweak) => curve.addSecrets(evenSecret(secret).even, tweak),
  };
}

/** By the provider in use. */
export const schnorr: Schnorr = schnorrBy(secp256k1);
