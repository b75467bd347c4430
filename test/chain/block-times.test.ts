import { expect } from "chai";
import type { BlockHeader } from "../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { decodeCompact, encodeCompact } from "../../src/bitcoin/pow.ts";
import { HeaderRun } from "../../src/chain/header-run.ts";
import {
  addHeader,
  type HeaderNode,
  headerTree,
  MEDIAN_TIME_BLOCKS,
  medianTimeOf,
  requiredBits,
} from "../../src/chain/headers.ts";
import { solve } from "./builder.ts";

const SPACING = 600;
const INTERVAL = 144;
type Retargeting = Exclude<ChainParams["retargeting"], "never">;
const KINDS: readonly Retargeting[] = ["mainnet", "testnet3", "testnet4"];
const LIMIT = encodeCompact(CHAINS.regtest.powLimit);

/** Bitcoin's times over shorter intervals, with a target that every other hash meets. */
function chainOf(retargeting: Retargeting) {
  const params: ChainParams = { ...CHAINS.regtest, retargeting, pace: { spacingS: SPACING, retargetBlocks: INTERVAL } };
  const tree = headerTree(params);
  let tip = tree.genesis;
  const headerAt = (time: number, bits = requiredBits(params, tip, time)): BlockHeader =>
    solve({ header: { ...tip.header, version: 4, previous: tip.hash, time, bits }, txs: [] }, params).header;
  const growTo = (height: number, spacing: number): void => {
    while (tip.height < height) {
      const added = addHeader(tree, headerAt(tip.header.time + spacing), Number.MAX_SAFE_INTEGER);
      if (!added.ok) throw new Error(added.error.code);
      tip = added.value;
    }
  };
  /** What becomes of a header of this time on the tip, when it comes now; the tree and the run that keeps nothing agree. */
  const judge = (
    time: number,
    { now = Number.MAX_SAFE_INTEGER, bits }: { now?: number; bits?: number } = {},
  ): string => {
    const header = headerAt(time, bits);
    const before = new Map(tree.nodes);
    const added = addHeader(tree, header, now);
    tree.nodes.clear();
    for (const [hash, node] of before) tree.nodes.set(hash, node);
    const inRun = new HeaderRun(params, tip).take(header, now)?.code ?? "accepted";
    const inTree = added.ok ? "accepted" : added.error.code;
    return inTree === inRun ? inTree : `${inTree}, but ${inRun}`;
  };
  return {
    params,
    growTo,
    judge,
    tip: (): HeaderNode => tip,
    needs: (time: number) => requiredBits(params, tip, time),
  };
}
type Chain = ReturnType<typeof chainOf>;
/** The same question to a chain of each kind, in the order of `KINDS`. */
const ask = <T>(chains: readonly Chain[], question: (chain: Chain) => T): readonly T[] => chains.map(question);
const lastTime = (chain: Chain): number => chain.tip().header.time;

describe("B5: times of blocks", () => {
  const chains = KINDS.map(chainOf);
  before(() => {
    for (const chain of chains) chain.growTo(INTERVAL - 2, SPACING);
  });

  it("B5: within an interval a block may be earlier than the one before, down to the median of eleven", () => {
    const wholeMedian = (chain: Chain): number => lastTime(chain) - (SPACING * (MEDIAN_TIME_BLOCKS - 1)) / 2;
    expect(ask(chains, (chain) => medianTimeOf(chain.tip()))).to.deep.equal(ask(chains, wholeMedian));
    expect(ask(chains, (chain) => chain.judge(wholeMedian(chain)))).to.deep.equal(KINDS.map(() => "time-too-old"));
    expect(ask(chains, (chain) => chain.judge(wholeMedian(chain) + 1))).to.deep.equal(KINDS.map(() => "accepted"));
  });
  it("B5: the first block of an interval may be earlier by ten minutes, and by more except on testnet4", () => {
    for (const chain of chains) chain.growTo(INTERVAL - 1, SPACING);
    expect(ask(chains, (chain) => chain.judge(lastTime(chain) - SPACING))).to.deep.equal(KINDS.map(() => "accepted"));
    expect(ask(chains, (chain) => chain.judge(lastTime(chain) - SPACING - 1))).to.deep.equal([
      "accepted",
      "accepted",
      "time-timewarp-attack",
    ]);
    const median = (chain: Chain): number => medianTimeOf(chain.tip());
    expect(ask(chains, (chain) => chain.judge(median(chain)))).to.deep.equal(KINDS.map(() => "time-too-old"));
  });
  it("B5: a block may be two hours ahead of now, and not a second more", () => {
    const ahead = (seconds: number) => (chain: Chain) =>
      chain.judge(lastTime(chain) + SPACING, { now: lastTime(chain) + SPACING - seconds });
    expect(ask(chains, ahead(7200))).to.deep.equal(KINDS.map(() => "accepted"));
    expect(ask(chains, ahead(7201))).to.deep.equal(KINDS.map(() => "time-too-new"));
  });
  it("B5: after an interval in half the time the target is half as high, whatever the first block's own time", () => {
    const fast = KINDS.map(chainOf);
    for (const chain of fast) chain.growTo(INTERVAL - 1, SPACING / 2);
    const half = ask(fast, (chain) => chain.needs(lastTime(chain) + 1));
    expect(new Set(half)).to.have.lengthOf(1);
    // One spacing less than an interval has is counted: the first rule's off-by-one.
    const target = (decodeCompact(LIMIT).target * BigInt((INTERVAL - 1) * (SPACING / 2))) / BigInt(INTERVAL * SPACING);
    expect(half[0]).to.equal(encodeCompact(target));
    expect(ask(fast, (chain) => chain.needs(lastTime(chain) + 100_000))).to.deep.equal(half);
    expect(ask(fast, (chain) => chain.judge(lastTime(chain) + 1, { bits: LIMIT }))).to.deep.equal(
      KINDS.map(() => "bad-diffbits"),
    );
  });
});

describe("B5: late blocks on the test networks", () => {
  /** In the second interval, whose target is half the easiest. */
  const chains = KINDS.map(chainOf);
  before(() => {
    for (const chain of chains) {
      chain.growTo(INTERVAL - 1, SPACING / 2);
      chain.growTo(INTERVAL + 5, SPACING);
    }
  });
  const real = (chain: Chain): number => chain.tip().header.bits;

  it("B5: after twenty minutes and a second it must be easy, and on mainnet it must not", () => {
    expect(ask(chains, (chain) => chain.needs(lastTime(chain) + 2 * SPACING) === real(chain))).to.deep.equal([
      true,
      true,
      true,
    ]);
    const late = (chain: Chain): number => chain.needs(lastTime(chain) + 2 * SPACING + 1);
    expect(ask(chains, late)).to.deep.equal([real(chains[0] as Chain), LIMIT, LIMIT]);
    const judged = (chain: Chain) => chain.judge(lastTime(chain) + 2 * SPACING + 1, { bits: real(chain) });
    expect(ask(chains, judged)).to.deep.equal(["accepted", "bad-diffbits", "bad-diffbits"]);
  });
  it("B5: an interval that ends with one makes the next as easy on testnet3, and changes nothing on testnet4", () => {
    const before = ask(chains, real);
    for (const chain of chains) {
      chain.growTo(2 * INTERVAL - 2, SPACING);
      chain.growTo(2 * INTERVAL - 1, 2 * SPACING + 1);
    }
    expect(ask(chains, real)).to.deep.equal([before[0], LIMIT, LIMIT]);
    const [mainnet, testnet3, testnet4] = ask(chains, (chain) => chain.needs(lastTime(chain) + SPACING));
    expect(testnet3).to.equal(LIMIT);
    expect([mainnet, testnet4]).to.deep.equal([testnet4, mainnet]);
    expect(testnet4).to.not.equal(LIMIT);
  });
});
