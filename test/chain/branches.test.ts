import { expect } from "chai";
import { blockHeight } from "../../src/base/units.ts";
import { blockHashOf } from "../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { difficultySteps, knownHeaders } from "../../src/chain/branches.ts";
import { acceptHeaders } from "../../src/chain/chain.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { type Bench, bench, buildBlock, COIN, fakeOutpoint, give, grow, output, spend } from "./builder.ts";

const shown = ({ brain }: Bench, heights: number, to?: number): readonly string[] =>
  knownHeaders(brain.chain, heights, to === undefined ? undefined : blockHeight(to)).map(
    ({ node, state }) => `${node.height} ${state}`,
  );
const ancestor = ({ brain }: Bench, back: number): HeaderNode => {
  let node = brain.chain.tip;
  for (let step = 0; step < back; step++) node = node.previous as HeaderNode;
  return node;
};

describe("all headers between two heights", () => {
  it("are the best chain's, genesis with them, where there is no other", () => {
    const chain = bench();
    grow(chain, 3);
    expect(shown(chain, 10)).to.deep.equal(["3 best", "2 best", "1 best", "0 best"]);
    expect(shown(chain, 2)).to.deep.equal(["3 best", "2 best"]);
    expect(shown(chain, 2, 2)).to.deep.equal(["2 best", "1 best"]);
    expect(shown(chain, 1, 99)).to.deep.equal(["3 best"]);
  });
  it("are also those of branches that were left, of blocks that are not here, and of invalid ones", () => {
    const chain = bench();
    grow(chain, 5);
    give(chain, buildBlock(chain, { previous: ancestor(chain, 2) }));
    give(chain, buildBlock(chain, { previous: ancestor(chain, 1), txs: [spend([fakeOutpoint(1)], [output(COIN)])] }));
    const { header } = buildBlock(chain);
    acceptHeaders(chain.brain.chain, [header], header.time);
    give(chain, buildBlock(chain, { txs: [spend([fakeOutpoint(2)], [output(COIN)])] }));
    expect(shown(chain, 4)).to.deep.equal(["5 best", "4 best", "3 best", "6 header", "6 invalid", "5 held", "4 held"]);
    expect(shown(chain, 1, 4)).to.deep.equal(["4 best", "4 held"]);
  });
  it("names a branch once, however many branches stand on it", () => {
    const chain = bench();
    grow(chain, 4);
    const fork = buildBlock(chain, { previous: ancestor(chain, 3) });
    give(chain, fork);
    const node = chain.brain.chain.index.tree.nodes.get(blockHashOf(fork.header)) as HeaderNode;
    for (let child = 0; child < 2; child++) give(chain, buildBlock(chain, { previous: node }));
    expect(shown(chain, 3)).to.deep.equal(["4 best", "3 best", "2 best", "3 held", "2 held", "3 held"]);
  });
});

describe("difficulty over time", () => {
  it("never changes on regtest", () => {
    const chain = bench();
    grow(chain, 5);
    expect(difficultySteps(chain.brain.chain).map(({ height }) => height)).to.deep.equal([1]);
    expect(difficultySteps(bench().brain.chain).map(({ height }) => height)).to.deep.equal([0]);
  });
  it("changes where an interval begins with other bits", () => {
    const params: ChainParams = {
      ...CHAINS.regtest,
      retargeting: "mainnet",
      pace: { spacingS: 600, retargetBlocks: 4 },
    };
    const chain = bench(params);
    // Far too slow first, which cannot make it easier than the limit; then fast.
    grow(chain, 3);
    for (let at = 0; at < 9; at++) grow(chain, 1, { time: ancestor(chain, 0).header.time + 1 });
    expect(difficultySteps(chain.brain.chain).map(({ height }) => height)).to.deep.equal([1, 8, 12]);
  });
});
