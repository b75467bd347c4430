import { expect } from "chai";
import fc from "fast-check";
import { ByteTable, TABLE_SEEDS } from "../../src/base/byte-table.ts";
import { toHex } from "../../src/base/bytes.ts";

/** Numbers of a small generator: the same in every run. */
function seeds(bits: number): Uint32Array {
  let state = 1;
  return Uint32Array.from({ length: TABLE_SEEDS }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return bits === 0 ? 0 : ((state ^ (state >>> 13)) >>> (32 - bits)) >>> 0;
  });
}
const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const number = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16);
const entriesOf = (table: ByteTable): readonly string[] =>
  Array.from(table.places(), (at) => [toHex(table.keyAt(at)), table.markAt(at), toHex(table.valueAt(at))].join(" "));
const found = (table: ByteTable, key: Uint8Array): Uint8Array | undefined => {
  const at = table.find(key);
  return at === undefined ? undefined : table.valueAt(at);
};

/** Short ones of every size, and some on both sides of where they stand elsewhere, up to more than a chunk. */
const valueLength = fc.oneof(fc.nat(64), fc.constantFrom(2_047, 2_048, 2_049, 65_535, 300_000));
const operation = fc.oneof(
  { weight: 60, arbitrary: fc.tuple(fc.constant("put"), fc.nat(60), valueLength, fc.nat(254)) },
  { weight: 40, arbitrary: fc.tuple(fc.constant("delete"), fc.nat(60), fc.constant(0), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear"), fc.constant(0), fc.constant(0), fc.constant(0)) },
);
/** Of different lengths, some of them the beginning of others. */
const keyOf = (at: number): Uint8Array => bytes(at % 41, at < 41 ? 7 : 0);

describe("a table of bytes", () => {
  for (const [name, bits] of [
    ["keys far apart", 32],
    ["keys close together", 2],
    ["keys all in one place", 0],
  ] as const) {
    it(`holds what a map would hold after any puts and deletes: ${name}`, () => {
      const random = seeds(bits);
      const property = fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const table = new ByteTable(random);
        const map = new Map<string, string>();
        for (const [what, at, length, mark] of operations) {
          const name = toHex(keyOf(at));
          if (what === "put") {
            table.put(keyOf(at), bytes(length, at), mark);
            map.set(name, [name, mark, toHex(bytes(length, at))].join(" "));
          } else if (what === "delete") expect(table.delete(keyOf(at))).to.equal(map.delete(name));
          else {
            table.clear();
            map.clear();
          }
        }
        expect([...entriesOf(table)].sort()).to.deep.equal([...map.values()].sort());
        expect(table.size).to.equal(map.size);
        for (let at = 0; at <= 60; at++)
          expect(table.find(keyOf(at)) !== undefined).to.equal(map.has(toHex(keyOf(at))));
      });
      fc.assert(property, { seed: 1, numRuns: 25 });
    });
  }

  it("grows to many entries, and goes through them in their order", () => {
    const table = new ByteTable(seeds(32));
    for (let at = 0; at < 30_000; at++) table.put(number(at), number(at ^ 5), 1);
    expect(Array.from(table.places(), (at) => table.valueAt(at))).to.deep.equal(
      Array.from({ length: 30_000 }, (_, at) => number(at ^ 5)),
    );
    for (let at = 0; at < 30_000; at += 2) table.delete(number(at));
    const left = [0, 1, 29_998, 29_999, 30_000].map((at) => found(table, number(at)));
    expect([table.size, left]).to.deep.equal([
      15_000,
      [undefined, number(1 ^ 5), undefined, number(29_999 ^ 5), undefined],
    ]);
  });
  it("takes in a copy of what may change afterwards", () => {
    const table = new ByteTable(seeds(32));
    const [key, value] = [bytes(3, 1), bytes(5, 1)];
    table.put(key, value, 0);
    key.fill(2);
    value.fill(2);
    expect(entriesOf(table)).to.deep.equal(["010101 0 0101010101"]);
  });
  it("takes no more memory for entries that come and go, and none when all have gone", () => {
    const table = new ByteTable(seeds(32));
    table.put(number(0), bytes(40, 0), 0);
    table.put(number(1), bytes(3_000, 0), 0);
    const before = table.bytes;
    for (let at = 2; at < 20_000; at++) {
      table.put(number(at), bytes(40, at), 0);
      table.put(number(0), bytes(at % 2 === 0 ? 40 : 39, at), 0);
      table.delete(number(at));
    }
    expect(table.bytes - before).to.be.below(100);
    table.delete(number(0));
    table.delete(number(1));
    expect([table.bytes, table.size, entriesOf(table)]).to.deep.equal([0, 0, []]);
  });
});
