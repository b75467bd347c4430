import { schnorr as oracle } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { sha256, taggedHash } from "../../src/crypto/hash.ts";
import { scalarOf, schnorr, schnorrBy } from "../../src/crypto/schnorr.ts";
import { provider as native } from "../../src/crypto/secp256k1-native.ts";
import { provider as noble } from "../../src/crypto/secp256k1-noble.ts";
import { countCases, loadVectorText } from "../support/vectors.ts";

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const scalar = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));
const ZERO = scalar(0n);
/** x = 5 belongs to no point of the curve. */
const OFF_CURVE = scalar(5n);
const secretBytes = fc.bigInt({ min: 1n, max: N - 1n }).map(scalar);
const anyBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const SET = "bitcoin/bip340/test-vectors.csv";
interface Row {
  readonly title: string;
  readonly secret: string;
  readonly key: Uint8Array;
  readonly aux: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: string;
  readonly valid: boolean;
}
function rowOf(line: string): Row {
  const [index, secret = "", key = "", aux = "", message = "", signature = "", result, ...comment] = line.split(",");
  const [keyBytes, auxBytes, messageBytes] = [key, aux, message].map(fromHex) as [Uint8Array, Uint8Array, Uint8Array];
  return {
    title: `${index} ${result} ${comment.join(",")}`.trim(),
    secret,
    key: keyBytes,
    aux: auxBytes,
    message: messageBytes,
    signature: signature.toLowerCase(),
    valid: result === "TRUE",
  };
}
const text = loadVectorText(SET);
const rows = text?.trim().split(/\r?\n/).slice(1).map(rowOf);
if (rows !== undefined) countCases(SET, rows.length);

const providers = native.name === "native" ? [native, noble] : [noble];
for (const provider of providers) {
  const curve = schnorrBy(provider);
  describe(`Schnorr by ${provider.name}`, () => {
    describe("BIP 340 §Test Vectors and Reference Code", () => {
      for (const { title, secret, key, aux, message, signature, valid } of rows ?? []) {
        it(title, () => {
          expect(curve.verify(fromHex(signature), message, key)).to.equal(valid);
          if (secret === "") return;
          expect(toHex(curve.publicKey(fromHex(secret)))).to.equal(toHex(key));
          expect(toHex(curve.sign(message, fromHex(secret), aux))).to.equal(signature);
        });
      }
      if (rows === undefined) it.skip(`has no vectors here: ${SET}`);
    });

    it("signs as noble does, and neither takes what is changed in a bit", () => {
      fc.assert(
        fc.property(
          secretBytes,
          anyBytes(32),
          fc.uint8Array({ maxLength: 70, minLength: 1 }),
          fc.nat(511),
          (secret, aux, message, bit) => {
            const [key, signature] = [curve.publicKey(secret), curve.sign(message, secret, aux)];
            expect(toHex(signature)).to.equal(toHex(oracle.sign(message, secret, aux)));
            expect(curve.verify(signature, message, key)).to.equal(true);
            const changed = (bytes: Uint8Array): Uint8Array => {
              const at = bit % (8 * bytes.length);
              return bytes.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
            };
            expect(curve.verify(changed(signature), message, key)).to.equal(false);
            expect(curve.verify(signature, changed(message), key)).to.equal(false);
            expect(curve.verify(signature, message, changed(key))).to.equal(false);
          },
        ),
        { seed: 1, numRuns: 20 },
      );
    });
    it("answers false for wrong lengths, r off the curve, s not below n and keys that are none", () => {
      const [secret, message] = [scalar(7n), utf8("m")];
      const [key, signature] = [curve.publicKey(secret), curve.sign(message, secret, ZERO)];
      const withS = (s: bigint) => Uint8Array.of(...signature.subarray(0, 32), ...scalar(s));
      const s = BigInt(`0x${toHex(signature.subarray(32))}`);
      expect(curve.verify(withS(s), message, key)).to.equal(true);
      const bad: readonly (readonly [Uint8Array, Uint8Array])[] = [
        [signature.subarray(1), key],
        [Uint8Array.of(...signature, 0), key],
        [new Uint8Array(0), key],
        [withS(0n), key],
        [withS(N), key],
        [withS(N - s), key],
        [Uint8Array.of(...OFF_CURVE, ...scalar(s)), key],
        [signature, key.subarray(1)],
        [signature, Uint8Array.of(2, ...key)],
        [signature, OFF_CURVE],
        [signature, fromHex("ff".repeat(32))],
      ];
      expect(bad.map(([sig, by]) => curve.verify(sig, message, by))).to.deep.equal(bad.map(() => false));
    });
    it("throws on a secret or on randomness that we give wrongly", () => {
      for (const secret of [ZERO, scalar(N), new Uint8Array(31)])
        expect(() => curve.sign(ZERO, secret, ZERO)).to.throw("a secret is 32 bytes");
      expect(() => curve.sign(ZERO, scalar(1n), new Uint8Array(31))).to.throw("randomness has 32 bytes");
    });
    it("leaves its arguments as they are", () => {
      const given = [utf8("m"), scalar(N - 3n), scalar(9n)] as const;
      const before = given.map(toHex);
      curve.verify(curve.sign(...given), given[0], curve.publicKey(given[1]));
      expect(given.map(toHex)).to.deep.equal(before);
    });

    describe("tweaks", () => {
      it("of a key and of its secret agree, for either parity", () => {
        const parities = new Set<boolean>();
        fc.assert(
          fc.property(secretBytes, secretBytes, (secret, tweak) => {
            const { key, odd } = curve.tweakKey(curve.publicKey(secret), tweak) ?? expect.fail();
            const tweaked = curve.tweakSecret(secret, tweak) ?? expect.fail();
            expect(toHex(provider.publicKey(tweaked))).to.equal(`0${odd ? 3 : 2}${toHex(key)}`);
            parities.add(odd);
          }),
          { seed: 1, numRuns: 20 },
        );
        expect(parities.size).to.equal(2);
      });
      it("by nothing leave the key as it is", () => {
        const key = curve.publicKey(scalar(7n));
        expect(curve.tweakKey(key, ZERO)).to.deep.equal({ key, odd: false });
      });
      it("that leave nothing, are not below n, or are of no key, are refused", () => {
        const key = curve.publicKey(scalar(1n));
        expect(curve.tweakKey(key, scalar(N - 1n))).to.equal(undefined);
        expect(curve.tweakKey(key, scalar(N))).to.equal(undefined);
        expect(curve.tweakKey(OFF_CURVE, scalar(1n))).to.equal(undefined);
        expect(curve.tweakKey(Uint8Array.of(2, ...key), scalar(1n))).to.equal(undefined);
        expect(curve.tweakSecret(scalar(1n), scalar(N - 1n))).to.equal(undefined);
        expect(curve.tweakSecret(scalar(1n), scalar(N))).to.equal(undefined);
      });
    });
  });
}

describe("Schnorr", () => {
  it("is by the provider in use", () => {
    const [message, secret] = [utf8("m"), scalar(7n)];
    expect(schnorr.sign(message, secret, ZERO)).to.deep.equal(schnorrBy(native).sign(message, secret, ZERO));
  });
  it("reads a hash as a number modulo n", () => {
    const most = (1n << 256n) - 1n;
    const hashes = [0n, 1n, N - 1n, N, N + 1n, most].map(scalar);
    expect(hashes.map(scalarOf)).to.deep.equal([0n, 1n, N - 1n, 0n, 1n, most - N].map(scalar));
  });
});

describe("tagged hashes", () => {
  it("put the hash of the tag in front, twice", () => {
    const tag = sha256(utf8("TapLeaf"));
    expect(taggedHash("TapLeaf")(utf8("a"), utf8("bc"))).to.deep.equal(
      sha256(Uint8Array.of(...tag, ...tag, ...utf8("abc"))),
    );
  });
});
