import { expect } from "chai";
import type { ChannelPolicy } from "../../../channels/index.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { type LabNode, PORT } from "../../../src/lab/lab-node.ts";
import { setUp } from "../../../src/lab/setup.ts";
import { createWorld, type World } from "../../../src/lab/world.ts";
import type { MessageName } from "../../../src/wire/registry.ts";
import { mine, takingNothing } from "../failing-street.ts";
import { soon, violations } from "../small-world.ts";

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
const said = (world: World, name: MessageName): number => world.tally.messages.get(name) ?? 0;
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
    expect([said(world, "open_channel2"), said(world, "open_channel")], "with all at once").to.deep.equal([3, 0]);
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

  it("RELIABILITY U12: goes out with all channels on disk, or not at all, wherever the node stops", async function () {
    this.timeout(60_000);
    const points: readonly [MessageName, number][] = [
      ["commitment_signed", 1],
      ["commitment_signed", 2],
      ["commitment_signed", 3],
      ["tx_signatures", 1],
      ["tx_signatures", 2],
      ["tx_signatures", 3],
    ];
    const ends: number[] = [];
    for (const [name, count] of points) {
      const { world, a, b, c, wish } = await three();
      const { confirmed } = a.node.balance().onchain;
      void a.node.openChannels({ channels: [wish(b, 300_000n), wish(c, 200_000n)] });
      while (said(world, name) < count) await world.step();
      a.crash(count === 2 ? 0 : a.disk.pending);
      await a.start();
      await world.pass(70_000);
      const opened = a.node.channels().length;
      ends.push(opened);
      expect([opened === 0 || opened === 2, mempool(world)], `${name} ${count}`).to.deep.equal([true, opened / 2]);
      if (opened === 0) expect(a.node.balance().onchain.confirmed, `${name} ${count}`).to.equal(confirmed);
      expect(violations(world), `${name} ${count}`).to.deep.equal([]);
    }
    expect(new Set(ends), "both happen").to.deep.equal(new Set([0, 2]));
  });
  it("RELIABILITY U12: one channel is on disk and the other is not when the node stops: the one is given up", async () => {
    const { world, a, b, c, wish } = await three();
    const { confirmed } = a.node.balance().onchain;
    void a.node.openChannels({ channels: [wish(b, 300_000n), wish(c, 200_000n)] });
    while (said(world, "tx_add_output") < 2) await world.step();
    world.network.hold(a.name, c.name);
    await world.pass(2_000);
    expect([a.recorder.durable.channels.size, said(world, "commitment_signed")]).to.deep.equal([1, 2]);
    expect(said(world, "tx_signatures"), "of the peer, and not ours").to.equal(1);
    a.crash(0);
    world.network.heal(a.name, c.name);
    await a.start();
    await world.pass(70_000);
    expect([a.node.channels().length, mempool(world), a.node.balance().onchain.confirmed]).to.deep.equal([
      0,
      0,
      confirmed,
    ]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("is as before with peers that would have a part in it, and where something is pushed", async () => {
    const contribution = sat(100_000n);
    const { world, a, b, c, wish } = await three((node) => (node === 2 ? { contribution } : {}));
    const channels = [wish(b, 300_000n), wish(c, 200_000n)];
    const opened = await soon(world, a.node.openChannels({ channels }), 20_000);
    if (!opened.ok) throw new Error(opened.error.detail);
    expect([said(world, "open_channel2"), said(world, "open_channel")]).to.deep.equal([2, 2]);
    expect([mempool(world), opened.value.map(({ capacity }) => capacity)]).to.deep.equal([1, [300_000n, 200_000n]]);
    await mine(world, 6);
    const pushed = channels.map((one) => ({ ...one, push: msat(10_000_000n) }));
    const again = await soon(world, a.node.openChannels({ channels: pushed }));
    expect([again.ok, said(world, "open_channel2"), said(world, "open_channel")]).to.deep.equal([true, 2, 4]);
    expect(violations(world)).to.deep.equal([]);
  });

  it("RELIABILITY U16: is replaced for none of its channels, and given up by none of them alone", async () => {
    const { world, a, b, c, wish } = await three();
    const takeAgain = takingNothing(world);
    const channels = [wish(b, 300_000n), wish(c, 200_000n)];
    const opened = await soon(world, a.node.openChannels({ channels, feerate: satPerKw(500) }));
    if (!opened.ok) throw new Error(opened.error.detail);
    const [first, second] = opened.value.map(({ id }) => id);
    if (first === undefined || second === undefined) throw new Error("two channels");
    const before = a.node.balance().onchain;
    for (const [by, detail] of [
      [a, "the transaction funds other channels too"],
      [b, "the peer gave up: capacity out of range"],
    ] as const) {
      const bumped = await soon(world, by.node.bumpFunding({ id: first, feerate: satPerKw(2_000) }));
      expect(bumped).to.deep.equal({ ok: false, error: { code: "peer_refused", detail } });
      await world.pass(1_000);
    }
    expect((await soon(world, a.node.closeChannel({ id: first, force: true }))).ok).to.equal(true);
    await world.pass(1_000);
    expect(a.node.balance().onchain).to.deep.equal(before);
    takeAgain();
    a.crash(a.disk.pending);
    await a.start();
    await world.pass(5_000);
    await mine(world, 6);
    expect(c.node.channels()[0]).to.include({ id: second, state: "Normal" });
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
    expect(refused.ok || refused.error.code).to.equal("not_possible");
    await world.pass(1_000);
    expect([a.node.channels(), b.node.channels()]).to.deep.equal([[], []]);
  });
});
