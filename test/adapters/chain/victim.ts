import { EOL } from "node:os";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { sat } from "../../../src/base/units.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { openNode, reorganise } from "./world.ts";

/**
 * A node that mines, spends, reorganises and prunes without end, and says so: to be killed at any moment, or at a phase of
 * a write by its own hand. Its blocks stand in many small files.
 */
const [folder = "", phase, at] = process.argv.slice(2);
let passed = 0;
const reached = (now: string): void => {
  if (now === phase && ++passed === Number(at)) process.kill(process.pid, "SIGKILL");
};
const disk = { fileBytesMax: 5_000, reached };
const node = openNode(folder, systemClock, tcpNetwork, disk);
for (let round = 0; ; round++) {
  await node.mine(1, ANYONE);
  const { height } = node.tip();
  const old = height > 101 ? node.whole.blockAt((height - 101) as typeof height)?.txs[0] : undefined;
  if (old !== undefined) await node.broadcast(spend([outpointOf(old)], [output(sat(COIN / 2n)), output(1000n)]));
  if (height > 20 && round % 5 === 4) reorganise(node, 1 + (round % 4));
  process.stdout.write(`${node.tip().height} ${node.tip().hash}${EOL}`);
}
