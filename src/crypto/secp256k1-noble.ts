import { secp256k1 as curve } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes } from "../base/bytes.ts";
import { assert } from "../base/result.ts";
import type { Secp256k1 } from "./secp256k1.ts";

/** The curve in plain JavaScript: for browsers, for machines without the native binding, and as its oracle in tests. */
const { Point } = curve;
const SCALAR_BYTES = 32;
const POINT_BYTES = 33;
const FULL_POINT_BYTES = 65;
const SIGNATURE_BYTES = 64;
const scalars = Point.Fn;
type Point = InstanceType<typeof Point>;

/** Undefined for a wrong length or a value not below n; zero is a scalar. */
function parseScalar(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== SCALAR_BYTES) return undefined;
  try {
    return scalars.fromBytes(bytes);
  } catch {
    return undefined;
  }
}
function secretScalar(secret: Uint8Array): bigint {
  const scalar = parseScalar(secret);
  assert(scalar !== undefined && scalar !== 0n, "a secret is 32 bytes in 1..n-1");
  return scalar;
}
function parsePoint(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== POINT_BYTES) return undefined;
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}
function compress(point: Uint8Array): Uint8Array | undefined {
  if (point.length === POINT_BYTES) return parsePoint(point)?.toBytes(true);
  const [prefix] = point;
  if (point.length !== FULL_POINT_BYTES || (prefix !== 4 && prefix !== 6 && prefix !== 7)) return undefined;
  const odd = (point[FULL_POINT_BYTES - 1] as number) & 1;
  if (prefix !== 4 && prefix !== 6 + odd) return undefined;
  const compressed = point.slice(0, POINT_BYTES);
  compressed[0] = 2 + odd;
  const y = parsePoint(compressed)?.toBytes(false).subarray(POINT_BYTES);
  return y !== undefined && equalBytes(y, point.subarray(POINT_BYTES)) ? compressed : undefined;
}
const pointBytes = (point: Point): Uint8Array | undefined => (point.is0() ? undefined : point.toBytes(true));
const nonZeroBytes = (scalar: bigint): Uint8Array | undefined => (scalar === 0n ? undefined : scalars.toBytes(scalar));

/** Undefined when r or s is zero or not below n. */
function parseSignature(signature: Uint8Array): { readonly r: bigint; readonly s: bigint } | undefined {
  if (signature.length !== SIGNATURE_BYTES) return undefined;
  const r = parseScalar(signature.subarray(0, SCALAR_BYTES));
  const s = parseScalar(signature.subarray(SCALAR_BYTES));
  return r === undefined || s === undefined || r === 0n || s === 0n ? undefined : { r, s };
}

function signRecoverable(digest: Uint8Array, secret: Uint8Array) {
  assert(digest.length === SCALAR_BYTES, "a digest is 32 bytes");
  secretScalar(secret);
  const recovered = curve.sign(digest, secret, { prehash: false, lowS: true, format: "recovered" });
  return { signature: recovered.slice(1), recovery: recovered[0] as number };
}

function verify(signature: Uint8Array, digest: Uint8Array, point: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || digest.length !== SCALAR_BYTES || point.length !== POINT_BYTES)
    return false;
  return curve.verify(signature, digest, point, { prehash: false, lowS: true });
}

function recover(signature: Uint8Array, recovery: number, digest: Uint8Array): Uint8Array | undefined {
  if (parseSignature(signature) === undefined || digest.length !== SCALAR_BYTES) return undefined;
  if (!Number.isInteger(recovery) || recovery < 0 || recovery > 3) return undefined;
  const recovered = new Uint8Array(1 + SIGNATURE_BYTES);
  recovered[0] = recovery;
  recovered.set(signature, 1);
  try {
    return curve.recoverPublicKey(recovered, digest, { prehash: false });
  } catch {
    return undefined;
  }
}

export const provider: Secp256k1 = {
  name: "noble",
  isSecret: (secret) => (parseScalar(secret) ?? 0n) !== 0n,
  isPoint: (point) => parsePoint(point) !== undefined,
  compress,
  publicKey: (secret) => Point.BASE.multiply(secretScalar(secret)).toBytes(true),
  sign: (digest, secret) => signRecoverable(digest, secret).signature,
  verify,
  signRecoverable,
  recover,
  normalize: (signature) => {
    const parsed = parseSignature(signature);
    if (parsed === undefined) return undefined;
    const normal = signature.slice();
    const negated = scalars.neg(parsed.s);
    if (negated < parsed.s) normal.set(scalars.toBytes(negated), SCALAR_BYTES);
    return normal;
  },
  ecdh: (point, secret) => {
    const scalar = secretScalar(secret);
    const other = parsePoint(point);
    return other === undefined ? undefined : sha256(other.multiply(scalar).toBytes(true));
  },
  addSecrets: (a, b) => {
    const [x, y] = [parseScalar(a), parseScalar(b)];
    return x === undefined || y === undefined ? undefined : nonZeroBytes(scalars.add(x, y));
  },
  multiplySecrets: (a, b) => {
    const [x, y] = [parseScalar(a), parseScalar(b)];
    return x === undefined || y === undefined ? undefined : nonZeroBytes(scalars.mul(x, y));
  },
  negateSecret: (secret) => scalars.toBytes(scalars.neg(secretScalar(secret))),
  addPoints: (a, b) => {
    const [p, q] = [parsePoint(a), parsePoint(b)];
    return p === undefined || q === undefined ? undefined : pointBytes(p.add(q));
  },
  tweakAddPoint: (point, scalar) => {
    const [p, x] = [parsePoint(point), parseScalar(scalar)];
    if (p === undefined || x === undefined) return undefined;
    return pointBytes(x === 0n ? p : p.add(Point.BASE.multiply(x)));
  },
  multiplyPoint: (point, scalar) => {
    const [p, x] = [parsePoint(point), parseScalar(scalar)];
    return p === undefined || x === undefined || x === 0n ? undefined : pointBytes(p.multiply(x));
  },
};
