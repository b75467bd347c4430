import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { nodeBrain, takeBlock } from "../../../src/chain/brain.ts";
import { hashBlock } from "../../../src/chain/hashed-block.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { memoryStorage } from "../../../src/chain/memory-storage.ts";
import { ANYONE } from "../../chain/builder.ts";
import { openNode, removeFolder, tempFolder } from "./world.ts";

const VICTIM = fileURLToPath(import.meta.url).replace("kill.test", "victim");

/** Runs the victim until it has said `lines` lines and a little longer, kills it, and gives its last words. */
function killAfter(folder: string, lines: number, moreMs: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, VICTIM, folder]);
    let said = "";
    let doomed = false;
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      if (doomed || said.split("\n").length <= lines) return;
      doomed = true;
      setTimeout(() => child.kill("SIGKILL"), moreMs);
    });
    child.stderr.on("data", (text: Buffer) => reject(new Error(text.toString())));
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(said.trim().split("\n"));
      else reject(new Error(`the victim ended by itself with ${code}`));
    });
  });
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
      ] as const) {
        const words = await killAfter(folder, lines, moreMs);
        const [height] = (words.at(-1) ?? "").split(" ");
        const node = openNode(folder, systemClock, tcpNetwork);
        const { chain } = node.brain;
        expect(chain.tip.height).to.be.at.least(Number(height));
        const replayed = memoryStorage();
        const fresh = nodeBrain(CHAINS.regtest, replayed);
        for (let at = 1; at <= chain.tip.height; at++) {
          const { hash } = ancestorAt(chain.tip, at) as HeaderNode;
          const block = node.whole.block(hash);
          const taken = block && takeBlock(fresh, hashBlock(block), chain.tip.header.time);
          expect(taken?.ok, `block ${at}`).to.equal(true);
        }
        const texts = (coins: Iterable<unknown>): readonly string[] =>
          Array.from(coins, (coin) =>
            JSON.stringify(coin, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
          ).sort();
        expect(texts(node.files.coins())).to.deep.equal(texts(replayed.coins.values()));
        expect(node.whole.utxoTotal()).to.deep.equal(replayed.totals());
        const before = chain.tip.height;
        await node.mine(1, ANYONE);
        expect(node.tip().height).to.equal(before + 1);
        await node.stop();
      }
    } finally {
      removeFolder(folder);
    }
  });
});
