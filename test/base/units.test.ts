import { expect } from "chai";
import fc from "fast-check";
import {
  addMsat,
  addSat,
  blockHeight,
  cltvExpiry,
  feeForWeight,
  feeForWeightCeil,
  HEIGHT_LIMIT,
  isMsat,
  isSat,
  MSAT_MAX,
  minMsat,
  msat,
  SAT_MAX,
  type Sat,
  sat,
  satPerKw,
  subMsat,
  subSat,
  sumMsat,
  sumSat,
  toMsat,
  toSatFloor,
  unixMs,
  ZERO_MSAT,
  ZERO_SAT,
} from "../../src/base/units.ts";

const amounts = fc.bigInt({ min: 0n, max: MSAT_MAX / 2n }).map(msat);

describe("amounts", () => {
  it("hold 0 to 21 million coins, in both units", () => {
    expect([SAT_MAX, MSAT_MAX]).to.deep.equal([0x000775f05a074000n, 0x1d24b2dfac520000n]);
    expect([isMsat(0n), isMsat(MSAT_MAX), isMsat(-1n), isMsat(MSAT_MAX + 1n)]).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect([isSat(0n), isSat(SAT_MAX), isSat(-1n), isSat(SAT_MAX + 1n)]).to.deep.equal([true, true, false, false]);
    for (const bad of [-1n, MSAT_MAX + 1n]) expect(() => msat(bad)).to.throw("msat out of range");
    for (const bad of [-1n, SAT_MAX + 1n]) expect(() => sat(bad)).to.throw("sat out of range");
  });
  it("add and subtract exactly; a negative result is undefined and an overflow throws", () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(subMsat(addMsat(a, b), b)).to.equal(a);
        expect(subMsat(a, b) === undefined).to.equal(a < b);
        expect(sumMsat([a, b, ZERO_MSAT])).to.equal(addMsat(b, a));
        const [least] = [a, b].sort((x, y) => (x < y ? -1 : 1));
        expect([minMsat(a, b), minMsat(b, a)]).to.deep.equal([least, least]);
      }),
      { seed: 1 },
    );
    expect(() => addMsat(msat(MSAT_MAX), msat(1n))).to.throw("msat out of range");
    expect(() => addSat(sat(SAT_MAX), sat(1n))).to.throw("sat out of range");
    expect([subSat(sat(3n), sat(2n)), subSat(sat(2n), sat(3n))]).to.deep.equal([1n, undefined]);
    expect([sumSat([]), sumSat([sat(1n), sat(2n)])]).to.deep.equal([ZERO_SAT, 3n]);
  });
  it("round down to whole satoshis and convert back exactly", () => {
    expect([0n, 999n, 1000n, 1999n].map((value) => toSatFloor(msat(value)))).to.deep.equal([0n, 0n, 1n, 1n]);
    fc.assert(
      fc.property(amounts, (amount) => {
        const lost = amount - toMsat(toSatFloor(amount));
        expect(lost >= 0n && lost < 1000n).to.equal(true);
      }),
      { seed: 1 },
    );
  });
  it("do not mix units", () => {
    const satoshis: Sat = sat(5n);
    // @ts-expect-error: satoshis are not millisatoshis.
    expect(addMsat(msat(1n), satoshis)).to.equal(6n);
    // @ts-expect-error: a bare number is not an amount.
    expect(addMsat(msat(1n), 5n)).to.equal(6n);
  });
});

describe("rates, heights and times", () => {
  it("give the fee of a weight, rounded down or up", () => {
    expect([feeForWeight(satPerKw(253), 1000), feeForWeightCeil(satPerKw(253), 1000)]).to.deep.equal([253n, 253n]);
    expect([feeForWeight(satPerKw(253), 1001), feeForWeightCeil(satPerKw(253), 1001)]).to.deep.equal([253n, 254n]);
    expect([feeForWeight(satPerKw(0), 724), feeForWeightCeil(satPerKw(0), 724)]).to.deep.equal([0n, 0n]);
  });
  it("refuse what is out of range or no integer", () => {
    expect([satPerKw(0xffff_ffff), blockHeight(HEIGHT_LIMIT - 1), cltvExpiry(0xffff_ffff), unixMs(0)]).to.deep.equal([
      0xffff_ffff,
      HEIGHT_LIMIT - 1,
      0xffff_ffff,
      0,
    ]);
    for (const bad of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => satPerKw(bad)).to.throw("feerate out of range");
      expect(() => cltvExpiry(bad)).to.throw("expiry out of range");
      expect(() => blockHeight(bad)).to.throw("height out of range");
    }
    expect(() => blockHeight(HEIGHT_LIMIT)).to.throw("height out of range");
    for (const bad of [-1, 0.5, 2 ** 53]) expect(() => unixMs(bad)).to.throw("time out of range");
  });
});
