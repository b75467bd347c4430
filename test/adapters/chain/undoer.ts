import { EOL } from "node:os";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { sat } from "../../../src/base/units.ts";
import { ancestorAt, type HeaderNode } from "../../../src/chain/headers.ts";
import { ANYONE, buildBlock, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { openNode } from "./world.ts";

/**
 * A node that takes eight blocks back, with what they spent, for nine others, and kills itself on the way: in the midst
 * of taking one back, or in a phase of a write that began there, and so holds a chain with less work than before.
 */
const DEPTH = 8;
const [folder = "", phase = "", at = "1"] = process.argv.slice(2);
let passed = 0;
let isOnTheWay = false;
let isTorn = false;
const disk = {
  fileBytesMax: 5_000,
  gatherBytesMax: 1_500,
  reached: (now: string): void => {
    if (now === "begun") isTorn = isOnTheWay;
    const counts = now === phase && (isTorn || now.startsWith("undo"));
    if (counts && ++passed === Number(at)) process.kill(process.pid, "SIGKILL");
  },
};
const node = openNode(folder, systemClock, tcpNetwork, disk);
const { chain } = node.brain;
await node.mine(Math.max(0, 102 + DEPTH - chain.tip.height), ANYONE);
for (;;) {
  for (let count = 0; count < DEPTH; count++) {
    const old = node.whole.blockAt((chain.tip.height - 101) as never)?.txs[0];
    if (old !== undefined) await node.broadcast(spend([outpointOf(old)], [output(sat(COIN / 4n)), output(1000n)]));
    await node.mine(1, ANYONE);
  }
  let previous = ancestorAt(chain.tip, chain.tip.height - DEPTH) as HeaderNode;
  for (let count = 0; count <= DEPTH; count++) {
    // What waits for the disk is all of the reorganisation.
    await node.files.settled();
    process.stdout.write(`${node.tip().height} ${node.tip().hash}${EOL}`);
    isOnTheWay = count === DEPTH;
    const taken = node.submit(buildBlock({ brain: node.brain, params: chain.params }, { previous }));
    isOnTheWay = false;
    if (!taken.ok) throw new Error(taken.error.code);
    previous = chain.index.tree.nodes.get(taken.value) as HeaderNode;
  }
}
