import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import { type BlockHeader, blockHashOf, decodeHeader } from "../../src/bitcoin/block.ts";
import { medianTimePast } from "../../src/bitcoin/locks.ts";
import { CHAINS, type NetworkName } from "../../src/bitcoin/params.ts";
import {
  type BlockTime,
  decodeCompact,
  encodeCompact,
  hasProofOfWork,
  nextBits,
  retarget,
  targetOf,
  workOf,
} from "../../src/bitcoin/pow.ts";
import { describeVectors, loadVectors, loadVectorText } from "../support/vectors.ts";

const { mainnet, testnet3, testnet4, regtest } = CHAINS;
const bitsOf = (hex: string): number => Number.parseInt(hex, 16);
const hex8 = (bits: number): string => bits.toString(16).padStart(8, "0");

interface Vectors {
  readonly compact: readonly {
    readonly bits: string;
    readonly target: string | null;
    readonly negative: boolean;
    readonly overflow: boolean;
    readonly reencoded: string | null;
  }[];
  readonly compact_encode_extra: readonly { readonly target: string; readonly bits: string }[];
  readonly retarget: readonly {
    readonly network: NetworkName;
    readonly first_time?: number;
    readonly last_time?: number;
    readonly timespan?: number;
    readonly first_bits?: string;
    readonly last_bits: string;
    readonly expected_next_bits: string;
    readonly note?: string;
  }[];
  readonly work: readonly { readonly bits: string; readonly work: string }[];
}
describeVectors<Vectors>("targets", "bitcoin/pow/compact-and-retarget.json", (set) => {
  for (const row of set.compact) {
    it(`${row.bits} in compact form`, () => {
      const { target, negative, overflow } = decodeCompact(bitsOf(row.bits));
      expect({ negative, overflow }).to.deep.equal({ negative: row.negative, overflow: row.overflow });
      if (row.target !== null) expect(target).to.equal(BigInt(`0x${row.target}`));
      if (row.reencoded !== null) {
        // The sign is not kept by `encodeCompact`: no target of a block has one.
        expect(hex8(encodeCompact(target) | (negative ? 0x80_0000 : 0))).to.equal(row.reencoded);
      }
    });
  }
  for (const { target, bits } of set.compact_encode_extra) {
    it(`${bits} is the compact form that needs one byte more`, () =>
      expect(hex8(encodeCompact(BigInt(`0x${target}`)))).to.equal(bits));
  }
  for (const row of set.retarget) {
    it(`${row.network}: ${row.last_bits} becomes ${row.expected_next_bits}${row.note ? ` (${row.note})` : ""}`, () => {
      const { first_time = 2 ** 30, last_bits, first_bits = last_bits } = row;
      const last_time = row.last_time ?? first_time + (row.timespan ?? 0);
      const first = { height: 0, time: first_time, bits: bitsOf(first_bits) };
      const last = { height: 2015, time: last_time, bits: bitsOf(last_bits) };
      expect(hex8(retarget(CHAINS[row.network], { first, last }))).to.equal(row.expected_next_bits);
    });
  }
  for (const { bits, work } of set.work) {
    it(`${bits} takes 0x${work} hashes`, () => expect(workOf(bitsOf(bits))).to.equal(BigInt(`0x${work}`)));
  }
});

describe("targets that no block may set", () => {
  it("are zero, negative, overflowing, or easier than the chain's limit", () => {
    for (const bits of [0, 0x01003456, 0x04923456, 0xff123456, 0x1d010000, 0x207fffff]) {
      expect(targetOf(bits, mainnet), hex8(bits)).to.equal(undefined);
      expect(hasProofOfWork(mainnet.genesisHash, bits, mainnet)).to.equal(false);
    }
    expect(targetOf(0x207fffff, regtest)).to.equal(0x7fffffn << 232n);
    expect([0, 0x04923456, 0xff123456].map(workOf)).to.deep.equal([0n, 0n, 0n]);
  });
  it("a hash must not be above the target", () => {
    expect(hasProofOfWork(mainnet.genesisHash, 0x1d00ffff, mainnet)).to.equal(true);
    expect(hasProofOfWork(mainnet.genesisHash, 0x1a00ffff, mainnet)).to.equal(false);
  });
});

describe("the next target", () => {
  const limit = 0x1d00ffff;
  const chainOf = (blocks: readonly BlockTime[]) => (height: number) => {
    const found = blocks.find((block) => block.height === height);
    return found ?? expect.fail(`asked for ${height}`);
  };
  const before = { height: 4031, time: 100, bits: 0x1c00ffff };
  const hard = { height: 4032, time: 1000, bits: 0x1b00ffff };
  const easy = { height: 4033, time: 3000, bits: limit };
  it("stays within an interval", () => {
    expect(nextBits(mainnet, hard, 10_000_000, chainOf([]))).to.equal(hard.bits);
    expect(nextBits(regtest, { ...hard, bits: 0x207fffff }, 10_000_000, chainOf([]))).to.equal(0x207fffff);
  });
  it("is easy on a test network for a block more than 20 minutes late, and back to the last real one after it", () => {
    expect(nextBits(testnet3, hard, hard.time + 1201, chainOf([]))).to.equal(limit);
    expect(nextBits(testnet3, hard, hard.time + 1200, chainOf([]))).to.equal(hard.bits);
    expect(nextBits(testnet4, easy, easy.time + 600, chainOf([hard]))).to.equal(hard.bits);
  });
  it("looks back no further than the start of the interval", () => {
    const start = { ...hard, bits: limit };
    expect(nextBits(testnet3, easy, easy.time + 600, chainOf([start, before]))).to.equal(limit);
  });
  it("never changes on regtest, and on testnet3 follows an easy last block", () => {
    const first = { height: 0, time: 0, bits: 0x1b00ffff };
    const last = { height: 2015, time: 2016 * 600, bits: limit };
    expect(nextBits(regtest, { ...last, bits: 0x207fffff }, 0, chainOf([first]))).to.equal(0x207fffff);
    expect(nextBits(testnet3, last, 0, chainOf([first]))).to.equal(limit);
    expect(nextBits(testnet4, last, 0, chainOf([first]))).to.equal(first.bits);
  });
});

describe("the next target of sluicenet: every 240 blocks, which should take 30 seconds each", () => {
  const { sluicenet } = CHAINS;
  const BITS = 0x1e00ffff;
  /** After an interval of which each block took so many seconds. */
  const nextAfter = (spacingS: number, bits = BITS): number => {
    const first = { height: 240, time: 1_000_000, bits };
    const last = { height: 479, time: first.time + spacingS * 240, bits };
    return nextBits(sluicenet, last, last.time + 30, () => first);
  };
  const ratio = (bits: number): number => Number((decodeCompact(bits).target * 1_000n) / decodeCompact(BITS).target);
  it("stays when they did, and follows the time that they took, by at most four either way", () => {
    expect([30, 15, 45, 60, 1, 1_000].map((spacingS) => ratio(nextAfter(spacingS)))).to.deep.equal([
      1_000, 500, 1_499, 2_000, 250, 4_000,
    ]);
  });
  it("is never easier than the limit", () => {
    expect(hex8(nextAfter(60, encodeCompact(sluicenet.powLimit)))).to.equal(hex8(encodeCompact(sluicenet.powLimit)));
  });
  it("changes at no other block, except that one that comes a minute late is easy", () => {
    const last = { height: 250, time: 1_000, bits: BITS };
    const none = () => expect.fail("nothing below is asked for");
    expect(nextBits(sluicenet, last, last.time + 60, none)).to.equal(BITS);
    expect(nextBits(sluicenet, last, last.time + 61, none)).to.equal(encodeCompact(sluicenet.powLimit));
  });
});

describe("mainnet's first 4,101 headers", () => {
  const lines = loadVectorText("bitcoin/pow/mainnet-headers-0-4100.txt")?.trim().split("\n");
  const check = loadVectors<{
    readonly hashes: Readonly<Record<string, string>>;
    readonly chainwork: Readonly<Record<string, string>>;
    readonly median_time_past: Readonly<Record<string, number>>;
  }>("bitcoin/pow/mainnet-headers-check.json");
  if (lines === undefined || check === undefined) {
    it.skip("has no vectors here: bitcoin/pow/mainnet-headers-0-4100.txt");
    return;
  }
  const headers = lines.map((line): BlockHeader => {
    const decoded = decodeHeader(fromHex(line));
    return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
  });
  const hashes = headers.map(blockHashOf);
  it("follow one another, each with the work and the target it must have", () => {
    const at = (height: number): BlockTime => {
      const { time, bits } = headers[height] ?? expect.fail();
      return { height, time, bits };
    };
    headers.forEach((header, height) => {
      expect(hasProofOfWork(hashes[height] ?? expect.fail(), header.bits, mainnet)).to.equal(true);
      if (height === 0) return;
      expect(header.previous).to.equal(hashes[height - 1]);
      expect(header.bits).to.equal(nextBits(mainnet, at(height - 1), header.time, at));
    });
  });
  it("have the known hashes, chain work and median times", () => {
    for (const [height, hash] of Object.entries(check.hashes)) expect(hashes[Number(height)]).to.equal(hash);
    for (const [height, work] of Object.entries(check.chainwork)) {
      const total = headers.slice(0, Number(height) + 1).reduce((sum, { bits }) => sum + workOf(bits), 0n);
      expect(total).to.equal(BigInt(`0x${work}`));
    }
    for (const [height, median] of Object.entries(check.median_time_past)) {
      const times = headers.slice(0, Number(height) + 1).map(({ time }) => time);
      expect(medianTimePast(times)).to.equal(median);
    }
  });
});
