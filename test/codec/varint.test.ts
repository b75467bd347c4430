import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { decode, encode } from "../../src/codec/codec.ts";
import { i64 } from "../../src/codec/primitives.ts";
import { bigSize, compactSize, compactSize64, tu16, tu32, tu64 } from "../../src/codec/varint.ts";
import { checkCodec } from "../support/arbitraries.ts";
import { describeVectors } from "../support/vectors.ts";

interface BigSizeVectors {
  readonly decode: readonly {
    readonly name: string;
    readonly bytes: string;
    readonly valid: boolean;
    readonly value?: string;
    readonly error?: "non_canonical" | "truncated" | "empty";
  }[];
  readonly encode: readonly { readonly name: string; readonly value: string; readonly bytes: string }[];
}
interface SignedVectors {
  readonly cases: readonly { readonly value: string; readonly bytes: string }[];
}
const CODES = { non_canonical: "not_minimal", truncated: "short_read", empty: "short_read" } as const;
const same = <T>(a: T, b: T): void => void expect(a).to.deep.equal(b);

describeVectors<BigSizeVectors>("BOLT 1 §BigSize Decoding Tests", "bolts/bolt01/bigsize.json", (vectors) => {
  for (const { name, bytes, valid, value, error } of vectors.decode) {
    it(`reads ${name}: ${valid ? value : error}`, () => {
      const read = decode(bigSize, fromHex(bytes));
      if (valid) expect(read).to.deep.equal({ ok: true, value: BigInt(value as string) });
      else expect(read.ok || read.error.code).to.equal(CODES[error as keyof typeof CODES]);
    });
  }
  for (const { name, bytes, value } of vectors.encode)
    it(`writes ${name}: ${value}`, () => {
      expect(toHex(encode(bigSize, BigInt(value)))).to.equal(bytes);
    });
});

describeVectors<SignedVectors>(
  "BOLT 1 §Appendix D: Signed Integers Test Vectors",
  "bolts/bolt01/signed-int.json",
  (set) => {
    /** Our only signed width is 64 bits: the vector's shorter form, with its sign drawn out to the left. */
    const extended = (bytes: string): string => (/^[89a-f]/.test(bytes) ? "f" : "0").repeat(16 - bytes.length) + bytes;
    for (const { value, bytes } of set.cases)
      it(`${value} is ${extended(bytes)} both ways`, () => {
        expect(toHex(encode(i64, BigInt(value)))).to.equal(extended(bytes));
        expect(decode(i64, fromHex(extended(bytes)))).to.deep.equal({ ok: true, value: BigInt(value) });
      });
  },
);

describe("integers of variable length", () => {
  for (const codec of [bigSize, compactSize, compactSize64, tu16, tu32, tu64, i64])
    it(`${codec.shape.kind}: reads back what it writes and survives damage`, () => {
      checkCodec<bigint | number>(codec as never, same, 200);
    });
  it("compactsize: 64 bits stand in 1, 3, 5 or 9 bytes, in the shortest form only", () => {
    const forms = [
      [0xfcn, "fc"],
      [0xfdn, "fdfd00"],
      [0xffffn, "fdffff"],
      [0x1_0000n, "fe00000100"],
      [0xffff_ffffn, "feffffffff"],
      [0x1_0000_0000n, "ff0000000001000000"],
      [2n ** 64n - 1n, "ffffffffffffffffff"],
    ] as const;
    for (const [value, hex] of forms) {
      expect(toHex(encode(compactSize64, value))).to.equal(hex);
      expect(decode(compactSize64, fromHex(hex))).to.deep.equal({ ok: true, value });
    }
    for (const longer of ["fdfc00", "feffff0000", "ffffffffff00000000"]) {
      const read = decode(compactSize64, fromHex(longer));
      expect(read.ok || read.error.code).to.equal("not_minimal");
    }
  });
  it("refuse to be written out of range", () => {
    expect(() => encode(bigSize, 2n ** 64n)).to.throw("BigSize holds 64 bits");
    expect(() => encode(bigSize, -1n)).to.throw("BigSize holds 64 bits");
    expect(() => encode(compactSize, 2 ** 32)).to.throw("CompactSize of at most 32 bits");
    expect(() => encode(compactSize, 0.5)).to.throw("CompactSize of at most 32 bits");
    expect(() => encode(tu16, 65_536)).to.throw("truncated integer of 16 bits");
    expect(() => encode(i64, 2n ** 63n)).to.throw("signed integer of 64 bits");
  });
  it("are read in their shortest form only", () => {
    const code = (codec: typeof compactSize, hex: string): unknown => {
      const read = decode(codec, fromHex(hex));
      return read.ok ? read.value : read.error.code;
    };
    expect(code(compactSize, "fdfc00")).to.equal("not_minimal");
    expect(code(compactSize, "fdfd00")).to.equal(253);
    expect(code(compactSize, "feffff0000")).to.equal("not_minimal");
    expect(code(compactSize, "ff0000000001000000")).to.equal("too_long");
    expect(code(tu16, "")).to.equal(0);
    expect(code(tu16, "00")).to.equal("not_minimal");
    expect(code(tu16, "010000")).to.equal("too_long");
    expect(code(tu32, "ffffffff")).to.equal(0xffff_ffff);
  });
  it("never take a longer form than a larger number does", () => {
    const length = (value: bigint): number => encode(bigSize, value).length;
    const values = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(length(low) <= length(high)).to.equal(true);
      }),
      { seed: 1 },
    );
  });
});
