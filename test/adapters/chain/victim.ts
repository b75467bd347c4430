import { EOL } from "node:os";
import { systemClock } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { sat } from "../../../src/base/units.ts";
import { ANYONE, COIN, outpointOf, output, spend } from "../../chain/builder.ts";
import { openNode, reorganise } from "./world.ts";

/** A node that mines, spends and reorganises without end, and says so: to be killed at any moment. */
const folder = process.argv[2] ?? "";
const node = openNode(folder, systemClock, tcpNetwork);
for (let round = 0; ; round++) {
  await node.mine(1, ANYONE);
  const { height } = node.tip();
  const old = height > 101 ? node.whole.blockAt((height - 101) as typeof height)?.txs[0] : undefined;
  if (old !== undefined) await node.broadcast(spend([outpointOf(old)], [output(sat(COIN / 2n)), output(1000n)]));
  if (height > 20 && round % 5 === 4) reorganise(node, 1 + (round % 4));
  process.stdout.write(`${node.tip().height} ${node.tip().hash}${EOL}`);
}
