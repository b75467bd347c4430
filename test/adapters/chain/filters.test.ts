import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type EmbeddedNode, openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { type FilterFiles, openFilterFiles } from "../../../src/adapters/chain/embedded/filter-files.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import type { FilterHeader } from "../../../src/base/ids.ts";
import { basicFilter, filterHashOf, filterHeaderOf, NO_FILTER_HEADER } from "../../../src/bitcoin/filter.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { readBlock } from "../../../src/chain/chain.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { ANYONE } from "../../chain/builder.ts";
import { noLog, removeFolder, reorganise, settle, tempFolder, testClock, testNetwork } from "./world.ts";

const clock = testClock();

describe("embedded base node: filters", () => {
  let folder: string;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => removeFolder(folder));
  const open = (filters: boolean, at = clock): EmbeddedNode =>
    openBaseNode({
      folder,
      params: CHAINS.regtest,
      filters,
      clock: at,
      random: systemRandom,
      network: testNetwork(at),
      log: noLog,
    });
  /** Stops the node, and reads which blocks have a filter header on the disk, and whether it is right. */
  const stopAndRead = async (node: EmbeddedNode): Promise<readonly string[]> => {
    const { chain } = node.brain;
    const right: FilterHeader[] = [];
    for (let height = 0; height <= chain.tip.height; height++) {
      const at = ancestorAt(chain.tip, height) as HeaderNode;
      const spent = (chain.storage.undo(at.hash) ?? []).map((coin) => coin.output.script);
      const filter = basicFilter(at.hash, readBlock(chain, at).txs, spent);
      right.push(filterHeaderOf(filterHashOf(filter), right.at(-1) ?? NO_FILTER_HEADER));
    }
    await node.stop();
    const files: FilterFiles = openFilterFiles(join(folder, "filters"), CHAINS.regtest);
    const found = right.map((header, height) => {
      const entry = files.entry((ancestorAt(chain.tip, height) as HeaderNode).hash);
      return entry === undefined ? "none" : entry.header === header ? "right" : "wrong";
    });
    await files.close();
    return found;
  };

  it("are on the disk for every block, those of a reorganisation too", async () => {
    const node = open(true);
    await node.mine(6, ANYONE);
    reorganise(node, 3);
    await settle(clock, node);
    expect(await stopAndRead(node)).to.deep.equal(Array(8).fill("right"));
  });
  it("are made in slices for a chain that was there before, with other things done in between", async () => {
    const without = open(false);
    await without.mine(30, ANYONE);
    await without.stop();
    expect(readdirSync(folder)).not.to.include("filters");
    const slow = testClock();
    const node = open(true, slow);
    const made = (await stopAndRead(node)).filter((each) => each === "right").length;
    expect(made).to.equal(8);
    const again = open(true, slow);
    slow.run();
    expect(await stopAndRead(again)).to.deep.equal(Array(31).fill("right"));
  });
  it("go on where they were after the node was killed between two of them", async () => {
    const node = open(true);
    await node.mine(5, ANYONE);
    await node.stop();
    const files = openFilterFiles(join(folder, "filters"), CHAINS.regtest);
    const lost = "77".repeat(32) as never;
    files.commit({ entries: [], tip: lost });
    await files.close();
    const again = open(true);
    clock.run();
    await again.mine(1, ANYONE);
    expect(await stopAndRead(again)).to.deep.equal(Array(7).fill("right"));
  });
  it("refuse the folder of another chain with a sentence", async () => {
    const other = openFilterFiles(join(folder, "filters"), CHAINS.signet);
    await other.close();
    expect(() => openFilterFiles(join(folder, "filters"), CHAINS.regtest)).to.throw(
      `${join(folder, "filters")} holds the filters of another chain`,
    );
  });
});
