import { expect } from "chai";
import { msat, sat } from "../../../src/base/units.ts";
import { line, soon, violations } from "../small-world.ts";

describe("Channel host: reorganisations", () => {
  for (const restarts of [false, true])
    it(`finds a funding transaction that a branch holds lower than it was first seen${restarts ? ", after a restart as well" : ""}`, async function () {
      this.timeout(60_000);
      const { world, nodes } = await line(2);
      const [opener, accepter] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
      const request = { nodeId: accepter.id, capacity: sat(100_000n), push: msat(0n), announce: false };
      const opened = await soon(world, opener.node.openChannel(request));
      const id = opened.ok ? opened.value.id : undefined;
      world.chain.mine(1);
      await world.pass(500);
      world.chain.reorganise(6, { txs: "same" });
      if (restarts) for (const node of nodes) node.crash(0);
      if (restarts) for (const node of nodes) await node.start();
      const isReady = (): boolean =>
        nodes.every(({ node }) => node.channels().some((channel) => channel.id === id && channel.active));
      for (let block = 0; block < 6; block++) {
        world.chain.mine(1);
        await world.until(isReady, 3_000);
      }
      expect(isReady()).to.equal(true);
      expect(violations(world)).to.deep.equal([]);
    });
});
