import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { type BlockHash, type FilterHeader, hashBytes } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import { type Block, blockHashOf, decodeBlock } from "../../src/bitcoin/block.ts";
import {
  basicFilter,
  countOf,
  filterHashOf,
  filterHeaderOf,
  matchesAll,
  matchesAny,
  NO_FILTER_HEADER,
} from "../../src/bitcoin/filter.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { encode } from "../../src/codec/codec.ts";
import { compactSize } from "../../src/codec/varint.ts";
import { sipHash, sipKey } from "../../src/crypto/siphash.ts";
import { describeVectors } from "../support/vectors.ts";

type Row = readonly [
  height: number,
  hash: BlockHash,
  block: string,
  spent: readonly string[],
  previous: FilterHeader,
  filter: string,
  header: FilterHeader,
  notes: string,
];
const blockOf = (hex: string): Block => {
  const decoded = decodeBlock(fromHex(hex));
  return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
};

describeVectors<readonly [unknown, ...Row[]]>(
  "basic filters of whole blocks",
  "bitcoin/bip158/testnet-19.json",
  ([, ...rows]) => {
    for (const [height, hash, hex, spent, previous, expected, header, notes] of rows) {
      it(`block ${height}${notes === "" ? "" : `, ${notes}`}: filter and header, and every script of it matches`, () => {
        const block = blockOf(hex);
        expect(blockHashOf(block.header)).to.equal(hash);
        const filter = basicFilter(hash, block.txs, spent.map(fromHex));
        expect(toHex(filter)).to.equal(expected);
        expect(filterHeaderOf(filterHashOf(filter), previous)).to.equal(header);
        if (height === 0) expect(previous).to.equal(NO_FILTER_HEADER);
        const paid = block.txs.flatMap(({ outputs }) => outputs.map(({ script }) => script));
        for (const script of [...paid, ...spent.map(fromHex)]) {
          const held = script.length > 0 && (script[0] !== 0x6a || spent.includes(toHex(script)));
          expect(matchesAny(filter, hash, [script]), toHex(script)).to.deep.equal({ ok: true, value: held });
        }
      });
    }
  },
);

const HASH = "00112233445566778899aabbccddeeff".repeat(2) as BlockHash;
const paying = (...scripts: readonly Uint8Array[]): Tx => ({
  version: 2,
  inputs: [],
  outputs: scripts.map((script) => ({ amount: sat(1n), script })),
  locktime: 0,
});
/** Scripts that begin with a number of their own, so that no two are equal. */
const scripts = (count: number, from = 0): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => Uint8Array.of(0x51, (from + index) >> 8, from + index));
const held = (filter: Uint8Array, script: Uint8Array): boolean => {
  const matched = matchesAny(filter, HASH, [script]);
  return matched.ok && matched.value;
};

describe("basic filters", () => {
  it("miss no script, paid or spent, alone or among others, for any block", () => {
    const list = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(list, list, list, fc.uint8Array({ minLength: 32, maxLength: 32 }), (paid, spent, others, bytes) => {
        const hash = toHex(bytes) as BlockHash;
        const filter = basicFilter(
          hash,
          paid.map((script) => paying(script)),
          spent,
        );
        for (const script of [...paid.filter(([first]) => first !== 0x6a), ...spent]) {
          expect(matchesAny(filter, hash, [script])).to.deep.equal({ ok: true, value: true });
          expect(matchesAny(filter, hash, [...others, script])).to.deep.equal({ ok: true, value: true });
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
  it("hold all of their scripts, and not all when one other is among them", () => {
    const filter = basicFilter(HASH, [paying(...scripts(300))], []);
    const all = (list: readonly Uint8Array[]) => matchesAll(filter, HASH, list);
    expect(all(scripts(300))).to.deep.equal({ ok: true, value: true });
    expect(all([...scripts(2), ...scripts(2)])).to.deep.equal({ ok: true, value: true });
    expect(all([])).to.deep.equal({ ok: true, value: true });
    for (const other of scripts(50, 1000)) {
      expect(all([...scripts(300), other])).to.deep.equal({ ok: true, value: false });
    }
    expect(matchesAll(Uint8Array.of(0), HASH, scripts(1))).to.deep.equal({ ok: true, value: false });
    expect(countOf(filter)).to.deep.equal({ ok: true, value: 300 });
  });
  it("match none of 2,000 other scripts here, one by one or all at once", () => {
    const filter = basicFilter(HASH, [paying(...scripts(300))], []);
    const others = scripts(2000, 1000);
    expect(others.filter((script) => held(filter, script))).to.deep.equal([]);
    expect(matchesAny(filter, HASH, others)).to.deep.equal({ ok: true, value: false });
    expect(matchesAny(filter, HASH, [])).to.deep.equal({ ok: true, value: false });
  });
  it("hold each script once, and neither empty ones nor outputs that begin with OP_RETURN", () => {
    const [one, two] = scripts(2) as [Uint8Array, Uint8Array];
    const twice = basicFilter(HASH, [paying(one, two), paying(one)], [two, new Uint8Array(0)]);
    expect(toHex(twice)).to.equal(toHex(basicFilter(HASH, [paying(two, one)], [])));
    expect(twice[0]).to.equal(2);
    const nothing = basicFilter(HASH, [paying(Uint8Array.of(0x6a, 1, 2), new Uint8Array(0))], []);
    expect(toHex(nothing)).to.equal("00");
    expect(held(nothing, one)).to.equal(false);
  });
  it("spread a hash over the range exactly, also where the product has more than 53 bits", () => {
    const key = sipKey(hashBytes(HASH).subarray(0, 16));
    for (const count of [1, 17, 5471, 5472, 11_000]) {
      const items = scripts(count);
      const values = items.map((item) => {
        const { high, low } = sipHash(key, item);
        return (((BigInt(high) << 32n) | BigInt(low)) * BigInt(count * 784_931)) >> 64n;
      });
      let bits = "";
      let last = 0n;
      for (const value of values.sort((a, b) => (a < b ? -1 : 1))) {
        const step = value - last;
        bits += `${"1".repeat(Number(step >> 19n))}0${(step % (1n << 19n)).toString(2).padStart(19, "0")}`;
        last = value;
      }
      const coded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? [];
      const expected = concat(
        encode(compactSize, count),
        Uint8Array.from(coded, (byte) => Number.parseInt(byte, 2)),
      );
      expect(toHex(basicFilter(HASH, [paying(...items)], []))).to.equal(toHex(expected));
    }
  });
});

describe("hostile filters", () => {
  const MALFORMED = { ok: false, error: "malformed_filter" };
  it("are refused when their bytes do not hold what they announce, however much that is", () => {
    expect(matchesAny(fromHex("feffffffff"), HASH, scripts(1))).to.deep.equal(MALFORMED);
    expect(matchesAny(concat(fromHex("fe00000100"), new Uint8Array(163_839)), HASH, scripts(1))).to.deep.equal(
      MALFORMED,
    );
    expect(matchesAny(new Uint8Array(0), HASH, scripts(1))).to.deep.equal(MALFORMED);
    expect(matchesAny(fromHex("ffffffffff00000000"), HASH, scripts(1))).to.deep.equal(MALFORMED);
  });
  it("are refused when they end within a number", () => {
    expect(matchesAny(concat(Uint8Array.of(2), new Uint8Array(1000).fill(0xff)), HASH, scripts(1))).to.deep.equal(
      MALFORMED,
    );
  });
  it("never throw, and answer in time bounded by their length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (filter) => {
        const matched = matchesAny(filter, HASH, scripts(3));
        expect(matched.ok || matched.error === "malformed_filter").to.equal(true);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
