import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { peel } from "../../routing/onion/peel.ts";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { paymentHash } from "../../src/base/ids.ts";
import { isStrictDer, parseDerLax, scriptSignature } from "../../src/bitcoin/der.ts";
import { SIGHASH_ALL } from "../../src/bitcoin/sighash.ts";
import { decode } from "../../src/codec/codec.ts";
import { nodeId, point } from "../../src/codec/primitives.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { type NoiseSession, noiseInitiator, noiseResponder } from "../../src/crypto/noise.ts";
import { provider as native } from "../../src/crypto/secp256k1-native.ts";
import { provider as noble } from "../../src/crypto/secp256k1-noble.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import * as nobleSymmetric from "../../src/crypto/symmetric-noble.ts";
import * as nodeSymmetric from "../../src/crypto/symmetric-node.ts";

/** Failures of curve and hash libraries that have been published, each by its row. */
const itBound = native.name === "native" ? it : it.skip;
const CURVES = native.name === "native" ? [native, noble] : [noble];
const ONE = fromHex(`${"00".repeat(31)}01`);
const G = noble.publicKey(ONE);
const DIGEST = sha256(Uint8Array.of(1));
/** Over DIGEST by the key 1. */
const GOLDEN =
  "5fee345e860d1b65e1ccab8cc74a8fc75f7147218006568c914d3d81e71a19943f329259992ae9139eeeffe3ca073bfa715a259ae22714cb391beb367bbf53dc";
const P = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";

describe("RELIABILITY K1: one encoding of a signature", () => {
  // r with its highest bit set: it must be padded by one zero, and by no more.
  const r = `80${"11".repeat(31)}`;
  const s = `01${"22".repeat(31)}`;
  const good = `3045022100${r}0220${s}01`;
  const forms: readonly (readonly [string, string])[] = [
    ["r without its padding, which makes it negative", `30440220${r}0220${s}01`],
    ["r with two bytes of padding", `304602220000${r}0220${s}01`],
    ["s with padding that it does not need", `3046022100${r}022100${s}01`],
    ["a long form of the outer length", `308145022100${r}0220${s}01`],
    ["a long form of an inner length", `304602812100${r}0220${s}01`],
    ["an indefinite length", `3080022100${r}0220${s}000001`],
    ["an outer length that is one too long", `3046022100${r}0220${s}01`],
    ["an outer length that is one too short", `3044022100${r}0220${s}01`],
    ["bytes behind s", `3046022100${r}0220${s}0001`],
    ["r of no bytes", `302402000220${s}01`],
    ["s of no bytes", `3025022100${r}020001`],
    ["another tag than a sequence", `3145022100${r}0220${s}01`],
    ["another tag than an integer", `3045032100${r}0220${s}01`],
    ["no s at all", `3023022100${r}01`],
  ];
  it("is taken by the chain as it is made", () => {
    expect(isStrictDer(fromHex(good))).to.equal(true);
    expect(toHex(scriptSignature(fromHex(r + s), SIGHASH_ALL))).to.equal(good);
  });
  for (const [what, hex] of forms)
    it(`is not strict with ${what}`, () => {
      expect(isStrictDer(fromHex(hex))).to.equal(false);
    });
  it("is never read beyond its end, by either reader", () => {
    for (const [, hex] of forms)
      for (let length = 0; length <= hex.length / 2; length++) {
        const cut = fromHex(hex).slice(0, length);
        expect(isStrictDer(cut)).to.equal(false);
        expect([undefined, 64]).to.include(parseDerLax(cut)?.length);
      }
  });
});

describe("RELIABILITY K1: one pair of numbers for a signature", () => {
  const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const [r, s] = [BigInt(`0x${GOLDEN.slice(0, 64)}`), BigInt(`0x${GOLDEN.slice(64)}`)];
  /** In DER, below zero too: two's complement, in as few bytes as it takes. */
  const integer = (value: bigint): string => {
    let length = 1;
    while (BigInt.asIntN(8 * length, value) !== value) length++;
    const hex = BigInt.asUintN(8 * length, value).toString(16);
    return `02${length.toString(16).padStart(2, "0")}${hex.padStart(2 * length, "0")}`;
  };
  const der = (a: bigint, b: bigint): Uint8Array => {
    const body = integer(a) + integer(b);
    return fromHex(`30${(body.length / 2).toString(16).padStart(2, "0")}${body}`);
  };
  const others: readonly (readonly [string, bigint, bigint])[] = [
    ["s mirrored at the order", r, N - s],
    ["r mirrored at the order", N - r, s],
    ["the order added to r", r + N, s],
    ["the order added to s", r, s + N],
    ["2^256 added to r", r + (1n << 256n), s],
    ["2^256 added to s", r, s + (1n << 256n)],
    ["r below zero", -r, s],
    ["s below zero", r, -s],
    ["both numbers exchanged", s, r],
    ["r of zero", 0n, s],
    ["s of zero", r, 0n],
    ["nothing but zeros", 0n, 0n],
    ["ones", 1n, 1n],
    ["the order itself", N, N],
    ["the field's prime for r", BigInt(`0x${P}`), s],
  ];
  for (const curve of CURVES)
    it(`is taken by ${curve.name}, and no other that means the same modulo something, in DER or in 64 bytes`, () => {
      const verifies = (compact: Uint8Array | undefined) => compact !== undefined && curve.verify(compact, DIGEST, G);
      expect(verifies(parseDerLax(der(r, s)))).to.equal(true);
      for (const [what, a, b] of others) {
        expect(verifies(parseDerLax(der(a, b))), what).to.equal(false);
        if (a < 0n || b < 0n || a >> 256n > 0n || b >> 256n > 0n) continue;
        const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
        expect(verifies(fromHex(hex(a) + hex(b))), what).to.equal(false);
      }
    });
});

describe("RELIABILITY K2: only digests of 32 bytes are signed", () => {
  const strange: readonly unknown[] = [
    "a".repeat(32),
    Array.from({ length: 32 }, () => 1),
    { length: 32 },
    { length: -32 },
    32,
    1n,
    null,
    undefined,
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint16Array(32),
    new ArrayBuffer(32),
    new DataView(new ArrayBuffer(32)),
  ];
  for (const curve of CURVES)
    it(`${curve.name} throws on everything else, and gives no signature with a nonce that was used`, () => {
      for (const digest of strange) expect(() => curve.sign(digest as Uint8Array, ONE), String(digest)).to.throw();
      for (const secret of strange) expect(() => curve.sign(DIGEST, secret as Uint8Array), String(secret)).to.throw();
    });
});

describe("RELIABILITY K3: the nonce of RFC 6979", () => {
  itBound("is the same by both libraries in 1,000 signatures, also where r or the digest begins with zeros", () => {
    let digest = DIGEST;
    for (let count = 0; count < 1_000; count++) {
      digest = sha256(digest);
      const asked = count % 4 === 0 ? concat(new Uint8Array(1 + (count % 7)), digest).slice(0, 32) : digest;
      const secret = sha256(concat(digest, ONE));
      expect(toHex(native.sign(asked, secret))).to.equal(toHex(noble.sign(asked, secret)));
    }
  }).timeout(60_000);
});

describe("RELIABILITY K4: what is no point of the curve is refused wherever one enters", () => {
  const bad: readonly (readonly [string, string])[] = [
    ["x without a y", `02${"00".repeat(31)}05`],
    ["x equal to the field's prime", `02${P}`],
    ["x above the field's prime", `03${"ff".repeat(32)}`],
    ["infinity", "00".repeat(33)],
    ["an uncompressed prefix", `04${toHex(G).slice(2)}`],
    ["a hybrid prefix of an even y", `06${toHex(G).slice(2)}`],
    ["a hybrid prefix of an odd y", `07${toHex(G).slice(2)}`],
  ];
  const act = (key: string): Uint8Array => fromHex(`00${key}${"00".repeat(16)}`);
  const secrets = { local: staticKeyOf(ONE), ephemeral: sha256(ONE) };
  const faultOf = (session: NoiseSession, bytes: Uint8Array): unknown => session.receive(bytes).state;
  for (const [what, key] of bad)
    it(`${what}: by both libraries, in acts one and two, as node id, in an onion`, () => {
      for (const curve of CURVES) {
        expect(curve.isPoint(fromHex(key))).to.equal(false);
        expect(curve.ecdh(fromHex(key), sha256(ONE))).to.equal(undefined);
        expect(curve.verify(curve.sign(DIGEST, ONE), DIGEST, fromHex(key))).to.equal(false);
      }
      expect(faultOf(noiseResponder(secrets), act(key))).to.deep.equal({
        tag: "Failed",
        fault: { code: "bad_key", act: 1 },
      });
      const begun = noiseInitiator(secrets, G);
      expect(begun && faultOf(begun.session, act(key))).to.deep.equal({
        tag: "Failed",
        fault: { code: "bad_key", act: 2 },
      });
      expect(noiseInitiator(secrets, fromHex(key))).to.equal(undefined);
      const onion = concat(Uint8Array.of(0), fromHex(key), new Uint8Array(1_332));
      // BADONION, PERM and 6: invalid_onion_key. BOLT 4 §Failure Messages.
      expect(peel(onion, paymentHash(DIGEST), staticKeyOf(ONE))).to.deep.equal({
        tag: "Malformed",
        failureCode: 0xc006,
        sha256OfOnion: sha256(onion),
      });
    });
  it("prefixes of other forms: where a message has a point or a node id", () => {
    for (const [, key] of bad.slice(3)) {
      expect(decode(point, fromHex(key)).ok).to.equal(false);
      expect(decode(nodeId, fromHex(key)).ok).to.equal(false);
    }
  });
});

describe("RELIABILITY K8: what is no bytes is not hashed as if it were", () => {
  const ABC = utf8("abc");
  for (const { name, sha256: hashOf, ripemd160, sha1, hmacSha256 } of [nodeSymmetric, nobleSymmetric])
    it(`by ${name}: it throws, and what is hashed next is not changed by it`, () => {
      const strange: readonly unknown[] = [[97, 98, 99], { length: 3 }, { length: -3 }, 3, 3n, null, undefined];
      const before = [hashOf, ripemd160, sha1].map((hash) => toHex(hash(ABC)));
      for (const value of strange)
        for (const hash of [hashOf, ripemd160, sha1, (data: Uint8Array) => hmacSha256(ABC, data)])
          expect(() => hash(value as Uint8Array), String(value)).to.throw();
      expect([hashOf, ripemd160, sha1].map((hash) => toHex(hash(ABC)))).to.deep.equal(before);
    });
});

describe("RELIABILITY K5, K8, K9: the libraries that are used", () => {
  const ROOT = fileURLToPath(new URL("../../", import.meta.url));
  const read = (file: string) => JSON.parse(readFileSync(`${ROOT}${file}`, "utf8"));
  it("are named by exact versions, so that no default of theirs changes unseen", () => {
    const { dependencies, devDependencies } = read("package.json") as Record<string, Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, v]) => !/^\d+\.\d+\.\d+(-\d+)?$/.test(v),
    );
    expect(loose).to.deep.equal([]);
  });
  it("sign the same bytes for ever: a digest as it is, low S, r and s of 32 bytes", () => {
    const signatures = CURVES.map((curve) => toHex(curve.sign(DIGEST, ONE)));
    expect([...new Set(signatures)]).to.deep.equal([GOLDEN]);
  });
  itBound("take secrets to libsecp256k1, whose time does not depend on them", () => {
    expect(native.name).to.equal("native");
  });
});
