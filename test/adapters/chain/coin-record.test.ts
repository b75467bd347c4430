import { expect } from "chai";
import fc from "fast-check";
import {
  coinKey,
  outputBytes,
  outputOfBytes,
  placeBytes,
  placeOfBytes,
  voutOfKey,
} from "../../../src/adapters/chain/embedded/coin-record.ts";
import { compareBytes, concat, fromHex, toHex } from "../../../src/base/bytes.ts";
import { sat } from "../../../src/base/units.ts";
import { p2pkh, p2sh, p2tr, p2wpkh, p2wsh } from "../../../src/bitcoin/templates.ts";
import type { TxOut } from "../../../src/bitcoin/tx.ts";

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at + 1);
const output = (amount: bigint, script: Uint8Array): TxOut => ({ amount: sat(amount), script });
const MAX = 2_100_000_000_000_000n;

describe("a coin on the disk", () => {
  it("takes one byte for its form, few for its amount, and of a usual script only the hash or key", () => {
    const sizes = [p2pkh(bytes(20)), p2sh(bytes(20)), p2wpkh(bytes(20)), p2wsh(bytes(32)), p2tr(bytes(32))].map(
      (script) => outputBytes(output(50_000n, script)).length,
    );
    expect(sizes).to.deep.equal([22, 22, 22, 34, 34]);
    const amounts = [0n, 1n, 127n, 128n, 5_000_000_000n, 12_345_678n, MAX, MAX - 1n];
    expect(amounts.map((amount) => outputBytes(output(amount, p2wpkh(bytes(20)))).length)).to.deep.equal([
      22, 22, 22, 23, 22, 25, 25, 29,
    ]);
  });
  it("is the same that the disk has held all along", () => {
    expect(toHex(outputBytes(output(12_345_600n, p2wpkh(bytes(20)))))).to.equal(`20c0c407${toHex(bytes(20))}`);
    expect(toHex(outputBytes(output(7n, Uint8Array.of(0x51))))).to.equal("000751");
    expect(toHex(coinKey({ height: 0x01020304, index: 0x0506 }, 0x70000))).to.equal("010203040506ff00070000");
  });
  it("gives back any output", () => {
    const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const script = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(new Uint8Array(10_000)),
      hash.map(p2pkh),
      hash.map(p2sh),
      hash.map(p2wpkh),
      hash.map((end) => p2wsh(concat(end, bytes(12)))),
      hash.map((end) => p2tr(concat(end, bytes(12)))),
      // Almost of one of those forms.
      hash.map((end) => p2pkh(end).with(24, 0xad)),
      hash.map((end) => p2wpkh(end).with(0, 0x52)),
      hash.map((end) => p2sh(end).subarray(0, 22)),
    );
    const zeros = fc.tuple(fc.bigInt(0n, 10_000n), fc.nat(11)).map(([first, count]) => first * 10n ** BigInt(count));
    const amount = fc.oneof(fc.bigInt(0n, MAX), zeros, fc.constantFrom(MAX, MAX - 1n));
    const property = fc.property(amount, script, (value, to) => {
      const one = output(value, Uint8Array.from(to));
      expect(outputOfBytes(outputBytes(one))).to.deep.equal(one);
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });
  it("is nothing when its bytes were never written", () => {
    const wrong = [
      "",
      "20",
      "2080",
      "20ff",
      "3c07",
      `20c0c407${"00".repeat(19)}`,
      "00ffffffffffffff7f51",
      "00ffffffffffffffff0151",
    ];
    expect(wrong.map((text) => outputOfBytes(fromHex(text)))).to.deep.equal(wrong.map(() => undefined));
  });
  it("stands in the order of the chain: height, transaction, output", () => {
    const vouts = [0, 1, 0xfd, 0xfe, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff];
    const places = [0, 255, 256, 850_000].flatMap((height) =>
      [0, 255, 256, 16_000].map((index) => ({ height, index })),
    );
    const keys = places.flatMap((place) => vouts.map((vout) => coinKey(place, vout)));
    expect([...keys].sort(compareBytes)).to.deep.equal(keys);
    expect(keys.map(voutOfKey)).to.deep.equal(places.flatMap(() => vouts));
    expect(keys.map(placeOfBytes)).to.deep.equal(places.flatMap((place) => vouts.map(() => place)));
    expect(placeOfBytes(placeBytes({ height: 0xffff_ffff, index: 0xffff }))).to.deep.equal({
      height: 0xffff_ffff,
      index: 0xffff,
    });
  });
});
