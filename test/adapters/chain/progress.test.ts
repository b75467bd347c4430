import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import type { SyncProgress } from "../../../src/ports/base-node.ts";
import { ANYONE } from "../../chain/builder.ts";
import { openNode, removeFolder, tempFolder } from "./world.ts";

const BLOCKS = 300;

describe("base nodes over TCP: progress", () => {
  it("is told by a fresh node, and rises to the end", async () => {
    const folders = [tempFolder(), tempFolder()];
    const [full, fresh] = folders.map((folder) => openNode(folder, systemClock, tcpNetwork)) as [
      EmbeddedNode,
      EmbeddedNode,
    ];
    try {
      await full.mine(BLOCKS, ANYONE);
      expect([full.progress(), fresh.progress()]).to.deep.equal([undefined, undefined]);
      const told: SyncProgress[] = [];
      const inStep = new Promise<void>((resolve) => {
        fresh.onProgress(() => {
          const progress = fresh.progress();
          if (progress !== undefined) told.push(progress);
          else if (fresh.tip().height === BLOCKS) resolve();
        });
      });
      await fresh.connect(await full.listen({ host: "127.0.0.1", port: 0 }));
      await inStep;
      const blocks = told.filter(({ stage }) => stage === "blocks");
      const heights = blocks.map(({ done }) => done);
      expect(heights).to.deep.equal([...heights].sort((a, b) => a - b));
      expect(new Set(heights).size).to.be.greaterThan(BLOCKS / 10);
      expect([heights.every((height) => height < BLOCKS), new Set(blocks.map(({ total }) => total))]).to.deep.equal([
        true,
        new Set([BLOCKS]),
      ]);
    } finally {
      await fresh.stop();
      await full.stop();
      folders.forEach(removeFolder);
    }
  });
});
