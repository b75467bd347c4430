import { mock } from "node:test";
import { expect } from "chai";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { PeerCoins } from "../../../src/daemon/channel/peer-coins.ts";
import { LOOK_BLOCKS } from "../../../src/daemon/channel/spent-coins.ts";
import { RESOLUTION_DEPTH } from "../../../src/lab/depths.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { giveCoins, mine, onchain, spendElsewhere, takingNothing, tip } from "../failing-street.ts";
import { line, soon, violations } from "../small-world.ts";

describe("RELIABILITY U11: a coin of the peer's that was spent before anybody watched it", () => {
  afterEach(() => mock.restoreAll());

  /** a and b fund a channel that no node takes; b's coin, told as unspent, is what `spends` makes of it. */
  async function opened(spends: boolean) {
    // As if the block that spends it had been there before the coin was shown: nothing tells of it.
    mock.method(PeerCoins.prototype, "spent", () => undefined);
    const made = await line(2, { push: msat(0n), channelPolicy: () => ({ contribution: sat(200_000n) }) });
    const { world } = made;
    const [a, b] = made.nodes as [LabNode, LabNode];
    for (const node of [a, b]) await giveCoins(world, node);
    const takeAgain = takingNothing(world);
    const before = onchain(a);
    const request = { nodeId: b.id, capacity: sat(300_000n), push: msat(0n), announce: false, feerate: satPerKw(500) };
    const asked = await soon(world, a.node.openChannel(request));
    if (!asked.ok) throw new Error(asked.error.detail);
    const { id } = asked.value;
    world.network.part(a.name, b.name);
    if (spends) await spendElsewhere(world, b, id, takeAgain);
    const isKnown = (): boolean => a.node.channels().some((channel) => channel.id === id);
    return { world, a, before, isKnown };
  }

  it("is looked up every few blocks: ours come back as if the spend had been seen then, and the channel goes a hundred later", async function () {
    this.timeout(60_000);
    const { world, a, before, isKnown } = await opened(true);
    await mine(world, 1);
    const looked = Math.ceil(tip(world) / LOOK_BLOCKS) * LOOK_BLOCKS;
    // The block that holds what pays the coin has to be deep as well, and is.
    await mine(world, looked + RESOLUTION_DEPTH - 2 - tip(world));
    expect(before - onchain(a) > 300_000n, "they are in it").to.equal(true);
    await mine(world, 1);
    expect([onchain(a), isKnown()]).to.deep.equal([before, true]);
    await mine(world, 100 - RESOLUTION_DEPTH);
    expect(isKnown()).to.equal(false);
    expect(violations(world)).to.deep.equal([]);
  });
  it("is not taken for spent while it stands in the chain, however long its transaction waits", async function () {
    this.timeout(60_000);
    const { world, a, before, isKnown } = await opened(false);
    await mine(world, 3 * LOOK_BLOCKS + RESOLUTION_DEPTH);
    expect([before - onchain(a) > 300_000n, isKnown()]).to.deep.equal([true, true]);
    expect(violations(world)).to.deep.equal([]);
  });
});
