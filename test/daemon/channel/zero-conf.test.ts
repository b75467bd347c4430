import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { createWorld, type World } from "../../../src/lab/world.ts";
import type { MessageName } from "../../../src/wire/registry.ts";
import { mine } from "../failing-street.ts";
import { connectedPair, invoiceOf, paid, soon, violations } from "../small-world.ts";

/** Two nodes with coins and no channel; the second trusts the first, if `trusted`, with 500,000 sat. */
async function strangers(trusted = true): Promise<{ readonly world: World; readonly a: LabNode; readonly b: LabNode }> {
  const world: World = createWorld({
    seed: 5,
    nodes: 2,
    channelPolicy: (at) => ({
      zeroConfPeers: new Set([present(world.nodes[trusted || at === 0 ? 1 - at : at], "a node").id]),
      zeroConfMax: sat(500_000n),
    }),
  });
  const [a, b] = await connectedPair(world);
  return { world, a, b };
}
const request = { push: msat(0n), announce: false, zeroConf: true } as const;

describe("CONFORMANCE 32: channels that are used before a block holds them, between whole nodes", () => {
  it("are paid over at once, also after a restart, and get their place in the chain later", async () => {
    const { world, a, b } = await strangers();
    const opened = await soon(world, a.node.openChannel({ nodeId: b.id, capacity: sat(400_000n), ...request }));
    expect(opened.ok && opened.value.type.zeroConf).to.equal(true);
    const said = (name: MessageName): number => world.tally.messages.get(name) ?? 0;
    expect([said("open_channel2"), said("open_channel")], "BOLT 2 §The open_channel2 Message").to.deep.equal([1, 0]);
    const isActive = (): boolean => [a, b].every(({ node }) => node.channels()[0]?.active === true);
    expect(await world.until(isActive, 10_000)).to.equal(true);
    expect(a.node.channels()[0]?.shortChannelId).to.equal(undefined);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    await b.crash(0);
    await b.start();
    expect(await world.until(isActive, 60_000)).to.equal(true);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    await mine(world, 1);
    expect(a.node.channels()[0]?.shortChannelId).to.equal(b.node.channels()[0]?.shortChannelId);
    expect(a.node.channels()[0]?.shortChannelId).to.not.equal(undefined);
    expect((await paid(world, a, (await invoiceOf(world, b)).bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });

  it("are refused to who is not trusted, and the coins stay free", async () => {
    const { world, a, b } = await strangers(false);
    const before = a.node.balance().onchain;
    const refused = await soon(world, a.node.openChannel({ nodeId: b.id, capacity: sat(400_000n), ...request }));
    expect(refused).to.deep.equal({
      ok: false,
      error: { code: "peer_refused", detail: "bad opening, rule zero_conf_not_trusted" },
    });
    expect(a.node.balance().onchain).to.deep.equal(before);
    expect(b.node.channels()).to.deep.equal([]);
  });

  it("RELIABILITY U8: hold together no more than may be lost, until they are deep in the chain", async () => {
    const { world, a, b } = await strangers();
    const open = (capacity: bigint) =>
      soon(world, a.node.openChannel({ nodeId: b.id, capacity: sat(capacity), ...request }));
    expect((await open(300_000n)).ok).to.equal(true);
    expect(await open(200_001n)).to.deep.equal({
      ok: false,
      error: { code: "peer_refused", detail: "too much in channels that are not deep in the chain yet" },
    });
    expect((await open(200_000n)).ok).to.equal(true);
    await mine(world, 2);
    expect((await open(500_000n)).ok, "two blocks may be taken back").to.equal(false);
    await mine(world, 1);
    expect((await open(500_000n)).ok).to.equal(true);
    expect(violations(world)).to.deep.equal([]);
  });
});
