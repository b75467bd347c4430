import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { utxoHash } from "../../../src/adapters/chain/utxo-hash.ts";
import type { Outpoint } from "../../../src/base/ids.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { nodeBrain, takeBlock } from "../../../src/chain/brain.ts";
import { readBlock } from "../../../src/chain/chain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { memoryStorage } from "../../../src/chain/memory-storage.ts";
import { buildBlock, COIN, NOW, outpointOf, output, sortedCoins, spend } from "../../chain/builder.ts";
import { openNode, removeFolder, tempFolder, testClock, testNetwork } from "./world.ts";

/** Extends a branch by so many blocks, in each of which one of the coins is spent while they last. */
function extend(
  node: EmbeddedNode,
  from: HeaderNode,
  count: number,
  coins: readonly Outpoint[],
  fee: bigint,
): HeaderNode {
  let previous = from;
  for (let at = 0; at < count; at++) {
    const coin = coins[at];
    const txs = coin === undefined ? [] : [spend([coin], [output(COIN - fee)])];
    const block = buildBlock({ brain: node.brain, params: CHAINS.regtest }, { previous, txs });
    const taken = node.submit(block);
    if (!taken.ok) throw new Error(taken.error.code);
    previous = node.brain.chain.index.tree.nodes.get(taken.value) as HeaderNode;
  }
  return previous;
}
/** The hash of the coins of a node that only ever saw this chain. */
function freshHash(node: EmbeddedNode): string {
  const { chain } = node.brain;
  const storage = memoryStorage();
  const fresh = nodeBrain(CHAINS.regtest, storage);
  for (let height = 1; height <= chain.tip.height; height++) {
    const block = readBlock(chain, ancestorAt(chain.tip, height) as HeaderNode);
    if (!takeBlock(fresh, hashBlock(block), NOW).ok) throw new Error(`block ${height} is refused`);
  }
  return utxoHash(sortedCoins(storage));
}

describe("RELIABILITY B25: reorganisations on disk", () => {
  for (const depth of [1, 6, 100, 1000]) {
    it(`of ${depth} blocks with conflicting transactions leave the coins of a fresh sync, also when opened again`, async function () {
      this.timeout(240_000);
      const folder = tempFolder();
      const clock = testClock();
      const network = testNetwork(clock);
      // Small enough that a deep one is written in several parts, while it goes on.
      const disk = { fileBytesMax: 20_000, gatherBytesMax: 50_000 };
      let node = openNode(folder, clock, network, disk);
      const { chain } = node.brain;
      const spent = Math.min(depth, 100);
      const base = extend(node, chain.tip, 100 + spent, [], 0n);
      const coins = Array.from({ length: spent }, (_, at) => {
        const mined = readBlock(chain, ancestorAt(base, at + 1) as HeaderNode);
        return outpointOf(mined.txs[0] as (typeof mined.txs)[0]);
      });
      const first = extend(node, base, depth, coins, 1000n);
      await node.files.settled();
      expect(utxoHash(node.files.coins())).to.equal(freshHash(node));
      const second = extend(node, base, depth + 1, coins.toReversed(), 2000n);
      expect(node.brain.chain.tip).to.equal(second);
      await node.files.settled();
      const hash = freshHash(node);
      expect(utxoHash(node.files.coins())).to.equal(hash);
      await node.stop();
      node = openNode(folder, clock, network, disk);
      expect([node.brain.chain.tip.hash, utxoHash(node.files.coins())]).to.deep.equal([second.hash, hash]);
      // And back: what was left behind is still there.
      extend(node, node.brain.chain.index.tree.nodes.get(first.hash) as HeaderNode, 2, [], 0n);
      await node.files.settled();
      expect(ancestorAt(node.brain.chain.tip, first.height)?.hash).to.equal(first.hash);
      expect(utxoHash(node.files.coins())).to.equal(freshHash(node));
      await node.stop();
      removeFolder(folder);
    });
  }
});
