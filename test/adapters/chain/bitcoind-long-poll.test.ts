import { join } from "node:path";
import { expect } from "chai";
import { openBitcoind } from "../../../src/adapters/chain/bitcoind/base-node.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { rpcWorld } from "../../bitcoin-rpc/world.ts";
import { buildBlock } from "../../chain/builder.ts";
import { noLog, testClock } from "./world.ts";

describe("bitcoind: long poll", () => {
  it("hears of a block from the node, though it never looks by itself, and tells of none above its tip", async () => {
    const far = await rpcWorld();
    const where = { host: "127.0.0.1", port: far.port, cookieFile: join(far.folder, ".cookie") };
    const submit = (): void => void far.node.submit(buildBlock({ brain: far.node.brain, params: CHAINS.regtest }));
    // On this clock no time passes.
    const near = await openBitcoind({ ...where, params: CHAINS.regtest, clock: testClock(), log: noLog });
    const told: number[] = [];
    const tips: number[] = [];
    const third = new Promise<void>((resolve) => {
      near.start(undefined, (events) => {
        for (const event of events) if (event.tag === "BlockConnected") told.push(event.block.height);
        tips.push(near.tip().height);
        // Blocks that come while one is looked at are told by the same look.
        if (told.length === 1) for (let blocks = 0; blocks < 2; blocks++) submit();
        if (told.length === 3) resolve();
      });
    });
    await near.look();
    submit();
    await third;
    expect([told, tips]).to.deep.equal([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    // No look is under way any more.
    await near.look();
    const fourth = new Promise<void>((resolve) => near.onProgress(() => near.tip().height === 4 && resolve()));
    submit();
    await fourth;
    await near.look();
    const { height, hash } = far.node.brain.chain.tip;
    expect([told, near.tip()]).to.deep.equal([[1, 2, 3, 4], { height, hash }]);
    await near.stop();
    await far.close();
  });
});
