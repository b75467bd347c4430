import { createRequire } from "node:module";
import { assert } from "../base/result.ts";
import type { Secp256k1 } from "./secp256k1.ts";

/**
 * The curve by bitcoin-core's libsecp256k1, from the prebuilt binding in the `secp256k1` package. Only `bindings.js` of
 * that package is ever asked for: its main file would load `elliptic` where the binding is missing. There the noble
 * provider steps in, which is why it is required on demand and not imported: one curve library a process.
 */
interface Binding {
  privateKeyVerify(secret: Uint8Array): boolean;
  privateKeyNegate(inOut: Uint8Array): Uint8Array;
  privateKeyTweakAdd(inOut: Uint8Array, tweak: Uint8Array): Uint8Array;
  privateKeyTweakMul(inOut: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyVerify(point: Uint8Array): boolean;
  publicKeyCreate(secret: Uint8Array): Uint8Array;
  publicKeyCombine(points: readonly Uint8Array[]): Uint8Array;
  publicKeyTweakAdd(point: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyTweakMul(point: Uint8Array, tweak: Uint8Array): Uint8Array;
  signatureNormalize(inOut: Uint8Array): Uint8Array;
  ecdsaSign(digest: Uint8Array, secret: Uint8Array): { readonly signature: Uint8Array; readonly recid: number };
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, point: Uint8Array): boolean;
  ecdsaRecover(signature: Uint8Array, recovery: number, digest: Uint8Array): Uint8Array;
  ecdh(point: Uint8Array, secret: Uint8Array): Uint8Array;
}

const SCALAR_BYTES = 32;
const POINT_BYTES = 33;
const FULL_POINT_BYTES = 65;
const SIGNATURE_BYTES = 64;
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** The binding answers refusals by throwing; here they are values. */
function unlessRefused<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** The binding parses hybrid forms and checks their parity itself. */
function compress(binding: Binding, point: Uint8Array): Uint8Array | undefined {
  const full = point.length === FULL_POINT_BYTES;
  if ((point.length !== POINT_BYTES && !full) || !binding.publicKeyVerify(point)) return undefined;
  const compressed = point.slice(0, POINT_BYTES);
  if (full) compressed[0] = 2 + ((point[FULL_POINT_BYTES - 1] as number) & 1);
  return compressed;
}

function libsecp256k1(binding: Binding): Secp256k1 {
  const isSecret = (secret: Uint8Array): boolean => secret.length === SCALAR_BYTES && binding.privateKeyVerify(secret);
  const isScalar = (bytes: Uint8Array): boolean => isSecret(bytes) || (bytes.length === SCALAR_BYTES && isZero(bytes));
  const requireSecret = (secret: Uint8Array): void => assert(isSecret(secret), "a secret is 32 bytes in 1..n-1");
  const signRecoverable = (digest: Uint8Array, secret: Uint8Array) => {
    assert(digest.length === SCALAR_BYTES, "a digest is 32 bytes");
    requireSecret(secret);
    const { signature, recid } = binding.ecdsaSign(digest, secret);
    return { signature, recovery: recid };
  };
  return {
    name: "native",
    isSecret,
    isPoint: (point) => point.length === POINT_BYTES && binding.publicKeyVerify(point),
    compress: (point) => compress(binding, point),
    publicKey: (secret) => {
      requireSecret(secret);
      return binding.publicKeyCreate(secret);
    },
    sign: (digest, secret) => signRecoverable(digest, secret).signature,
    verify: (signature, digest, point) =>
      point.length === POINT_BYTES && (unlessRefused(() => binding.ecdsaVerify(signature, digest, point)) ?? false),
    signRecoverable,
    // The binding would round a recovery id that is no integer.
    recover: (signature, recovery, digest) =>
      Number.isInteger(recovery) ? unlessRefused(() => binding.ecdsaRecover(signature, recovery, digest)) : undefined,
    normalize: (signature) => {
      if (signature.length !== SIGNATURE_BYTES) return undefined;
      if (isZero(signature.subarray(0, SCALAR_BYTES)) || isZero(signature.subarray(SCALAR_BYTES))) return undefined;
      return unlessRefused(() => binding.signatureNormalize(signature.slice()));
    },
    ecdh: (point, secret) => {
      requireSecret(secret);
      return point.length === POINT_BYTES ? unlessRefused(() => binding.ecdh(point, secret)) : undefined;
    },
    addSecrets: (a, b) => {
      if (!isScalar(a) || !isScalar(b)) return undefined;
      // The binding takes a zero tweak but no zero secret.
      if (isZero(a)) return isZero(b) ? undefined : b.slice();
      return unlessRefused(() => binding.privateKeyTweakAdd(a.slice(), b));
    },
    multiplySecrets: (a, b) =>
      isSecret(a) && isSecret(b) ? unlessRefused(() => binding.privateKeyTweakMul(a.slice(), b)) : undefined,
    negateSecret: (secret) => {
      requireSecret(secret);
      return binding.privateKeyNegate(secret.slice());
    },
    addPoints: (a, b) =>
      a.length === POINT_BYTES && b.length === POINT_BYTES
        ? unlessRefused(() => binding.publicKeyCombine([a, b]))
        : undefined,
    tweakAddPoint: (point, scalar) =>
      point.length === POINT_BYTES ? unlessRefused(() => binding.publicKeyTweakAdd(point, scalar)) : undefined,
    multiplyPoint: (point, scalar) =>
      point.length === POINT_BYTES ? unlessRefused(() => binding.publicKeyTweakMul(point, scalar)) : undefined,
  };
}

function load(): Secp256k1 {
  const require = createRequire(import.meta.url);
  const binding = unlessRefused(() => require("secp256k1/bindings.js") as Binding);
  if (binding !== undefined) return libsecp256k1(binding);
  return (require("#secp256k1-noble") as { readonly provider: Secp256k1 }).provider;
}

export const provider: Secp256k1 = load();
