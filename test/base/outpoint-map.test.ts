import { expect } from "chai";
import fc from "fast-check";
import { type Outpoint, outpointKey, txid } from "../../src/base/ids.ts";
import { OutpointMap } from "../../src/base/outpoint-map.ts";

const outpoints: fc.Arbitrary<Outpoint> = fc.record({
  txid: fc.integer({ min: 0, max: 5 }).map((byte) => txid(new Uint8Array(32).fill(byte))),
  vout: fc.constantFrom(0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
});

describe("a map under outpoints", () => {
  it("is the same as one under their text, in the same order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(outpoints, fc.nat()), { maxLength: 60 }), outpoints, (puts, other) => {
        const [map, text] = [new OutpointMap<number>(), new Map<string, number>()];
        for (const [outpoint, value] of puts) {
          expect(map.get(outpoint)).to.equal(text.get(outpointKey(outpoint)));
          map.set(outpoint, value);
          text.set(outpointKey(outpoint), value);
        }
        expect(map.get(other)).to.equal(text.get(outpointKey(other)));
        expect([...map.values()]).to.deep.equal([...text.values()]);
      }),
      { seed: 1 },
    );
  });
});
