import { expect } from "chai";
import type { ChannelPolicy } from "../../channels/index.ts";
import { present } from "../../src/base/result.ts";
import { msat, sat } from "../../src/base/units.ts";
import { type LabNode, PORT } from "../../src/lab/lab-node.ts";
import { setUp } from "../../src/lab/setup.ts";
import { createWorld, type World } from "../../src/lab/world.ts";
import { mine } from "./failing-street.ts";
import { soon, violations } from "./small-world.ts";

/** Three nodes with coins; the first is connected to both others and has no channel. */
async function three(channelPolicy: (node: number) => Partial<ChannelPolicy> = () => ({})) {
  const world: World = createWorld({ seed: 7, nodes: 3, channelPolicy });
  expect(await setUp(world, [])).to.equal(true);
  const [a, b, c] = world.nodes as [LabNode, LabNode, LabNode];
  for (const peer of [b, c])
    expect((await soon(world, a.node.connect({ nodeId: peer.id, host: peer.name, port: PORT }))).ok).to.equal(true);
  const wish = (peer: LabNode, capacity: bigint) => ({
    nodeId: peer.id,
    capacity: sat(capacity),
    push: msat(0n),
    announce: true,
  });
  return { world, a, b, c, wish };
}
const mempool = (world: World): number => world.chain.brain.pool.entries.size;

describe("Several channels in one funding transaction. RELIABILITY U12", () => {
  it("are opened together, also two with the same peer, and paid for once", async () => {
    const { world, a, b, c, wish } = await three();
    const channels = [wish(b, 300_000n), wish(c, 200_000n), wish(b, 100_000n)];
    const opened = await soon(world, a.node.openChannels({ channels }));
    if (!opened.ok) throw new Error(opened.error.detail);
    expect(opened.value.map(({ peer, capacity }) => [peer, capacity])).to.deep.equal(
      channels.map(({ nodeId, capacity }) => [nodeId, capacity]),
    );
    const outpoints = opened.value.map(({ funding }) => present(funding, "an outpoint"));
    expect(new Set(outpoints.map(({ txid }) => txid)).size).to.equal(1);
    expect(new Set(outpoints.map(({ vout }) => vout)).size).to.equal(3);
    expect(mempool(world)).to.equal(1);
    await mine(world, 6);
    expect([a, b, c].map(({ node }) => node.channels().map(({ active }) => active))).to.deep.equal([
      [true, true, true],
      [true, true],
      [true],
    ]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("RELIABILITY U12: the third is refused: nothing is broadcast, the others are given up, and the coins are free", async () => {
    const { world, a, b, c, wish } = await three((node) => (node === 2 ? { capacityMin: sat(500_000n) } : {}));
    const before = a.node.balance().onchain;
    const channels = [wish(b, 300_000n), wish(b, 100_000n), wish(c, 200_000n)];
    expect(await soon(world, a.node.openChannels({ channels }))).to.deep.equal({
      ok: false,
      error: { code: "peer_refused", detail: "bad opening, rule capacity", pointer: "/channels/2" },
    });
    await world.pass(2_000);
    expect([a.node.channels(), b.node.channels(), c.node.channels()]).to.deep.equal([[], [], []]);
    expect(mempool(world)).to.equal(0);
    expect(a.node.balance().onchain).to.deep.equal(before);
    expect(violations(world)).to.deep.equal([]);
  });

  it("RELIABILITY U12: a peer is gone after another has signed: nothing is broadcast, also after a restart", async () => {
    const { world, a, b, c, wish } = await three();
    const before = a.node.balance().onchain;
    const channels = [wish(b, 300_000n), wish(c, 200_000n)];
    const answer = a.node.openChannels({ channels });
    const hasSigned = (): boolean => b.recorder.durable.channels.size === 1;
    while (!hasSigned()) await world.step();
    world.network.part(a.name, c.name);
    const opened = await soon(world, answer);
    expect(opened.ok || opened.error.code).to.equal("peer_refused");
    await world.pass(1_000);
    expect(mempool(world)).to.equal(0);
    await a.crash(0);
    await a.start();
    await world.pass(5_000);
    expect([a.node.channels().length, mempool(world)]).to.deep.equal([0, 0]);
    const { confirmed, unconfirmed } = a.node.balance().onchain;
    expect(confirmed + unconfirmed).to.equal(before.confirmed + before.unconfirmed);
  });

  it("says which wish is wrong before any peer hears of it", async () => {
    const { world, a, b, wish } = await three();
    const channels = [wish(b, 300_000n), { ...wish(b, 100_000n), nodeId: a.id }];
    expect(await soon(world, a.node.openChannels({ channels }))).to.deep.equal({
      ok: false,
      error: { code: "peer_unreachable", detail: "connect to the peer first", pointer: "/channels/1/peer" },
    });
    const dear = [wish(b, 4_000_000_000n), wish(b, 4_000_000_000n)];
    const refused = await soon(world, a.node.openChannels({ channels: dear }));
    expect(refused.ok || refused.error.code).to.equal("peer_refused");
    await world.pass(1_000);
    expect([a.node.channels(), b.node.channels()]).to.deep.equal([[], []]);
  });
});
