import { expect } from "chai";
import { type ChainFiles, openChainFiles } from "../../../src/adapters/chain/embedded/storage.ts";
import type { BlockHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { nodeBrain } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { type MemoryStorage, memoryStorage } from "../../../src/chain/memory-storage.ts";
import {
  type Bench,
  buildBlock,
  COIN,
  give,
  grow,
  NOW,
  outpointOf,
  output,
  sortedCoins,
  spend,
} from "../../chain/builder.ts";
import { removeFolder, tempFolder } from "./world.ts";

/** BIP 34 makes repeated coinbases impossible, so these need a chain without it. */
const licences = new Map<number, BlockHash>();
const params: ChainParams = {
  ...CHAINS.regtest,
  activation: { ...CHAINS.regtest.activation, bip34: 10_000 },
  duplicateCoinbases: licences,
};

describe("coins under the places where they were created", () => {
  let folder: string;
  let files: ChainFiles;
  let memory: MemoryStorage;
  let chain: Bench;
  beforeEach(() => {
    licences.clear();
    folder = tempFolder();
    files = openChainFiles({ folder, params });
    memory = memoryStorage();
    const both: MemoryStorage = {
      ...memory,
      coin: (outpoint) => files.coin(outpoint),
      place: (txid) => files.place(txid),
      commit: (change) => {
        memory.commit(change);
        files.commit(change);
      },
    };
    chain = { brain: nodeBrain(params, both), storage: both, params };
  });
  afterEach(async () => {
    await files.close();
    removeFolder(folder);
  });
  /** In the layers and on the disk the same as in a map. */
  async function expectSame(): Promise<void> {
    const coins = sortedCoins(memory);
    expect(coins.map(([outpoint]) => files.coin(outpoint))).to.deep.equal(coins.map(([, coin]) => coin));
    await files.settled();
    expect([...files.coins()]).to.deep.equal(coins);
    expect(coins.map(([outpoint]) => files.coin(outpoint))).to.deep.equal(coins.map(([, coin]) => coin));
  }
  const tip = (): Bench["brain"]["chain"]["tip"] => chain.brain.chain.tip;
  /** So many blocks on that one, which become the chain. */
  function branch(from: ReturnType<typeof tip>, count: number): void {
    let previous = from;
    for (let at = 0; at < count; at++) {
      const block = buildBlock(chain, { previous, time: NOW + 50 + at });
      give(chain, block);
      previous = present(chain.brain.chain.index.tree.nodes.get(hashBlock(block).hash), "a block just taken");
    }
    expect(tip()).to.equal(previous);
  }
  /** A block with this coinbase again. */
  function repeat(coinbase: Tx, time: number): void {
    const block = buildBlock(chain, { coinbase: () => coinbase, time });
    licences.set(tip().height + 1, hashBlock(block).hash);
    expect(give(chain, block)).to.have.property("connected").with.lengthOf(1);
  }
  const firstCoinbase = (): Tx => present(files.block(hashAt(1)), "block 1").txs[0] as Tx;
  const hashAt = (height: number): BlockHash => {
    let node = tip();
    while (node.height > height) node = present(node.previous, "a block below");
    return node.hash;
  };

  it("are those of a map, through spending, and back when blocks are taken back", async () => {
    const [first = expect.fail()] = grow(chain, 1);
    grow(chain, 100);
    const fork = tip();
    const parent = spend([first], [output(COIN / 2n), output(COIN / 4n), output(COIN / 4n)]);
    const child = spend([outpointOf(parent, 1)], [output(COIN / 4n)]);
    grow(chain, 1, { txs: [parent, child] });
    await expectSame();
    grow(chain, 1, { txs: [spend([outpointOf(parent), outpointOf(child)], [output(COIN / 2n)])] });
    await expectSame();
    expect(files.place(parent.inputs[0]?.prevout.txid as never)).to.deep.equal({ block: hashAt(1), index: 0 });
    branch(fork, 3);
    await expectSame();
    expect(files.coin(first)).to.include({ height: 1, coinbase: true });
    expect(files.place(outpointOf(child).txid)).to.equal(undefined);
    grow(chain, 1, { txs: [parent, child] });
    await expectSame();
    expect(files.place(outpointOf(child).txid)).to.deep.equal({ block: tip().hash, index: 2 });
  });
  it("move with a transaction that a block may repeat, and back again", async () => {
    grow(chain, 3);
    const before = tip();
    const place = { block: hashAt(1), index: 0 };
    const coinbase = firstCoinbase();
    repeat(coinbase, NOW + 1);
    await expectSame();
    expect(files.coin(outpointOf(coinbase))?.height).to.equal(4);
    expect(files.place(outpointOf(coinbase).txid)).to.deep.equal({ block: tip().hash, index: 0 });
    branch(before, 2);
    await expectSame();
    expect(files.coin(outpointOf(coinbase))?.height).to.equal(1);
    expect(files.place(outpointOf(coinbase).txid)).to.deep.equal(place);
  });
  it("come back where they were before a transaction without coins was repeated", async () => {
    grow(chain, 101);
    const coinbase = firstCoinbase();
    const before = tip();
    const other = spend([outpointOf(coinbase)], [output(COIN)]);
    grow(chain, 1, { txs: [other] });
    repeat(coinbase, NOW + 1);
    await expectSame();
    // Below the block that spent the first of the two.
    branch(before, 3);
    await expectSame();
    expect(files.coin(outpointOf(coinbase))?.height).to.equal(1);
  });
});
