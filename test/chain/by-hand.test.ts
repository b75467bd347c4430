import { expect } from "chai";
import { invalidate, prefer, reconsider } from "../../src/chain/brain.ts";
import { openChain } from "../../src/chain/chain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { type Bench, bench, buildBlock, fakeOutpoint, give, grow, NOW, outpointOf, output, spend } from "./builder.ts";

const at = ({ brain }: Bench, height: number): HeaderNode => {
  let node = brain.chain.tip;
  while (node.height > height) node = node.previous as HeaderNode;
  return node;
};
const coinsOf = ({ storage }: Bench): readonly string[] => [...storage.coins.keys()].sort();

describe("chain: a block that is preferred", () => {
  it("is left again with the same coins when it turns out to be invalid, and is not followed with less work", () => {
    const chain = bench();
    grow(chain, 3);
    const { tip } = chain.brain.chain;
    const before = coinsOf(chain);
    const wrong = buildBlock(chain, { previous: at(chain, 2), txs: [spend([fakeOutpoint(1)], [output(1n)])] });
    give(chain, wrong);
    const node = chain.brain.chain.index.tree.nodes.get(hashBlock(wrong).hash) as HeaderNode;
    const update = prefer(chain.brain, node, NOW);
    expect(update.rejected).to.deep.equal([
      { hash: node.hash, fault: { code: "bad-txns-inputs-missingorspent", index: 1 } },
    ]);
    expect([update.connected, update.disconnected, chain.brain.chain.tip]).to.deep.equal([[], [], tip]);
    expect(coinsOf(chain)).to.deep.equal(before);
    for (const other of [node, at(chain, 1)]) prefer(chain.brain, other, NOW);
    expect(chain.brain.chain.tip).to.equal(tip);
  });
});

describe("chain: blocks that are invalid because somebody says so", () => {
  it("are given back with all on top of them, and taken again with the same coins", () => {
    const chain = bench();
    grow(chain, 5);
    const [tip, coins] = [chain.brain.chain.tip, coinsOf(chain)];
    const gone = [5, 4, 3].map((height) => at(chain, height).hash);
    const update = invalidate(chain.brain, at(chain, 3), NOW);
    expect(update.disconnected.map(({ hash }) => hash)).to.deep.equal(gone);
    expect(chain.brain.chain.tip.height).to.equal(2);
    expect(chain.brain.chain.index.bestHeader).to.equal(chain.brain.chain.tip);
    reconsider(chain.brain, tip, NOW);
    expect([chain.brain.chain.tip, coinsOf(chain)]).to.deep.equal([tip, coins]);
  });
  it("make way for a shorter branch, which grows on and is left when they are reconsidered", () => {
    const chain = bench();
    grow(chain, 3);
    const first = at(chain, 1);
    const tip = chain.brain.chain.tip;
    const rival = buildBlock(chain, { previous: first });
    give(chain, rival);
    invalidate(chain.brain, at(chain, 2), NOW);
    expect([chain.brain.chain.tip.height, chain.brain.chain.tip.previous]).to.deep.equal([2, first]);
    expect(chain.brain.chain.tip.hash).not.to.equal((tip.previous as HeaderNode).hash);
    reconsider(chain.brain, tip, NOW);
    expect(chain.brain.chain.tip).to.equal(tip);
  });
  it("take nothing on top of them", () => {
    const chain = bench();
    grow(chain, 3);
    const child = buildBlock(chain);
    invalidate(chain.brain, at(chain, 2), NOW);
    expect(give(chain, child)).to.equal("bad-prevblk");
  });
  it("stay so when the chain is opened again, until they are reconsidered", () => {
    const chain = bench();
    grow(chain, 4);
    const { hash } = chain.brain.chain.tip;
    invalidate(chain.brain, at(chain, 3), NOW);
    const again = openChain(chain.params, chain.storage, new Set());
    expect(again.tip.height).to.equal(2);
    const brain = { ...chain.brain, chain: again };
    reconsider(brain, again.index.tree.nodes.get(hash) as HeaderNode, NOW);
    expect(again.tip.hash).to.equal(hash);
    expect(openChain(chain.params, chain.storage, new Set()).tip.hash).to.equal(hash);
  });
  it("give their transactions back to the mempool", () => {
    const chain = bench();
    const [coin] = grow(chain, 101);
    const tx = spend([coin as never], [output(49_0000_0000n)]);
    give(chain, buildBlock(chain, { txs: [tx], fees: 1_0000_0000n }));
    expect(chain.storage.coin(outpointOf(tx))).not.to.equal(undefined);
    invalidate(chain.brain, chain.brain.chain.tip, NOW);
    expect([...chain.brain.pool.entries.values()].map((entry) => entry.tx)).to.deep.equal([tx]);
  });
});
