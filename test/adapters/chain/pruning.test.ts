import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import type { DiskOptions } from "../../../src/adapters/chain/embedded/storage.ts";
import { utxoHash } from "../../../src/adapters/chain/utxo-hash.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import type { ChainEvent, Watch } from "../../../src/ports/chain-source.ts";
import { ANYONE, buildBlock, outpointOf } from "../../chain/builder.ts";
import { openNode, removeFolder, reorganise, settle, tempFolder, testClock, testNetwork } from "./world.ts";

/** Ten blocks a file or so. */
const SMALL: DiskOptions = { fileBytesMax: 2_500, pruneBytes: 10_000 };

function extend(node: EmbeddedNode, count: number): void {
  for (let at = 0; at < count; at++) {
    const taken = node.submit(buildBlock({ brain: node.brain, params: node.brain.chain.params }));
    if (!taken.ok) throw new Error(taken.error.code);
  }
}

describe("a pruned chain", () => {
  let folder: string;
  const clock = testClock();
  const network = testNetwork(clock);
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => removeFolder(folder));
  const open = (disk: DiskOptions = SMALL): EmbeddedNode => openNode(folder, clock, network, disk);
  const files = (): readonly string[] => readdirSync(join(folder, "blocks")).sort();
  const nodeAt = ({ brain }: EmbeddedNode, height: number): HeaderNode =>
    ancestorAt(brain.chain.tip, height) as HeaderNode;
  async function grown(blocks: number, disk = SMALL): Promise<EmbeddedNode> {
    const node = open(disk);
    node.start(undefined, () => undefined);
    await growUp(node, blocks);
    return node;
  }
  /** The last block comes when everything before it was told. */
  async function growUp(node: EmbeddedNode, blocks: number): Promise<void> {
    extend(node, blocks - 1);
    await settled(node);
    extend(node, 1);
    await settled(node);
  }
  async function settled(node: EmbeddedNode): Promise<void> {
    await settle(clock, node);
    await node.settled();
  }
  const prunedTo = (node: EmbeddedNode): number => node.brain.chain.storage.prunedTo();

  it("keeps the last 288 blocks with their undo, and every file that has one of them", async () => {
    const node = await grown(350);
    const pruned = prunedTo(node);
    expect(pruned).to.be.within(40, 350 - 288 - 1);
    for (let height = pruned + 1; height <= 350; height++) {
      const { hash } = nodeAt(node, height);
      expect(node.files.block(hash), `block ${height}`).to.not.equal(undefined);
      expect(node.files.undo(hash), `undo ${height}`).to.not.equal(undefined);
    }
    const { hash } = nodeAt(node, 1);
    expect([node.files.block(hash), node.files.undo(hash)]).to.deep.equal([undefined, undefined]);
    expect(files()[0]).to.not.equal("blk00000.dat");
    await node.stop();
  });
  it("keeps everything while it fits the target", async () => {
    const node = await grown(350, { fileBytesMax: 2_500, pruneBytes: 10_000_000 });
    expect([prunedTo(node), files()[0]]).to.deep.equal([0, "blk00000.dat"]);
    await node.stop();
  });
  it("opens again, goes on, and goes back 288 blocks with the coins of a whole node", async function () {
    this.timeout(60_000);
    let node = await grown(350);
    const before = { pruned: prunedTo(node), files: files(), tip: node.tip(), coins: utxoHash(node.files.coins()) };
    await node.stop();
    node = open();
    expect({
      pruned: prunedTo(node),
      files: files(),
      tip: node.tip(),
      coins: utxoHash(node.files.coins()),
    }).to.deep.equal(before);
    reorganise(node, 288);
    await settled(node);
    expect(node.tip().height).to.equal(351);
    expect(node.whole.utxoTotal().count).to.equal(351);
    await node.stop();
  });
  it("says of what it lacks that it is not held, and never that it is not there", async () => {
    const node = open();
    extend(node, 1);
    const first = node.whole.blockAt(blockHeight(1));
    const { txid } = outpointOf(first?.txs[0] as Tx);
    node.start(undefined, () => undefined);
    await growUp(node, 349);
    const detail = "Block 1 is not kept any more: this node prunes its chain.";
    const lacking = { ok: false, error: { code: "not_held", detail } };
    const { hash } = nodeAt(node, 1);
    expect(await Promise.all([node.block(hash), node.blockAt(blockHeight(1)), node.transaction(txid)])).to.deep.equal(
      Array(3).fill(lacking),
    );
    expect((await node.header(hash)).ok).to.equal(true);
    expect((await node.unspent({ txid, vout: 0 }))?.block.height).to.equal(1);
    await node.stop();
  });
  it("waits for a listener that has not heard of a block yet", async () => {
    const node = open();
    const heights: number[] = [];
    node.start(undefined, (events: readonly ChainEvent[]) => {
      for (const event of events) if (event.tag === "BlockConnected") heights.push(event.block.height);
    });
    await growUp(node, 351);
    expect(heights).to.deep.equal(Array.from({ length: 351 }, (_, at) => at + 1));
    expect(prunedTo(node)).to.be.greaterThan(0);
    await node.stop();
  });
  it("keeps everything until somebody listens: who it is, and from where on, is not known before", async () => {
    const node = open();
    await growUp(node, 350);
    expect(prunedTo(node)).to.equal(0);
    await node.stop();
  });
  it("keeps what a listener has heard and not on its disk yet, and lets it go when it has", async () => {
    const node = open();
    const waiting: (() => void)[] = [];
    node.start(undefined, () => new Promise((resolve) => waiting.push(resolve)));
    await growUp(node, 350);
    expect([waiting.length, prunedTo(node)]).to.deep.equal([350, 0]);
    for (const resolve of waiting.slice(0, 320)) resolve();
    await growUp(node, 1);
    expect(prunedTo(node)).to.be.within(1, 320 - 288);
    await node.stop();
  });
  it("refuses a listener for whom blocks are missing, with a sentence, and serves one that needs none of them", async () => {
    const before = await grown(350);
    await before.stop();
    const node = open();
    const sentence = `This node has to look at block 1 of the chain, and blocks up to ${prunedTo(node)} were pruned`;
    expect(() => node.start(undefined, () => undefined)).to.throw(sentence);
    const { height, hash } = nodeAt(node, 349);
    const heard: ChainEvent[] = [];
    node.start({ height, hash }, (events) => void heard.push(...events));
    await settled(node);
    expect(heard.map(({ tag }) => tag)).to.deep.equal(["BlockConnected"]);
    await node.stop();
  });
  for (const moment of ["before", "after"] as const)
    it(`looks for what is watched from long ago in the blocks that it has, set ${moment} the start`, async () => {
      const grownUp = await grown(350);
      await grownUp.stop();
      const node = open();
      const { height, hash } = nodeAt(node, 350);
      const watches: readonly Watch[] = [
        { tag: "Script", script: ANYONE, from: blockHeight(1) },
        { tag: "Outpoint", outpoint: { txid: "ab".repeat(32) as Txid, vout: 0 }, script: ANYONE, from: blockHeight(1) },
      ];
      const paid: number[] = [];
      if (moment === "before") node.watch(watches);
      node.start({ height, hash }, (events) => {
        for (const event of events) if (event.tag === "ScriptPaid") paid.push(event.by.block.height);
      });
      if (moment === "after") node.watch(watches);
      await settled(node);
      const first = prunedTo(node) + 1;
      expect(paid).to.deep.equal(Array.from({ length: 350 - first + 1 }, (_, at) => first + at));
      await node.stop();
    });
  it("deletes at the next start a file that it had forgotten when it ended", async () => {
    const node = await grown(350);
    await node.stop();
    writeFileSync(join(folder, "blocks", "blk00000.dat"), "left behind");
    const again = open();
    expect(files()).to.not.include("blk00000.dat");
    await again.stop();
  });
});
