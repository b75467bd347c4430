import { expect } from "chai";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { invalidate } from "../../src/chain/brain.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import type { HeaderNode } from "../../src/chain/headers.ts";
import { emptyJournal, takeChanges } from "../../src/chain/journal.ts";
import { type Bench, buildBlock, COIN, give, grow, matured, NOW, outpointOf } from "./builder.ts";
import { coinOf, offer, paying, withPolicy } from "./pool-bench.ts";

/** Everything that changes from now on, each as its tag and the hash of what it is about. */
function written(chain: Bench): () => readonly (readonly [string, string])[] {
  const journal = emptyJournal();
  chain.brain.pool.journals.add(journal);
  return () =>
    takeChanges(journal).map((change) => [change.tag, "entry" in change ? change.entry.txid : change.block.hash]);
}
const hashOf = (block: Parameters<typeof hashBlock>[0]): string => hashBlock(block).hash;
const nodeOf = (chain: Bench, hash: string): HeaderNode =>
  chain.brain.chain.index.tree.nodes.get(hash as never) as never;

describe("a journal of what changes", () => {
  it("tells of what comes into the mempool, and of what leaves it but for a block", () => {
    const chain = matured(3);
    const changes = written(chain);
    const [poor, rich] = [paying(coinOf(chain), 1_000n), paying(coinOf(chain), 5_000n)];
    const [mined, rival] = [paying(coinOf(chain, 1), 1_000n), paying(coinOf(chain, 1), 9_000n)];
    for (const tx of [poor, mined]) expect(offer(chain, tx)).to.equal("accepted");
    expect(changes()).to.deep.equal([
      ["TxAdded", txidOf(poor)],
      ["TxAdded", txidOf(mined)],
    ]);
    expect(offer(chain, rich)).to.equal("accepted");
    expect(changes()).to.deep.equal([
      ["TxRemoved", txidOf(poor)],
      ["TxAdded", txidOf(rich)],
    ]);
    const block = buildBlock(chain, { txs: [rich, rival], fees: 14_000n });
    give(chain, block);
    expect(changes()).to.deep.equal([
      ["BlockConnected", hashOf(block)],
      ["TxRemoved", txidOf(mined)],
      ["TipChanged", hashOf(block)],
    ]);
    expect(changes()).to.deep.equal([]);
  });
  it("numbers them upwards", () => {
    const chain = matured(2);
    const journal = emptyJournal();
    chain.brain.pool.journals.add(journal);
    const before = chain.brain.pool.sequence;
    const told = [paying(coinOf(chain), 1_000n), paying(coinOf(chain), 5_000n)].flatMap((tx) => {
      offer(chain, tx);
      return takeChanges(journal).map((change) => "sequence" in change && change.sequence - before);
    });
    expect(told).to.deep.equal([0n, 1n, 2n]);
    expect(chain.brain.pool.sequence).to.equal(before + 3n);
  });
  it("tells of a reorganisation without what waited before and after it", () => {
    const chain = matured(3);
    const fork = chain.brain.chain.tip;
    const [waits, unmined, lost] = [0, 1, 2].map((at) => paying(coinOf(chain, at), 1_000n)) as [Tx, Tx, Tx];
    const child = paying(outpointOf(lost), 1_000n, COIN - 1_000n);
    const old = buildBlock(chain, { txs: [unmined, lost], fees: 2_000n });
    give(chain, old);
    for (const tx of [waits, child]) expect(offer(chain, tx)).to.equal("accepted");
    const changes = written(chain);
    const first = buildBlock(chain, { previous: fork, txs: [paying(coinOf(chain, 2), 7_000n)], fees: 7_000n });
    give(chain, first);
    expect(changes(), "a branch of the same work changes nothing").to.deep.equal([]);
    const second = buildBlock(chain, { previous: nodeOf(chain, hashOf(first)) });
    give(chain, second);
    expect(changes()).to.deep.equal([
      ["BlockDisconnected", hashOf(old)],
      ["BlockConnected", hashOf(first)],
      ["BlockConnected", hashOf(second)],
      ["TxRemoved", txidOf(child)],
      ["TxAdded", txidOf(unmined)],
      ["TipChanged", hashOf(second)],
    ]);
  });
  it("has no new tip when blocks are only taken back", () => {
    const chain = matured(1);
    grow(chain, 1);
    const { tip } = chain.brain.chain;
    const changes = written(chain);
    invalidate(chain.brain, tip, NOW);
    expect(changes()).to.deep.equal([["BlockDisconnected", tip.hash]]);
  });
  it("tells of what made room, and not of what came for nothing", () => {
    const chain = withPolicy(matured(6), { vsizeMax: 390 });
    const least = paying(coinOf(chain, 1), 2_000n);
    for (const [at, fee] of [3_000n, 2_000n, 4_000n, 5_000n].entries()) offer(chain, paying(coinOf(chain, at), fee));
    const changes = written(chain);
    expect(offer(chain, paying(coinOf(chain, 4), 1_000n))).to.equal("mempool full");
    expect(changes()).to.deep.equal([["TxRemoved", txidOf(least)]]);
  });
});
