import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { type Secp256k1, secp256k1 } from "../../src/crypto/secp256k1.ts";
import { provider as native } from "../../src/crypto/secp256k1-native.ts";
import { provider as noble } from "../../src/crypto/secp256k1-noble.ts";

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const scalar = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));
const value = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
const ZERO = scalar(0n);
const ONE = scalar(1n);
const G = fromHex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
/** x = 5 belongs to no point of the curve. */
const OFF_CURVE = fromHex(`02${"00".repeat(31)}05`);
const DIGEST = sha256(fromHex("00"));

const BAD_SECRETS = [ZERO, scalar(N), scalar(N + 1n), fromHex("ff".repeat(32)), new Uint8Array(31).fill(1)];
BAD_SECRETS.push(new Uint8Array(33).fill(1), new Uint8Array(0));
const uncompressed = fromHex(`04${toHex(G).slice(2)}483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8`);
const hybrid = Uint8Array.from(uncompressed, (byte, at) => (at === 0 ? 6 : byte));
const BAD_POINTS = [OFF_CURVE, uncompressed, hybrid, hybrid.slice(0, 33), new Uint8Array(33), new Uint8Array(0)];
BAD_POINTS.push(G.slice(0, 32), fromHex(`${toHex(G)}00`), fromHex(`04${toHex(G).slice(2)}`));
/** x not below the field's prime. */
BAD_POINTS.push(fromHex(`02${"ff".repeat(32)}`));

const negated = (signature: Uint8Array): Uint8Array =>
  fromHex(toHex(signature.slice(0, 32)) + toHex(scalar(N - value(signature.slice(32)))));

/** Without a prebuilt binding for this machine noble is all there is, and the comparisons below are skipped. */
const bound = native.name === "native";
const itBound = bound ? it : it.skip;

describe("secp256k1", () => {
  itBound("runs on libsecp256k1 where its binding loads", () => {
    expect([secp256k1.name, native.name, noble.name]).to.deep.equal(["native", "native", "noble"]);
  });
});

for (const curve of bound ? [native, noble] : [noble]) {
  describe(`secp256k1 by ${curve.name}`, () => {
    describe("secrets", () => {
      it("takes 1 and n-1, and no zero, n, overflow or wrong length", () => {
        expect([ONE, scalar(N - 1n)].map(curve.isSecret)).to.deep.equal([true, true]);
        expect(BAD_SECRETS.map(curve.isSecret)).to.deep.equal(BAD_SECRETS.map(() => false));
      });
      it("throws on a malformed secret of ours wherever one is used", () => {
        for (const bad of BAD_SECRETS) {
          expect(() => curve.publicKey(bad)).to.throw("a secret is 32 bytes");
          expect(() => curve.sign(DIGEST, bad)).to.throw("a secret is 32 bytes");
          expect(() => curve.signRecoverable(DIGEST, bad)).to.throw("a secret is 32 bytes");
          expect(() => curve.ecdh(G, bad)).to.throw("a secret is 32 bytes");
          expect(() => curve.negateSecret(bad)).to.throw("a secret is 32 bytes");
        }
      });
      it("adds modulo n: a zero operand is nothing, a zero sum is refused", () => {
        expect(curve.addSecrets(ONE, scalar(2n))).to.deep.equal(scalar(3n));
        expect(curve.addSecrets(scalar(N - 1n), scalar(2n))).to.deep.equal(ONE);
        expect(curve.addSecrets(ZERO, ONE)).to.deep.equal(ONE);
        expect(curve.addSecrets(ONE, ZERO)).to.deep.equal(ONE);
        expect(curve.addSecrets(ZERO, ZERO)).to.equal(undefined);
        expect(curve.addSecrets(ONE, scalar(N - 1n))).to.equal(undefined);
        for (const bad of BAD_SECRETS.slice(1)) {
          expect(curve.addSecrets(bad, ONE)).to.equal(undefined);
          expect(curve.addSecrets(ONE, bad)).to.equal(undefined);
          expect(curve.addSecrets(ZERO, bad)).to.equal(undefined);
        }
      });
      it("multiplies modulo n and refuses zero", () => {
        expect(curve.multiplySecrets(scalar(6n), scalar(7n))).to.deep.equal(scalar(42n));
        expect(curve.multiplySecrets(scalar(N - 1n), scalar(N - 1n))).to.deep.equal(ONE);
        for (const bad of BAD_SECRETS) {
          expect(curve.multiplySecrets(bad, ONE)).to.equal(undefined);
          expect(curve.multiplySecrets(ONE, bad)).to.equal(undefined);
        }
      });
      it("negates without touching its argument", () => {
        const secret = scalar(5n);
        expect(curve.negateSecret(secret)).to.deep.equal(scalar(N - 5n));
        expect(curve.addSecrets(secret, scalar(7n))).to.deep.equal(scalar(12n));
        expect(curve.multiplySecrets(secret, scalar(7n))).to.deep.equal(scalar(35n));
        expect(secret).to.deep.equal(scalar(5n));
      });
    });

    describe("points", () => {
      it("takes compressed points of the curve and nothing else", () => {
        expect(curve.isPoint(G)).to.equal(true);
        expect(BAD_POINTS.map(curve.isPoint)).to.deep.equal(BAD_POINTS.map(() => false));
      });
      it("compresses the forms of old scripts: full, and hybrid with the right parity", () => {
        for (const form of [G, uncompressed, hybrid]) expect(curve.compress(form)).to.deep.equal(G);
        const withPrefix = (prefix: number) => Uint8Array.from(uncompressed, (byte, at) => (at === 0 ? prefix : byte));
        for (const prefix of [0, 2, 3, 5, 7, 8]) expect(curve.compress(withPrefix(prefix))).to.equal(undefined);
        const otherY = Uint8Array.from(uncompressed, (byte, at) => (at === 64 ? byte ^ 2 : byte));
        for (const bad of [OFF_CURVE, otherY, uncompressed.slice(0, 64), new Uint8Array(0), new Uint8Array(65)])
          expect(curve.compress(bad)).to.equal(undefined);
      });
      it("gives G for 1 and -G for n-1", () => {
        expect(curve.publicKey(ONE)).to.deep.equal(G);
        expect(toHex(curve.publicKey(scalar(N - 1n)))).to.equal(`03${toHex(G).slice(2)}`);
      });
      it("adds, and refuses infinity and what is no point", () => {
        const minusG = curve.publicKey(scalar(N - 1n));
        expect(curve.addPoints(G, G)).to.deep.equal(curve.publicKey(scalar(2n)));
        expect(curve.addPoints(G, minusG)).to.equal(undefined);
        for (const bad of BAD_POINTS) {
          expect(curve.addPoints(bad, G)).to.equal(undefined);
          expect(curve.addPoints(G, bad)).to.equal(undefined);
        }
      });
      it("tweaks by a scalar, also by zero, and refuses infinity and what is no scalar", () => {
        expect(curve.tweakAddPoint(G, scalar(2n))).to.deep.equal(curve.publicKey(scalar(3n)));
        expect(curve.tweakAddPoint(G, ZERO)).to.deep.equal(G);
        expect(curve.tweakAddPoint(G, scalar(N - 1n))).to.equal(undefined);
        for (const bad of BAD_SECRETS.slice(1)) expect(curve.tweakAddPoint(G, bad)).to.equal(undefined);
        for (const bad of BAD_POINTS) expect(curve.tweakAddPoint(bad, ONE)).to.equal(undefined);
      });
      it("multiplies by a scalar and refuses zero and what is no scalar", () => {
        expect(curve.multiplyPoint(G, scalar(3n))).to.deep.equal(curve.publicKey(scalar(3n)));
        for (const bad of BAD_SECRETS) expect(curve.multiplyPoint(G, bad)).to.equal(undefined);
        for (const bad of BAD_POINTS) expect(curve.multiplyPoint(bad, ONE)).to.equal(undefined);
      });
      it("hashes the compressed product for a shared secret, the same from both ends", () => {
        const [a, b] = [scalar(11n), scalar(13n)];
        const product = curve.publicKey(scalar(143n));
        expect(curve.ecdh(curve.publicKey(b), a)).to.deep.equal(sha256(product));
        expect(curve.ecdh(curve.publicKey(a), b)).to.deep.equal(sha256(product));
        for (const bad of BAD_POINTS) expect(curve.ecdh(bad, a)).to.equal(undefined);
      });
    });

    describe("signatures", () => {
      const secret = scalar(0xc0ffeen);
      const signer = curve.publicKey(secret);
      const signature = curve.sign(DIGEST, secret);

      it("are deterministic, low-S and verify", () => {
        expect(curve.sign(DIGEST, secret)).to.deep.equal(signature);
        expect(value(signature.slice(32)) <= N / 2n).to.equal(true);
        expect(curve.verify(signature, DIGEST, signer)).to.equal(true);
      });
      it("are made over digests of 32 bytes only", () => {
        for (const length of [0, 31, 33, 64])
          expect(() => curve.sign(new Uint8Array(length), secret)).to.throw("a digest is 32 bytes");
      });
      it("are refused with another digest, another key, any changed byte, a wrong length or high S", () => {
        expect(curve.verify(signature, sha256(DIGEST), signer)).to.equal(false);
        expect(curve.verify(signature, DIGEST, G)).to.equal(false);
        expect(curve.verify(negated(signature), DIGEST, signer)).to.equal(false);
        for (let at = 0; at < 64; at++) {
          const changed = Uint8Array.from(signature, (byte, index) => (index === at ? byte ^ 1 : byte));
          expect(curve.verify(changed, DIGEST, signer)).to.equal(false);
        }
        for (const bad of [new Uint8Array(0), signature.slice(0, 63), fromHex(`${toHex(signature)}00`)])
          expect(curve.verify(bad, DIGEST, signer)).to.equal(false);
        for (const bad of [new Uint8Array(0), DIGEST.slice(0, 31), fromHex(`${toHex(DIGEST)}00`)])
          expect(curve.verify(signature, bad, signer)).to.equal(false);
        for (const bad of BAD_POINTS) expect(curve.verify(signature, DIGEST, bad)).to.equal(false);
      });
      it("with r or s zero or not below n are refused everywhere", () => {
        for (const bad of [ZERO, scalar(N), fromHex("ff".repeat(32))]) {
          for (const [r, s] of [
            [bad, signature.slice(32)],
            [signature.slice(0, 32), bad],
          ] as const) {
            const broken = fromHex(toHex(r) + toHex(s));
            expect(curve.verify(broken, DIGEST, signer)).to.equal(false);
            expect(curve.normalize(broken)).to.equal(undefined);
            for (const recovery of [0, 1, 2, 3]) expect(curve.recover(broken, recovery, DIGEST)).to.equal(undefined);
          }
        }
      });
      it("recover to the signer by one recovery id, also with high S by the other", () => {
        const { recovery } = curve.signRecoverable(DIGEST, secret);
        expect(curve.signRecoverable(DIGEST, secret).signature).to.deep.equal(signature);
        expect(curve.recover(signature, recovery, DIGEST)).to.deep.equal(signer);
        expect(curve.recover(signature, recovery ^ 1, DIGEST)).to.not.deep.equal(signer);
        expect(curve.recover(negated(signature), recovery ^ 1, DIGEST)).to.deep.equal(signer);
        for (const bad of [-1, 4, 0.5, Number.NaN]) expect(curve.recover(signature, bad, DIGEST)).to.equal(undefined);
        expect(curve.recover(signature, recovery, DIGEST.slice(1))).to.equal(undefined);
        expect(curve.recover(signature.slice(1), recovery, DIGEST)).to.equal(undefined);
      });
      it("normalize to low S, without touching the argument", () => {
        const high = negated(signature);
        const before = toHex(high);
        expect(curve.normalize(high)).to.deep.equal(signature);
        expect(toHex(high)).to.equal(before);
        expect(curve.normalize(signature)).to.deep.equal(signature);
        expect(curve.normalize(signature.slice(1))).to.equal(undefined);
      });
    });
  });
}

/** Scalars with the edges of the range over-represented. */
const scalars = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, N / 2n, N / 2n + 1n, N - 2n, N - 1n, N, N + 1n, 2n ** 256n - 1n).map(scalar),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
);
const points = fc.oneof(
  { weight: 4, arbitrary: scalars.filter(native.isSecret).map(native.publicKey) },
  fc.constantFrom(...BAD_POINTS),
  fc.uint8Array({ minLength: 31, maxLength: 34 }),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((x) => fromHex(`02${toHex(x)}`)),
);
const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ids = fc.integer({ min: -1, max: 4 });
type Answers = Readonly<Record<string, unknown>>;
const outcome = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as Error).message;
  }
};

describe("secp256k1: each provider against the other", () => {
  itBound("answers alike on random and edge inputs", () => {
    const answers = (
      curve: Secp256k1,
      a: Uint8Array,
      b: Uint8Array,
      p: Uint8Array,
      q: Uint8Array,
      digest: Uint8Array,
      id: number,
    ): Answers => ({
      isSecret: curve.isSecret(a),
      isPoint: curve.isPoint(p),
      compress: curve.compress(p),
      publicKey: outcome(() => curve.publicKey(a)),
      sign: outcome(() => curve.signRecoverable(digest, a)),
      ecdh: outcome(() => curve.ecdh(p, a)),
      addSecrets: curve.addSecrets(a, b),
      multiplySecrets: curve.multiplySecrets(a, b),
      negate: outcome(() => curve.negateSecret(a)),
      addPoints: curve.addPoints(p, q),
      tweak: curve.tweakAddPoint(p, a),
      multiply: curve.multiplyPoint(p, a),
      verify: curve.verify(fromHex(toHex(a) + toHex(b)), digest, p),
      normalize: curve.normalize(fromHex(toHex(a) + toHex(b))),
      recover: curve.recover(fromHex(toHex(a) + toHex(b)), id, digest),
    });
    fc.assert(
      fc.property(scalars, scalars, points, points, digests, ids, (...inputs) => {
        expect(answers(native, ...inputs)).to.deep.equal(answers(noble, ...inputs));
      }),
      { seed: 256, numRuns: 150 },
    );
  });
  itBound("verifies and recovers what the other has signed", () => {
    fc.assert(
      fc.property(scalars.filter(native.isSecret), digests, (secret, digest) => {
        for (const [signer, reader] of [
          [native, noble],
          [noble, native],
        ] as const) {
          const { signature, recovery } = signer.signRecoverable(digest, secret);
          expect(reader.verify(signature, digest, reader.publicKey(secret))).to.equal(true);
          expect(reader.recover(signature, recovery, digest)).to.deep.equal(reader.publicKey(secret));
        }
      }),
      { seed: 257, numRuns: 40 },
    );
  });
  itBound("signs a digest not below n with different nonces, and each accepts the other's signature", () => {
    // libsecp256k1 feeds the digest to RFC 6979 as it is, noble reduces it first. No hash will ever hit this range.
    const digest = fromHex("ff".repeat(32));
    const [a, b] = [native.sign(digest, ONE), noble.sign(digest, ONE)];
    expect(a).to.not.deep.equal(b);
    expect([noble.verify(a, digest, G), native.verify(b, digest, G)]).to.deep.equal([true, true]);
  });
});
