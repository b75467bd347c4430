import { expect } from "chai";
import { fromHex } from "../../src/base/bytes.ts";
import type { Outpoint } from "../../src/base/ids.ts";
import { type Block, decodeBlock } from "../../src/bitcoin/block.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { nodeBrain, takeBlock } from "../../src/chain/brain.ts";
import { type Chain, openChain } from "../../src/chain/chain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { type MemoryStorage, memoryStorage } from "../../src/chain/memory-storage.ts";
import type { ChainStorage } from "../../src/chain/storage.ts";
import { loadVectorText } from "../support/vectors.ts";
import {
  type Bench,
  bench,
  buildBlock,
  COIN,
  coinSet,
  countCoins,
  give,
  grow,
  matured,
  NOW,
  outpointOf,
  output,
  REAL,
  spend,
} from "./builder.ts";

const nodeOf = ({ brain }: Bench, block: Block): HeaderNode =>
  brain.chain.index.tree.nodes.get(hashBlock(block).hash) as HeaderNode;
/** The blocks of the best chain, without genesis. */
function blocksOf({ brain, storage }: Bench): readonly Block[] {
  const blocks: Block[] = [];
  for (let node = brain.chain.tip; node.previous !== undefined; node = node.previous) {
    blocks.unshift(storage.block(node.hash) as Block);
  }
  return blocks;
}
function replay(chain: Bench): Bench {
  const fresh = bench(chain.params);
  for (const block of blocksOf(chain)) give(fresh, block);
  return fresh;
}
/** Blocks on top of `from`, each spending one coin in its own way. */
function branch(chain: Bench, from: HeaderNode, coins: readonly Outpoint[], mark: bigint): readonly Block[] {
  const blocks: Block[] = [];
  let previous = from;
  for (const coin of coins) {
    const block = buildBlock(chain, { previous, txs: [spend([coin], [output(COIN - mark)])], fees: mark });
    give(chain, block);
    blocks.push(block);
    previous = nodeOf(chain, block);
  }
  return blocks;
}

describe("chain: the most work wins", () => {
  it("stays on the first of two chains with equal work, and leaves it for one block more", () => {
    const chain = bench();
    const [a, b] = [buildBlock(chain), buildBlock(chain)];
    give(chain, a);
    give(chain, b);
    expect(chain.brain.chain.tip).to.equal(nodeOf(chain, a));
    const c = buildBlock(chain, { previous: nodeOf(chain, b) });
    const update = give(chain, c);
    expect(update).to.have.nested.property("disconnected[0].hash", hashBlock(a).hash);
    expect(update).to.have.nested.property("connected[1].hash", hashBlock(c).hash);
    expect(chain.brain.chain.tip).to.equal(nodeOf(chain, c));
  });
  it("waits for blocks that come before their parents", () => {
    const source = bench();
    grow(source, 5);
    const chain = bench();
    const blocks = blocksOf(source);
    for (const { header } of blocks) {
      const taken = takeBlock(chain.brain, hashBlock({ header, txs: [] }), NOW);
      expect(taken.ok).to.equal(false);
    }
    for (const block of blocks.toReversed()) give(chain, block);
    expect(chain.brain.chain.tip.hash).to.equal(source.brain.chain.tip.hash);
    expect(coinSet(chain)).to.deep.equal(coinSet(source));
  });
  it("takes a block again without doing anything", () => {
    const chain = bench();
    const block = buildBlock(chain);
    give(chain, block);
    expect(give(chain, block)).to.deep.equal({ connected: [], disconnected: [], rejected: [] });
  });
  for (const depth of [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 100]) {
    it(`replaces ${depth} blocks with conflicting transactions and has the coins of a replay`, () => {
      const chain = matured(depth + 1);
      const fork = chain.brain.chain.tip;
      const old = branch(chain, fork, chain.coins.slice(0, depth), 1000n);
      expect(chain.brain.chain.tip).to.equal(nodeOf(chain, old.at(-1) as Block));
      const fresh = branch(chain, fork, chain.coins, 2000n);
      expect(chain.brain.chain.tip).to.equal(nodeOf(chain, fresh.at(-1) as Block));
      expect(coinSet(chain)).to.deep.equal(coinSet(replay(chain)));
      expect(chain.storage.totals()).to.deep.equal(countCoins(chain));
      expect(chain.storage.place(outpointOf(old[0]?.txs[1] as Block["txs"][0]).txid)).to.equal(undefined);
      expect(chain.storage.place(outpointOf(fresh[0]?.txs[1] as Block["txs"][0]).txid)).to.deep.equal({
        block: hashBlock(fresh[0] as Block).hash,
        index: 1,
      });
    });
  }
  it("goes back to the chain it had when a longer one turns out to be invalid", () => {
    const chain = matured(4);
    const fork = chain.brain.chain.tip;
    branch(chain, fork, chain.coins.slice(0, 2), 0n);
    const before = { tip: chain.brain.chain.tip, coins: coinSet(chain) };
    const good = buildBlock(chain, { previous: fork });
    give(chain, good);
    const bad = buildBlock(chain, {
      previous: nodeOf(chain, good),
      txs: [spend([chain.coins[0] as Outpoint], [output(COIN + 1n)])],
    });
    give(chain, bad);
    const top = buildBlock(chain, { previous: nodeOf(chain, bad) });
    const update = give(chain, top);
    expect(update).to.deep.equal({
      connected: [],
      disconnected: [],
      rejected: [{ hash: hashBlock(bad).hash, fault: { code: "bad-txns-in-belowout", index: 1 } }],
    });
    expect({ tip: chain.brain.chain.tip, coins: coinSet(chain) }).to.deep.equal(before);
    expect(give(chain, buildBlock(chain, { previous: nodeOf(chain, top) }))).to.equal("bad-prevblk");
    grow(chain, 1);
    expect(chain.brain.chain.tip.height).to.equal(before.tip.height + 1);
  });
  it("comes back to a block with an invalid child when a longer branch turns out to be invalid too", () => {
    const chain = matured(1);
    const fork = chain.brain.chain.tip;
    const bad = (previous: HeaderNode): Block =>
      buildBlock(chain, { previous, txs: [spend(chain.coins, [output(COIN + 1n)])] });
    const [good, better] = [buildBlock(chain), buildBlock(chain)];
    give(chain, good);
    give(chain, bad(nodeOf(chain, good)));
    give(chain, better);
    const end = bad(nodeOf(chain, better));
    expect(give(chain, end)).to.have.nested.property("rejected[0].hash", hashBlock(end).hash);
    expect(chain.brain.chain.tip).to.equal(nodeOf(chain, good));
    expect(fork).to.equal(chain.brain.chain.tip.previous);
  });
  it("follows the good part of a longer chain whose end is invalid", () => {
    const chain = matured(1);
    const fork = chain.brain.chain.tip;
    give(chain, buildBlock(chain));
    let previous = fork;
    for (let i = 0; i < 2; i++) {
      const block = buildBlock(chain, { previous });
      give(chain, block);
      previous = nodeOf(chain, block);
    }
    const bad = buildBlock(chain, { previous, txs: [spend(chain.coins, [output(COIN + 1n)])] });
    give(chain, bad);
    expect(chain.brain.chain.tip).to.equal(previous);
  });
});

describe("chain: after a crash at any commit", () => {
  /** A storage whose process dies when the given number of commits is used up. */
  const mortal = (storage: MemoryStorage, commits: number): ChainStorage => ({
    ...storage,
    commit: (change) => {
      if (commits-- === 0) throw new Error("killed");
      storage.commit(change);
    },
  });
  it("opens, goes on and ends with the coins of an undisturbed node", () => {
    const source = matured(3);
    const fork = source.brain.chain.tip;
    branch(source, fork, source.coins.slice(0, 2), 1000n);
    branch(source, fork, source.coins, 2000n);
    // In the order in which they came: two blocks of one branch, then the three of the other.
    const blocks = [...source.brain.chain.index.tree.nodes.values()]
      .slice(1)
      .map(({ hash }) => source.storage.block(hash) as Block);
    let crashes = 0;
    for (let commits = 200; ; commits++) {
      const storage = memoryStorage();
      const feed = (chain: Chain): void => {
        const brain = { ...nodeBrain(CHAINS.regtest, memoryStorage()), chain };
        for (const block of blocks) takeBlock(brain, hashBlock(block), NOW);
      };
      try {
        feed(openChain(CHAINS.regtest, mortal(storage, commits), new Set()));
        break;
      } catch {
        crashes++;
      }
      const chain = openChain(CHAINS.regtest, storage, new Set());
      expect(storage.totals()).to.deep.equal(countCoins({ ...source, storage }));
      feed(chain);
      expect(chain.tip.hash).to.equal(source.brain.chain.tip.hash);
      expect(coinSet({ ...source, storage })).to.deep.equal(coinSet(source));
    }
    expect(crashes).to.be.greaterThan(10);
  });
});

describe("chain: real blocks, mainnet's first 255", () => {
  it("connects them to the coins that they made", function () {
    const text = loadVectorText(REAL.blocks);
    if (text === undefined) return this.skip();
    const chain = bench(REAL.params);
    for (const line of text.trim().split("\n")) {
      const block = decodeBlock(fromHex(line.trim()));
      if (!block.ok) throw block.error;
      expect(give(chain, block.value)).to.have.property("connected").with.lengthOf(1);
    }
    const { height, hash } = chain.brain.chain.tip;
    if (REAL.params.network === "mainnet") expect(hash).to.equal(BLOCK_255);
    expect(countCoins(chain).total).to.equal(BigInt(height) * COIN);
    expect(coinSet(replay(chain))).to.deep.equal(coinSet(chain));
  });
});
const BLOCK_255 = "00000000d0a75c861fabf9ff7b92022f60e4afeed9331fe5aa073d8e4706fe3c";
