import { expect } from "chai";
import fc from "fast-check";
import {
  derivePublicKey,
  deriveRevocationPublicKey,
  deriveRevocationSecret,
  deriveSecret,
} from "../../../channels/keys/derivation.ts";
import { concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import { describeVectors } from "../../support/vectors.ts";

interface DerivationVectors {
  readonly base_secret: string;
  readonly per_commitment_secret: string;
  readonly base_point: string;
  readonly per_commitment_point: string;
  readonly expected: Readonly<Record<"pubkey" | "privkey" | "revocation_pubkey" | "revocation_privkey", string>>;
}

describeVectors<DerivationVectors>(
  "BOLT 3 §Key Derivation (CONFORMANCE 103)",
  "bolts/bolt03/key-derivation.json",
  (vectors) => {
    const point = fromHex(vectors.per_commitment_point);
    const base = fromHex(vectors.base_point);
    it("derives the public key of a basepoint", () => {
      expect(toHex(derivePublicKey(base, point))).to.equal(vectors.expected.pubkey);
    });
    it("derives its secret", () => {
      expect(toHex(deriveSecret(fromHex(vectors.base_secret), base, point))).to.equal(vectors.expected.privkey);
    });
    it("derives the revocation key that nobody can sign with yet", () => {
      expect(toHex(deriveRevocationPublicKey(base, point))).to.equal(vectors.expected.revocation_pubkey);
    });
    it("derives the revocation secret once the per-commitment secret is known", () => {
      const secret = deriveRevocationSecret(fromHex(vectors.base_secret), fromHex(vectors.per_commitment_secret));
      expect(toHex(secret)).to.equal(vectors.expected.revocation_privkey);
    });
    it("throws on a point that was not checked", () => {
      expect(() => derivePublicKey(new Uint8Array(33), point)).to.throw("checked keys can be derived from");
      expect(() => deriveRevocationPublicKey(base, new Uint8Array(33))).to.throw("checked keys");
    });
  },
);

describe("CONFORMANCE 103: keys and their secrets", () => {
  const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const scalar = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
  const digest = (a: Uint8Array, b: Uint8Array): bigint => number(sha256(concat(a, b)));
  /** At both ends of the range, where sums pass the order, and between. */
  const secrets = fc.oneof(
    fc.constantFrom(1n, 2n, N - 2n, N - 1n),
    fc.bigInt({ min: 1n, max: N - 1n }),
    fc.bigInt({ min: N - 2n ** 130n, max: N - 1n }),
  );
  it("are reduced modulo the order, and go together whatever they are", () => {
    const passed = { add: 0, revoke: 0 };
    fc.assert(
      fc.property(secrets, secrets, (base, once) => {
        const [basepoint, point] = [base, once].map((secret) => secp256k1.publicKey(scalar(secret))) as [
          Uint8Array,
          Uint8Array,
        ];
        const tweak = digest(point, basepoint);
        const derived = deriveSecret(scalar(base), basepoint, point);
        expect(number(derived)).to.equal((base + tweak) % N);
        expect(derivePublicKey(basepoint, point)).to.deep.equal(secp256k1.publicKey(derived));
        const sum = ((base * digest(basepoint, point)) % N) + ((once * tweak) % N);
        const revocation = deriveRevocationSecret(scalar(base), scalar(once));
        expect(number(revocation)).to.equal(sum % N);
        expect(deriveRevocationPublicKey(basepoint, point)).to.deep.equal(secp256k1.publicKey(revocation));
        if (base + tweak >= N) passed.add++;
        if (sum >= N) passed.revoke++;
      }),
      { seed: 103, numRuns: 100 },
    );
    expect(Math.min(passed.add, passed.revoke), "sums beyond the order were among them").to.be.greaterThan(10);
  });
});
