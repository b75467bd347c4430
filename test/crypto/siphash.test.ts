import { expect } from "chai";
import fc from "fast-check";
import { type SipKey, sipHash, sipKey, type Word64 } from "../../src/crypto/siphash.ts";

const asBigInt = ({ high, low }: Word64): bigint => (BigInt(high) << 32n) | BigInt(low);
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);
const KEY = counting(16);

/** The same function as the paper writes it, in integers of 64 bits. */
function textbook(key: Uint8Array, data: Uint8Array): bigint {
  const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
  const rotate = (value: bigint, by: bigint): bigint => u64((value << by) | (value >> (64n - by)));
  const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const [k0, k1] = [little(key.subarray(0, 8)), little(key.subarray(8))];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = (): void => {
    v0 = u64(v0 + v1);
    v2 = u64(v2 + v3);
    v1 = rotate(v1, 13n) ^ v0;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = rotate(v0, 32n);
    v2 = u64(v2 + v1);
    v0 = u64(v0 + v3);
    v1 = rotate(v1, 17n) ^ v2;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = rotate(v2, 32n);
  };
  const absorb = (word: bigint): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const whole = data.length - (data.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(little(data.subarray(at, at + 8)));
  absorb(little(data.subarray(whole)) | (BigInt(data.length & 0xff) << 56n));
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

describe("SipHash-2-4", () => {
  const key: SipKey = sipKey(KEY);
  const known: readonly (readonly [length: number, hash: bigint])[] = [
    [0, 0x726fdb47dd0e0e31n],
    [1, 0x74f839c593dc67fdn],
    [2, 0x0d6c8009d9a94f5an],
    [3, 0x85676696d7fb7e2dn],
    [7, 0xab0200f58b01d137n],
    [8, 0x93f5f5799a932462n],
    [15, 0xa129ca6149be45e5n],
    [16, 0x3f2acc7f57c29bdbn],
  ];
  for (const [length, hash] of known) {
    it(`gives the known hash of ${length} bytes that count up, under the key that counts up`, () => {
      expect(asBigInt(sipHash(key, counting(length)))).to.equal(hash);
    });
  }
  it("is what the paper defines, for any key and any length", () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(bytes(16), fc.uint8Array({ maxLength: 300, size: "max" }), (anyKey, data) => {
        expect(asBigInt(sipHash(sipKey(anyKey), data))).to.equal(textbook(anyKey, data));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
  it("carries nothing where a low half is zero", () => {
    // The key that makes the low half of v0 zero, little endian.
    const zeroing = Uint8Array.of(0x75, 0x65, 0x73, 0x70, ...counting(12));
    expect(asBigInt(sipHash(sipKey(zeroing), counting(0)))).to.equal(textbook(zeroing, counting(0)));
  });
  it("leaves the key as it was, so that one key serves many hashes", () => {
    const before = key.slice();
    sipHash(key, counting(40));
    expect(key).to.deep.equal(before);
  });
});
