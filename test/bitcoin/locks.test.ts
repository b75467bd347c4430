import { expect } from "chai";
import fc from "fast-check";
import { parseTxid } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import {
  isFinal,
  medianTimePast,
  relativeLocks,
  SEQUENCE_DISABLE,
  SEQUENCE_IN_TIME,
  sequenceLocksPassed,
} from "../../src/bitcoin/locks.ts";
import { COINBASE_VOUT, SEQUENCE_FINAL, type Tx } from "../../src/bitcoin/tx.ts";

const txid = parseTxid("01".repeat(32)) ?? expect.fail();
const txOf = (locktime: number, sequences: readonly number[], version = 2): Tx => ({
  version,
  inputs: sequences.map((sequence, vout) => ({
    prevout: { txid, vout },
    scriptSig: new Uint8Array(0),
    sequence,
    witness: [],
  })),
  outputs: [{ amount: sat(1n), script: new Uint8Array(0) }],
  locktime,
});

describe("BIP 113 §Specification: median time past", () => {
  it("is the middle of the last eleven times, whatever their order", () => {
    expect(medianTimePast([5])).to.equal(5);
    expect(medianTimePast([5, 9])).to.equal(9);
    expect(medianTimePast([100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).to.equal(6);
    const times = fc.array(fc.nat(1_000_000), { minLength: 11, maxLength: 11 });
    fc.assert(
      fc.property(times, (list) => {
        const median = medianTimePast(list);
        expect(list.filter((time) => time < median).length).to.be.at.most(5);
        expect(list.filter((time) => time > median).length).to.be.at.most(5);
      }),
      { seed: 1 },
    );
  });
});

describe("isFinal", () => {
  const at = { height: 100, time: 1_600_000_000 };
  it("compares a height below 500,000,000 with the block's height, a time with the median time past", () => {
    const cases: readonly (readonly [number, boolean])[] = [
      [0, true],
      [99, true],
      [100, false],
      [499_999_999, false],
      [500_000_000, true],
      [1_599_999_999, true],
      [1_600_000_000, false],
      [0xffff_ffff, false],
    ];
    expect(cases.map(([locktime]) => isFinal(txOf(locktime, [0]), at))).to.deep.equal(cases.map(([, final]) => final));
  });
  it("does not ask when every sequence is final", () => {
    expect(isFinal(txOf(0xffff_ffff, [SEQUENCE_FINAL, SEQUENCE_FINAL]), at)).to.equal(true);
    expect(isFinal(txOf(0xffff_ffff, [SEQUENCE_FINAL, SEQUENCE_FINAL - 1]), at)).to.equal(false);
  });
});

describe("BIP 68 §Specification: relative locks", () => {
  const confirmed = [
    { height: 50, time: 1000 },
    { height: 60, time: 2000 },
  ];
  it("counts blocks, and units of 512 seconds, from each prevout and keeps the longest", () => {
    expect(relativeLocks(txOf(0, [10, 1]), confirmed)).to.deep.equal({ height: 60, time: -1 });
    expect(relativeLocks(txOf(0, [SEQUENCE_IN_TIME | 2, 5]), confirmed)).to.deep.equal({ height: 64, time: 2023 });
    expect(relativeLocks(txOf(0, [0, 0]), confirmed)).to.deep.equal({ height: 59, time: -1 });
    expect(relativeLocks(txOf(0, [0xffff, 0]), confirmed)).to.deep.equal({ height: 65_584, time: -1 });
  });
  it("reads only 16 bits of the value", () => {
    expect(relativeLocks(txOf(0, [0x003f_0001, 0x003f_0001]), confirmed)).to.deep.equal({ height: 60, time: -1 });
  });
  it("are off by the top bit, and for versions 0 and 1", () => {
    const off = { height: -1, time: -1 };
    expect(relativeLocks(txOf(0, [(SEQUENCE_DISABLE | 10) >>> 0, SEQUENCE_FINAL]), confirmed)).to.deep.equal(off);
    expect([0, 1].map((version) => relativeLocks(txOf(0, [10, 10], version), confirmed))).to.deep.equal([off, off]);
    expect(relativeLocks(txOf(0, [10, 10], -1), confirmed)).to.deep.equal({ height: 69, time: -1 });
  });
  it("of 10 blocks let the tenth block after the prevout's hold the transaction, not the ninth", () => {
    const passes = (height: number, time: number): boolean =>
      sequenceLocksPassed(txOf(0, [10, SEQUENCE_IN_TIME | 1]), confirmed, { height, time });
    expect(passes(60, 2512)).to.equal(true);
    expect(passes(59, 2512)).to.equal(false);
    expect(passes(60, 2511)).to.equal(false);
  });
  it("do not bind a coinbase", () => {
    const coinbase: Tx = {
      ...txOf(0, [10]),
      inputs: [
        {
          prevout: { txid: parseTxid("00".repeat(32)) ?? expect.fail(), vout: COINBASE_VOUT },
          scriptSig: new Uint8Array(2),
          sequence: 10,
          witness: [],
        },
      ],
    };
    expect(sequenceLocksPassed(coinbase, [], { height: 0, time: 0 })).to.equal(true);
  });
});
