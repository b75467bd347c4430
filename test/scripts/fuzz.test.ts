import { expect } from "chai";
import { lots, mutated } from "../../scripts/fuzz/mutate.ts";
import { fuzz } from "../../scripts/fuzz/run.ts";
import { TARGETS, type Target } from "../../scripts/fuzz/targets.ts";
import { toHex } from "../../src/base/bytes.ts";

const CASES = 10_000;

describe("npm run fuzz: 10,000 damaged inputs for every decoder that strangers reach", () => {
  for (const target of TARGETS)
    it(target.name, () => {
      const { finding, read } = fuzz(target, CASES, 1);
      expect(finding).to.equal(undefined);
      // Damage that nothing survives would try no more than the first length check.
      expect(read, "cases that are read").to.be.at.least(CASES / 50);
    });
});

describe("what the fuzzer sees", () => {
  const samples = () => [new Uint8Array(20).fill(5)];
  const value = (bytes: Uint8Array) => ({ ok: true, value: { again: () => bytes } }) as const;
  it("a decoder that throws on one value in one place, with the bytes that do it", () => {
    const target: Target = {
      name: "thrower",
      samples,
      decode: (bytes) => {
        if (bytes[7] === 0xfd) throw new RangeError("out of bounds");
        return value(bytes);
      },
    };
    const { finding, cases } = fuzz(target, CASES, 1);
    expect(finding?.what).to.equal("throws RangeError: out of bounds");
    expect(finding?.bytes.slice(14, 16)).to.equal("fd");
    expect(cases < CASES).to.equal(true);
  });
  it("a decoder that reads what it would not write, or writes it differently each time", () => {
    const lossy: Target = {
      name: "lossy",
      samples,
      decode: (bytes) => (bytes.length > 19 ? value(bytes.subarray(1)) : { ok: false, error: "short" }),
    };
    let written = 0;
    const moody: Target = { name: "moody", samples, decode: () => value(Uint8Array.of(written++)) };
    expect([fuzz(lossy, CASES, 1), fuzz(moody, CASES, 1)].map(({ finding }) => finding?.what)).to.deep.equal([
      "is not read again as it was written",
      "is written differently the second time",
    ]);
  });
  it("the same cases for the same seed, others for another, and none beyond a frame", () => {
    const cases = (seed: number) => {
      const lot = lots(seed);
      const long = new Uint8Array(65_530).fill(9);
      return Array.from({ length: 200 }, () => mutated(long, lot, [long]));
    };
    const [once, again, other] = [cases(1), cases(1), cases(2)].map((all) => all.map((bytes) => toHex(bytes)));
    expect(once).to.deep.equal(again);
    expect(once).to.not.deep.equal(other);
    expect(Math.max(...cases(1).map(({ length }) => length)) <= 65_535).to.equal(true);
  });
});
