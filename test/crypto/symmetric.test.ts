import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { constantTimeEqual, hash160, hkdf, hmacSha256, ripemd160, sha256, sha256d } from "../../src/crypto/hash.ts";
import * as noble from "../../src/crypto/symmetric-noble.ts";
import * as node from "../../src/crypto/symmetric-node.ts";

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const nonce = fc.uint8Array({ minLength: 12, maxLength: 12 });
const data = fc.uint8Array({ maxLength: 300 });
const plain = (bytes: Uint8Array): string => `${Object.prototype.toString.call(bytes)} ${toHex(bytes)}`;

describe("symmetric primitives: node:crypto against noble", () => {
  it("hash, authenticate, stream and seal alike", () => {
    fc.assert(
      fc.property(key, nonce, data, data, (secret, once, ad, message) => {
        const answers = ({
          sha256,
          sha256Into,
          ripemd160,
          sha1,
          hmacSha256,
          seal,
          open,
          keyStream,
        }: Omit<typeof node, "name">) => {
          const sealed = seal(secret, once, ad, message);
          const hashed = new Uint8Array(40).fill(7);
          sha256Into(hashed, 3, message);
          expect(hashed).to.deep.equal(
            concat(hashed.subarray(0, 3).fill(7), sha256(message), hashed.subarray(35).fill(7)),
          );
          return [
            sha256(message),
            ripemd160(message),
            sha1(message),
            hmacSha256(ad, message),
            keyStream(secret, message.length),
            sealed,
            open(secret, once, ad, sealed) ?? message.subarray(1),
          ].map(plain);
        };
        expect(answers(node)).to.deep.equal(answers(noble));
        expect(node.open(secret, once, ad, noble.seal(secret, once, ad, message))).to.deep.equal(message);
      }),
      { seed: 20, numRuns: 100 },
    );
  });
  for (const { name, seal, sealInto, open } of [node, noble]) {
    const secret = new Uint8Array(32).fill(1);
    const once = new Uint8Array(12).fill(2);
    it(`${name}: seals into the middle of a buffer and leaves the rest alone`, () => {
      const out = new Uint8Array(40).fill(0xee);
      sealInto(out, 3, secret, once, utf8("ad"), utf8("hello"));
      expect(toHex(out)).to.equal(`eeeeee${toHex(seal(secret, once, utf8("ad"), utf8("hello")))}${"ee".repeat(16)}`);
    });
    it(`${name}: refuses to open what was changed anywhere, or is shorter than a tag`, () => {
      const sealed = seal(secret, once, utf8("ad"), utf8("hello"));
      for (let at = 0; at < sealed.length; at++) {
        const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 0x80 : byte));
        expect(open(secret, once, utf8("ad"), changed)).to.equal(undefined);
      }
      expect(open(secret, once, utf8("da"), sealed)).to.equal(undefined);
      expect(open(secret, new Uint8Array(12), utf8("ad"), sealed)).to.equal(undefined);
      expect(open(secret, once, utf8("ad"), sealed.slice(0, 15))).to.equal(undefined);
      expect(open(secret, once, utf8("ad"), new Uint8Array(0))).to.equal(undefined);
    });
  }
});

describe("hashes", () => {
  it("give the known digests of the empty string and of abc", () => {
    expect(toHex(sha256(utf8("abc")))).to.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(toHex(ripemd160(utf8("abc")))).to.equal("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    expect(toHex(sha256d(utf8("")))).to.equal("5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456");
    expect(hash160(utf8("abc"))).to.deep.equal(ripemd160(sha256(utf8("abc"))));
  });
  it("authenticate with keys and over messages of any length alike", () => {
    for (const keyLength of [0, 1, 63, 64, 65, 131])
      for (const length of [0, 1, 55, 56, 64, 1332, 2047, 2048, 2049, 5000]) {
        const [secret, message] = [new Uint8Array(keyLength).fill(0xaa), new Uint8Array(length).fill(0xdd)];
        expect(node.hmacSha256(secret, message)).to.deep.equal(noble.hmacSha256(secret, message));
      }
  });
  it("follow RFC 4231 and RFC 5869 in their first test case", () => {
    expect(toHex(hmacSha256(fromHex("0b".repeat(20)), utf8("Hi There")))).to.equal(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    const [first, second] = hkdf(
      fromHex("000102030405060708090a0b0c"),
      fromHex("0b".repeat(22)),
      fromHex("f0f1f2f3f4f5f6f7f8f9"),
      2,
    ) as [Uint8Array, Uint8Array];
    expect(toHex(first) + toHex(second).slice(0, 20)).to.equal(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    expect(() => hkdf(first, first, first, 256)).to.throw("at most 255 blocks");
  });
  it("compare in constant time by content and length", () => {
    expect(constantTimeEqual(fromHex("0102"), fromHex("0102"))).to.equal(true);
    expect(constantTimeEqual(fromHex("0102"), fromHex("0103"))).to.equal(false);
    expect(constantTimeEqual(fromHex("0102"), fromHex("010200"))).to.equal(false);
    expect(constantTimeEqual(fromHex(""), fromHex(""))).to.equal(true);
  });
});
