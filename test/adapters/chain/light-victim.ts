import { EOL } from "node:os";
import { openCompactNode } from "../../../src/adapters/chain/compact/compact-node.ts";
import { systemClock, systemRandom } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { noLog } from "./world.ts";

/** A light client that follows a whole node and says each new tip that is on its disk: to be killed at any moment. */
const [folder = "", port] = process.argv.slice(2);
const node = openCompactNode({
  ...{ folder, params: CHAINS.regtest, clock: systemClock, random: systemRandom, network: tcpNetwork, log: noLog },
  fallbackFeerate: satPerKw(253),
});
let said = "";
node.onProgress(() => {
  const { height, hash } = node.tip();
  if (hash !== said) process.stdout.write(`${height} ${hash}${EOL}`);
  said = hash;
});
void node.connect({ host: "127.0.0.1", port: Number(port) });
