import { expect } from "chai";
import { openCompactNode } from "../../../src/adapters/chain/compact/compact-node.ts";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemClock, systemRandom } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { ancestorAt } from "../../../src/chain/headers.ts";
import type { Address } from "../../../src/ports/network.ts";
import { ANYONE } from "../../chain/builder.ts";
import { die } from "./death.ts";
import { noLog, openNode, removeFolder, reorganise, tempFolder } from "./world.ts";

const HERE: Address = { host: "127.0.0.1", port: 0 };

/** Opens what a death has left: it holds what was said, agrees with the whole node about every filter, and comes to its tip. */
async function autopsy(folder: string, words: readonly string[], whole: EmbeddedNode, address: Address): Promise<void> {
  const light = openCompactNode({
    ...{ folder, params: CHAINS.regtest, clock: systemClock, random: systemRandom, network: tcpNetwork, log: noLog },
    fallbackFeerate: satPerKw(253),
  });
  const [height, hash] = (words.at(-1) ?? "").split(" ");
  const { tree } = light.light.sync.brain.chain.index;
  expect(tree.nodes.get(hash as never)?.height, "what was said was on the disk").to.equal(Number(height));
  const inStep = new Promise<void>((resolve) => {
    light.onProgress(() => void (light.tip().hash === whole.tip().hash && resolve()));
  });
  void light.connect(address);
  await inStep;
  const { filterTip } = light.light;
  for (let at = 0; at <= filterTip.height; at++) {
    const block = ancestorAt(filterTip, at)?.hash as never;
    expect(light.light.storage.link(block)?.header, `filter ${at}`).to.equal(whole.filters?.header(block)?.header);
  }
  await light.stop();
}

describe("light client: kill -9 at any moment", () => {
  it("leaves headers and filter headers that open, are true, and go on, also in a reorganisation", async function () {
    this.timeout(60_000);
    const [folder, wholeFolder] = [tempFolder(), tempFolder()];
    const whole = openNode(wholeFolder, systemClock, tcpNetwork);
    await whole.mine(300, ANYONE);
    const address = await whole.listen(HERE);
    let isOver = false;
    const busy = (async () => {
      for (let round = 0; !isOver; round++) {
        await whole.mine(1, ANYONE);
        if (round % 4 === 3) reorganise(whole, 1 + (round % 3));
        await whole.settled();
        await new Promise((resolve) => systemClock.after(2, () => resolve(undefined)));
      }
    })();
    for (const [lines, moreMs] of [
      [1, 0],
      [6, 2],
    ] as const) {
      const orders = [String(address.port)];
      await autopsy(folder, await die(folder, { lines, moreMs, script: "light-victim", orders }), whole, address);
    }
    isOver = true;
    await busy;
    await whole.stop();
    for (const each of [folder, wholeFolder]) removeFolder(each);
  });
});
