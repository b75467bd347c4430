import { readFileSync } from "node:fs";
import { EOL } from "node:os";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { decodeBlock } from "../../../src/bitcoin/block.ts";
import { openNode } from "./world.ts";

/** A pruned node that takes the blocks of a file and ends itself at a phase, or is through. */
const [folder = "", file = "", phase, at] = process.argv.slice(2);
let passed = 0;
const reached = (now: string): void => {
  if (now === phase && ++passed === Number(at)) process.kill(process.pid, "SIGKILL");
};
const node = openNode(folder, systemClock, tcpNetwork, { fileBytesMax: 2_500, pruneBytes: 10_000, reached });
node.start(node.tip(), () => undefined);
const lines = readFileSync(file, "utf8").trim().split("\n");
for (const line of lines.slice(node.brain.chain.tip.height)) {
  const block = decodeBlock(fromHex(line));
  if (!block.ok || !node.submit(block.value).ok) throw new Error("a block is refused");
  if (node.brain.chain.tip.height % 7 === 0) await node.settled();
}
await node.settled();
await node.stop();
process.stdout.write(`through${EOL}`);
