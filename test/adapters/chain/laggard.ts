import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { decodeBlock } from "../../../src/bitcoin/block.ts";
import type { BlockRef } from "../../../src/ports/chain-source.ts";
import { openNode } from "./world.ts";

/** A listener whose disk is so many blocks behind what it has heard. */
const LAG_BLOCKS = 350;
/** A pruned node with such a listener, which ends itself at a phase. The cursor in the listener's file is what it has durably. */
const [folder = "", file = "", phase, at] = process.argv.slice(2);
let passed = 0;
const reached = (now: string): void => {
  if (now === phase && ++passed === Number(at)) process.kill(process.pid, "SIGKILL");
};
const node = openNode(folder, systemClock, tcpNetwork, { fileBytesMax: 2_500, pruneBytes: 10_000, reached });
const cursorFile = join(folder, "cursor.json");
const cursor = existsSync(cursorFile) ? (JSON.parse(readFileSync(cursorFile, "utf8")) as BlockRef) : undefined;
let told = node.tip().height;
const heard: { readonly block: BlockRef; readonly settled: () => void }[] = [];
node.start(cursor, async (events) => {
  const block = events.find((event) => event.tag === "BlockConnected")?.block;
  if (block === undefined) return;
  told = block.height;
  const durable = new Promise<void>((settled) => heard.push({ block, settled }));
  const oldest = heard.length > LAG_BLOCKS ? heard.shift() : undefined;
  if (oldest !== undefined) {
    writeFileSync(cursorFile, JSON.stringify(oldest.block));
    oldest.settled();
  }
  await durable;
});
for (const line of readFileSync(file, "utf8").trim().split("\n").slice(node.brain.chain.tip.height)) {
  const block = decodeBlock(fromHex(line));
  if (!block.ok || !node.submit(block.value).ok) throw new Error("a block is refused");
  if (node.brain.chain.tip.height % 7 !== 0) continue;
  await node.settled();
  while (told < node.tip().height) await new Promise((resolve) => setImmediate(resolve));
}
throw new Error("that phase never came");
