import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { present } from "../../../src/base/result.ts";
import { msat, sat } from "../../../src/base/units.ts";
import { type LabNode, PORT } from "../../../src/lab/lab-node.ts";
import { answered, bury } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { invoiceOf, line, paid, passed, soon } from "../small-world.ts";

/** A disk on which nothing was ever written. */
const EMPTY = memoryDisk({ sync: () => {} }).snapshot();
async function mined(world: World, blocks: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let block = 0; block < blocks; block++) {
    world.chain.mine(1);
    found.push(...(await passed(world, 1_000)));
  }
  return found;
}
/** Of all that is said none may be of a commitment of ours that was signed or published. */
const unsafe = (found: readonly string[]): readonly string[] =>
  found.filter((text) => /is signed after|spends the funding|^no_halt|revoked_state/.test(text));
const states = ({ node }: LabNode): readonly string[] => node.channels().map(({ state }) => state);
/** What the node owns on the chain, in sat. */
const owned = ({ node }: LabNode): bigint => node.balance().onchain.confirmed + node.balance().onchain.unconfirmed;
/** In sat, what the node paid for claiming. */
const claimed = ({ node }: LabNode): bigint =>
  node
    .walletTransactions()
    .filter(({ label }) => label === "channel closed: own balance")
    .reduce((sum, { feeSat }) => sum + (feeSat ?? 0n), 0n);

/** Another channel, of which 90,000 sat are given to the node. */
const openedBy = (world: World, peer: LabNode, { id }: LabNode) =>
  answered(
    world,
    peer.node.openChannel({ nodeId: id, capacity: sat(300_000n), push: msat(90_000_000n), announce: true }),
  );

describe("RELIABILITY P5: a node that has lost its disk", () => {
  it("gets its coins from the chain and its channels from a peer, who closes them: all of its money but the fees", async () => {
    const { world, nodes } = await line(2);
    const [peer, node] = nodes as [LabNode, LabNode];
    const { bolt11 } = await invoiceOf(world, node, msat(7_000_000n));
    expect((await paid(world, peer, bolt11)).state).to.equal("succeeded");
    await passed(world, 61_000);
    const before = owned(node);
    const inChannel = present(node.node.channels()[0], "a channel").local / 1000n;
    expect(inChannel).to.equal(107_000n);
    node.crash(0);
    node.disk.restore(EMPTY);
    const commitments = world.tally.messages.get("commitment_signed");
    await node.start();
    const found = [...(await passed(world, 60_000))];
    expect(states(node)).to.deep.equal(["Restored"]);
    found.push(...(await mined(world, 3)));
    expect(owned(node)).to.equal(before + inChannel - claimed(node));
    expect(claimed(node) > 0n).to.equal(true);
    found.push(...(await mined(world, 101)));
    expect(states(node)).to.deep.equal([]);
    expect(unsafe(found)).to.deep.equal([]);
    expect(world.tally.messages.get("commitment_signed")).to.equal(commitments);
  });
  it("goes on asking after a restart, and opens new channels with keys that no peer has seen", async () => {
    const { world, nodes } = await line(2);
    const [peer, node] = nodes as [LabNode, LabNode];
    await passed(world, 61_000);
    const old = present(node.node.channels()[0], "a channel").id;
    node.crash(0);
    node.disk.restore(EMPTY);
    await node.start();
    await passed(world, 20_000);
    node.crash(node.disk.pending);
    await node.start();
    await passed(world, 20_000);
    expect(states(node)).to.deep.equal(["Restored"]);
    await mined(world, 110);
    const opened = await soon(
      world,
      node.node.openChannel({ nodeId: peer.id, capacity: sat(200_000n), push: msat(0n), announce: true }),
    );
    if (!opened.ok) throw new Error(opened.error.detail);
    await bury(world);
    expect(opened.value.id).not.to.equal(old);
    const indexes = [...node.recorder.durable.channels.values()].map(({ params }) => params.keyIndex);
    expect(Math.min(...indexes)).to.be.greaterThan(2 ** 24 - 1);
  });
});

describe("RELIABILITY P5: a node that is started on a copy of its store from before a channel was opened", () => {
  it("learns so from its peer's storage: signs and publishes nothing at all, and gets the money of both channels back", async () => {
    const { world, nodes } = await line(2);
    const [peer, node] = nodes as [LabNode, LabNode];
    await passed(world, 61_000);
    const copy = node.disk.snapshot();
    const opened = await openedBy(world, peer, node);
    expect(opened?.ok).to.equal(true);
    await bury(world);
    await passed(world, 61_000);
    const before = owned(node);
    const inChannels = node.node.channels().reduce((sum, { local }) => sum + local / 1000n, 0n);
    expect(inChannels).to.equal(190_000n);
    node.crash(0);
    node.disk.restore(copy);
    const commitments = world.tally.messages.get("commitment_signed");
    await node.start();
    const found = [...(await passed(world, 30_000))];
    expect([...states(node)].sort()).to.deep.equal(["Failed", "Restored"]);
    expect(node.node.events(0, 1_000).filter(({ type }) => type === "node.old_copy")).to.have.length(1);
    found.push(...(await mined(world, 3)));
    expect(owned(node)).to.equal(before + inChannels - claimed(node));
    expect(unsafe(found)).to.deep.equal([]);
    expect(world.tally.messages.get("commitment_signed")).to.equal(commitments);
  });
  it("gets back a channel that only a peer knows which comes late, when more has changed since than that peer has heard", async () => {
    const { world, nodes } = await line(3);
    const [first, late, node] = nodes as [LabNode, LabNode, LabNode];
    await passed(world, 61_000);
    const copy = node.disk.snapshot();
    const heardOf = async (peer: LabNode): Promise<void> => {
      expect((await openedBy(world, peer, node))?.ok).to.equal(true);
      await bury(world);
      await passed(world, 61_000);
    };
    await soon(world, first.node.connect({ nodeId: node.id, host: node.name, port: PORT }));
    await heardOf(first);
    first.crash(first.disk.pending);
    await heardOf(late);
    const before = owned(node);
    const inChannels = node.node.channels().reduce((sum, { local }) => sum + local / 1000n, 0n);
    node.crash(0);
    late.crash(late.disk.pending);
    node.disk.restore(copy);
    const commitments = world.tally.messages.get("commitment_signed");
    await first.start();
    await node.start();
    const found = [...(await passed(world, 30_000))];
    expect([...states(node)].sort()).to.deep.equal(["Failed", "Restored"]);
    found.push(...(await mined(world, 110)));
    expect(states(node)).to.deep.equal(["Failed"]);
    await late.start();
    found.push(...(await passed(world, 60_000)));
    expect([...states(node)].sort()).to.deep.equal(["Failed", "Restored"]);
    found.push(...(await mined(world, 3)));
    expect(owned(node)).to.equal(before + inChannels - claimed(node));
    expect(unsafe(found)).to.deep.equal([]);
    expect(world.tally.messages.get("commitment_signed")).to.equal(commitments);
  });
  it("opens no channel with keys of one that it does not know to have been: its peer knows the secrets of those", async () => {
    const { world, nodes } = await line(2);
    const [peer, node] = nodes as [LabNode, LabNode];
    await passed(world, 61_000);
    const copy = node.disk.snapshot();
    const opened = await openedBy(world, peer, node);
    if (opened?.ok !== true) throw new Error("a channel");
    await bury(world);
    expect((await answered(world, peer.node.closeChannel({ id: opened.value.id })))?.ok).to.equal(true);
    await mined(world, 110);
    expect(states(node)).to.have.length(1);
    await passed(world, 61_000);
    node.crash(0);
    node.disk.restore(copy);
    await node.start();
    await passed(world, 30_000);
    expect(states(node)).to.deep.equal(["Failed"]);
    const again = await openedBy(world, peer, node);
    if (again?.ok !== true) throw new Error("another channel");
    await passed(world, 1_000);
    const indexes = [...node.recorder.durable.channels.values()].map(({ params }) => params.keyIndex);
    expect(Math.max(...indexes)).to.be.greaterThan(2 ** 24 - 1);
  });
});
