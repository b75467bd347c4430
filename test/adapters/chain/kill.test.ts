import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { openChainFiles, type UndoPhase } from "../../../src/adapters/chain/embedded/storage.ts";
import type { WritePhase } from "../../../src/adapters/chain/embedded/write-behind.ts";
import { utxoHash } from "../../../src/adapters/chain/utxo-hash.ts";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { encodeBlock } from "../../../src/bitcoin/block.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { nodeBrain, takeBlock } from "../../../src/chain/brain.ts";
import { readBlock } from "../../../src/chain/chain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { memoryStorage } from "../../../src/chain/memory-storage.ts";
import type { BlockRef } from "../../../src/ports/chain-source.ts";
import { ANYONE, bench, grow, sortedCoins } from "../../chain/builder.ts";
import { die } from "./death.ts";
import { openNode, removeFolder, tempFolder } from "./world.ts";

/** The coins are those of a node that takes the same blocks one after the other, undisturbed. */
function expectWhole(node: EmbeddedNode): void {
  const { chain } = node.brain;
  const replayed = memoryStorage();
  const fresh = nodeBrain(CHAINS.regtest, replayed);
  for (let at = 1; at <= chain.tip.height; at++) {
    const block = node.whole.block((ancestorAt(chain.tip, at) as HeaderNode).hash);
    const taken = block && takeBlock(fresh, hashBlock(block), chain.tip.header.time);
    expect(taken?.ok, `block ${at}`).to.equal(true);
  }
  expect(utxoHash(node.files.coins())).to.equal(utxoHash(sortedCoins(replayed)));
  expect(node.whole.utxoTotal()).to.deep.equal(replayed.totals());
}
/** Opens what a death has left. */
async function autopsy(folder: string, words: readonly string[]): Promise<void> {
  const [height] = (words.at(-1) ?? "").split(" ");
  const node = openNode(folder, systemClock, tcpNetwork);
  const { chain } = node.brain;
  // What was said was on the disk.
  expect(chain.tip.height).to.be.at.least(Number(height));
  await node.files.settled();
  expectWhole(node);
  const before = chain.tip.height;
  await node.mine(1, ANYONE);
  expect(node.tip().height).to.equal(before + 1);
  await node.stop();
}

describe("base node: kill -9 at any moment", () => {
  it("leaves a chain that opens, is whole, and goes on", async function () {
    this.timeout(60_000);
    const folder = tempFolder();
    try {
      // Whatever the moment, three kills in a row on one folder.
      for (const [lines, moreMs] of [
        [130, 0],
        [20, 3],
        [10, 7],
      ] as const)
        await autopsy(folder, await die(folder, { lines, moreMs }));
    } finally {
      removeFolder(folder);
    }
  });
});

describe("RELIABILITY B27: kill -9 in each phase of a write", () => {
  const folder = tempFolder();
  after(() => removeFolder(folder));
  const deaths: readonly (readonly [WritePhase, number])[] = [
    ["begun", 125],
    ["prepared", 6],
    ["half", 7],
    ["written", 8],
    ["synced", 9],
    ["half", 1],
    ["prepared", 1],
  ];
  for (const [phase, at] of deaths) {
    it(`leaves the coins of an undisturbed node: ${phase}, time ${at}`, async function () {
      this.timeout(60_000);
      await autopsy(folder, await die(folder, { phase, at }));
    });
  }
});

describe("RELIABILITY B27: kill -9 while a reorganisation takes blocks back", () => {
  const folder = tempFolder();
  after(() => removeFolder(folder));
  /** The block that the disk says is connected. */
  async function storedTip(): Promise<string | undefined> {
    const files = openChainFiles({ folder, params: CHAINS.regtest });
    const tip = files.tip();
    await files.close();
    return tip;
  }
  const deaths: readonly (readonly [UndoPhase | WritePhase, number, string])[] = [
    ["undoing", 1, "the disk knows nothing of it"],
    ["undone", 5, "the disk knows nothing of it"],
    ["half", 1, "the disk knows nothing of it"],
    ["synced", 1, "the disk has stopped halfway"],
  ];
  for (const [phase, at, what] of deaths) {
    it(`leads on to the better chain, as ${what}: ${phase}, time ${at}`, async function () {
      this.timeout(60_000);
      const words = await die(folder, { phase, at, script: "undoer" });
      const [, before] = words.at(-1)?.split(" ") ?? [];
      expect((await storedTip()) === before).to.equal(what === "the disk knows nothing of it");
      await autopsy(folder, words);
    });
  }
});

/** So many blocks, and a file of them. */
function grownFile(folder: string, count: number) {
  const source = bench();
  grow(source, count);
  const { chain } = source.brain;
  const blocks = Array.from({ length: count }, (_, at) =>
    readBlock(chain, ancestorAt(chain.tip, at + 1) as HeaderNode),
  );
  const file = `${folder}/blocks.hex`;
  writeFileSync(file, blocks.map((block) => `${toHex(encodeBlock(block))}\n`).join(""));
  return { source, blocks, file };
}

describe("RELIABILITY B27: kill -9 while old blocks are deleted", () => {
  it("leaves the coins of an undisturbed node, the last 288 blocks, and no file that nobody knows of", async function () {
    this.timeout(120_000);
    const folder = tempFolder();
    const { source, blocks, file } = grownFile(folder, 360);
    const { tip } = source.brain.chain;
    for (const [phase, at] of [
      ["forgotten", 1],
      ["dropped", 1],
      ["half", 2],
      ["forgotten", 2],
    ] as const)
      await die(folder, { phase, at, script: "pruner", orders: [file] });
    const node = openNode(folder, systemClock, tcpNetwork, { fileBytesMax: 2_500, pruneBytes: 10_000 });
    const { chain } = node.brain;
    for (const block of blocks.slice(chain.tip.height)) expect(node.submit(block).ok).to.equal(true);
    await node.settled();
    expect(chain.tip.hash).to.equal(tip.hash);
    expect(utxoHash(node.files.coins())).to.equal(utxoHash(sortedCoins(source.storage)));
    const prunedTo = node.files.prunedTo();
    expect(prunedTo).to.be.within(1, tip.height - 288 - 1);
    for (let height = prunedTo + 1; height <= tip.height; height++)
      expect(node.whole.blockAt(blockHeight(height)), `block ${height}`).to.not.equal(undefined);
    await node.stop();
    removeFolder(folder);
  });
  it("leaves a listener whose own disk is 350 blocks behind with everything that it has to hear again", async function () {
    this.timeout(120_000);
    const folder = tempFolder();
    const { file } = grownFile(folder, 800);
    for (const [phase, at] of [
      ["forgotten", 3],
      ["dropped", 2],
    ] as const)
      await die(folder, { phase, at, script: "laggard", orders: [file] });
    const cursor = JSON.parse(readFileSync(`${folder}/cursor.json`, "utf8")) as BlockRef;
    const node = openNode(folder, systemClock, tcpNetwork, { fileBytesMax: 2_500, pruneBytes: 10_000 });
    const tip = node.tip();
    expect(node.files.prunedTo()).to.be.within(1, cursor.height - 288);
    expect(tip.height - cursor.height, "more than any reorganisation needs").to.be.greaterThan(288);
    const heights: number[] = [];
    await new Promise<void>((resolve) => {
      node.start(cursor, (events) => {
        for (const event of events) if (event.tag === "BlockConnected") heights.push(event.block.height);
        if (heights.at(-1) === tip.height) resolve();
      });
    });
    const missing = tip.height - cursor.height;
    expect(heights).to.deep.equal(Array.from({ length: missing }, (_, at) => cursor.height + 1 + at));
    await node.stop();
    removeFolder(folder);
  });
});
