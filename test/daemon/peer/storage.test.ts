import { expect } from "chai";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { type BlockHash, type NodeId, nodeId } from "../../../src/base/ids.ts";
import { blockHeight, unixMs } from "../../../src/base/units.ts";
import { openBackup, sealForPeer } from "../../../src/daemon/backup/sealed.ts";
import { ChannelTable } from "../../../src/daemon/channel/table.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { PeerStorageHost } from "../../../src/daemon/peer/storage-host.ts";
import { KEY } from "../../../src/daemon/records.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { fundedBy } from "../puppet.ts";
import { line, type Stranger, stranger, violations } from "../small-world.ts";

const blob = (fill: number, length = 1_000): Uint8Array => new Uint8Array(length).fill(fill);
/** What a node keeps for a peer, from its disk; undefined when nothing. */
function keptFor(node: LabNode, peer: NodeId): Uint8Array | undefined {
  const record = node.recorder.record(`${KEY.peerStorage}${peer}`);
  return record === undefined ? undefined : record.slice(3, record.length - 1);
}

describe("Peer storage: what peers have us keep", () => {
  let world: World;
  let node: LabNode;
  let mallory: Stranger;
  const say = async (fill: number, length?: number): Promise<void> => {
    mallory.say({ name: "peer_storage", blob: blob(fill, length) });
    await world.pass(200);
  };
  const returned = (): readonly (number | undefined)[] =>
    mallory.of("peer_storage_retrieval").map((message) => message.blob[0]);

  beforeEach(async () => {
    const { world: made, nodes } = await line(2);
    world = made;
    node = nodes[0] as LabNode;
    mallory = await stranger(world, node);
    // That she came is written.
    await world.pass(500);
  });

  it("CONFORMANCE 17: the latest of a peer with a channel, returned after init on each connection, also after a restart", async () => {
    await fundedBy(world, node, mallory);
    await say(1);
    await world.pass(60_000);
    await say(2, 65_531);
    expect(keptFor(node, mallory.id)).to.deep.equal(blob(2, 65_531));
    mallory.session.close();
    await world.pass(1_000);
    mallory = await stranger(world, node);
    await world.pass(1_000);
    expect(returned()).to.deep.equal([2]);
    expect(mallory.heard.findIndex(({ name }) => name === "peer_storage_retrieval")).to.be.lessThan(
      mallory.heard.findIndex(({ name }) => name === "channel_reestablish"),
    );
    node.crash(node.disk.pending);
    await node.start();
    await world.pass(1_000);
    mallory = await stranger(world, node);
    await world.pass(1_000);
    expect(returned()).to.deep.equal([2]);
    expect(violations(world)).to.deep.equal([]);
  });
  it("RELIABILITY D27: nothing for a peer without a channel that is funded, however often it asks", async () => {
    const records = node.disk.snapshot();
    for (let round = 0; round < 1_000; round++) mallory.say({ name: "peer_storage", blob: blob(round % 256) });
    await world.pass(5_000);
    expect(mallory.ended).to.deep.equal([]);
    expect(keptFor(node, mallory.id)).to.equal(undefined);
    expect(node.disk.snapshot()).to.deep.equal(records);
    expect(node.node.info().synced).to.equal(true);
  });
  it("RELIABILITY D27: one write a minute for a peer that has a channel, of the newest", async () => {
    await fundedBy(world, node, mallory);
    await say(1);
    expect(keptFor(node, mallory.id)).to.deep.equal(blob(1));
    for (let round = 2; round < 200; round++) mallory.say({ name: "peer_storage", blob: blob(round) });
    await world.pass(30_000);
    expect(keptFor(node, mallory.id), "not yet").to.deep.equal(blob(1));
    await world.pass(31_000);
    expect(keptFor(node, mallory.id)).to.deep.equal(blob(199));
    await say(200);
    mallory.session.close();
    await world.pass(500);
    mallory = await stranger(world, node);
    await world.pass(500);
    expect(returned(), "what waits is the newest").to.deep.equal([200]);
  });
});

describe("Peer storage: what we have peers keep", () => {
  it("is handed to every peer with a channel, and tells of all channels to nobody but who has the words", async () => {
    const { world, nodes, edges } = await line(3);
    const [a, b, c] = nodes as [LabNode, LabNode, LabNode];
    await world.pass(61_000);
    const key = ({ words }: LabNode) => keychainOf(words, "regtest").backupKey;
    for (const [keeper, owner] of [
      [a, b],
      [c, b],
      [b, a],
      [b, c],
    ] as const) {
      const kept = keptFor(keeper, owner.id);
      const opened = kept === undefined ? undefined : openBackup(key(owner), kept);
      if (!opened?.ok) throw new Error("sealed by its owner");
      const own = edges.filter(({ opener, accepter }) => opener === owner || accepter === owner).map(({ id }) => id);
      expect(opened.value.channels.map(({ params }) => params.channelId).sort()).to.deep.equal([...own].sort());
      expect(openBackup(key(keeper), kept as Uint8Array).ok).to.equal(false);
    }
    expect(violations(world)).to.deep.equal([]);
  });
});

describe("Peer storage: what peers give back to us", () => {
  const warned = (mallory: Stranger): readonly string[] =>
    mallory.of("warning").map(({ data }) => new TextDecoder().decode(data));
  async function given(): Promise<{ readonly world: World; readonly node: LabNode; readonly mallory: Stranger }> {
    const { world, nodes } = await line(2);
    const node = nodes[0] as LabNode;
    const mallory = await stranger(world, node);
    await fundedBy(world, node, mallory);
    await world.pass(500);
    return { world, node, mallory };
  }

  it("CONFORMANCE 17: what is not ours or damaged is told to the peer and changes nothing", async () => {
    const { world, node, mallory } = await given();
    const [ours] = mallory.of("peer_storage");
    if (ours === undefined) throw new Error("handed out");
    const before = node.node.channels();
    mallory.say({ name: "peer_storage_retrieval", blob: ours.blob.map((byte, at) => (at === 500 ? byte ^ 1 : byte)) });
    mallory.say({ name: "peer_storage_retrieval", blob: new Uint8Array(0) });
    await world.pass(500);
    expect(warned(mallory)).to.deep.equal(["what you kept for us is not what we gave you"]);
    expect(node.node.channels()).to.deep.equal(before);
  });
  it("RELIABILITY P5: of as many changes and others it shows that this store is an old copy that has gone on", async () => {
    const { world, node, mallory } = await given();
    const [ours] = mallory.of("peer_storage");
    if (ours === undefined) throw new Error("handed out");
    const { backupKey } = keychainOf(node.words, "regtest");
    const opened = openBackup(backupKey, ours.blob);
    if (!opened.ok) throw new Error(opened.error.code);
    const { mark } = opened.value;
    const other = { ...opened.value, mark: { ...mark, changedAt: unixMs(mark.changedAt - 1) } };
    mallory.say({ name: "peer_storage_retrieval", blob: sealForPeer(backupKey, other, mallory.id) });
    await world.pass(500);
    // A world stands still at a channel that fails without a plan, before that is acknowledged as durable.
    expect(world.violations.splice(0).map(({ rule }) => rule)).to.deep.equal(["no_failure", "no_failure"]);
    await world.pass(500);
    expect(node.node.events(0, 1_000).filter(({ type }) => type === "node.old_copy")).to.have.length(1);
    expect(new Set(node.node.channels().map(({ state }) => state))).to.deep.equal(new Set(["Failed"]));
  });
  it("what is outdated is told to the peer: no state ever goes back to it", async () => {
    const made = await given();
    const { world, node } = made;
    let { mallory } = made;
    const [ours] = mallory.of("peer_storage");
    if (ours === undefined) throw new Error("handed out");
    await fundedBy(world, node, await stranger(world, node, "trent"));
    await world.pass(500);
    const states = () => node.node.channels().map(({ id, state }) => ({ id, state }));
    const before = states();
    // A peer need not have written it yet.
    for (const [waitedMs, said] of [
      [0, []],
      [121_000, ["what you kept for us is outdated"]],
    ] as const) {
      await world.pass(waitedMs);
      mallory.session.close();
      await world.pass(500);
      mallory = await stranger(world, node);
      mallory.say({ name: "peer_storage_retrieval", blob: ours.blob });
      await world.pass(500);
      expect(warned(mallory)).to.deep.equal(said);
      expect(states()).to.deep.equal(before);
    }
    expect(violations(world)).to.deep.equal([]);
  });
  it("is handed to a peer that gave back the newest no second time", async () => {
    const { world, node } = await line(2).then(({ world, nodes }) => ({ world, node: nodes[0] as LabNode }));
    await world.pass(61_000);
    const handed = (): number => world.tally.messages.get("peer_storage") ?? 0;
    const before = handed();
    node.crash(node.disk.pending);
    await node.start();
    await world.pass(10_000);
    expect(handed()).to.equal(before);
    expect(world.tally.messages.get("peer_storage_retrieval")).to.be.greaterThan(0);
    expect(violations(world)).to.deep.equal([]);
  });
});

describe("Peer storage: how long it is kept", () => {
  it("CONFORMANCE 17: 2,016 blocks after the last channel with its owner is gone, also over a restart", async () => {
    const owner = nodeId(Uint8Array.of(2, ...new Uint8Array(32).fill(5)));
    const key = `${KEY.peerStorage}${owner}`;
    const store = memoryDisk({ sync: (done) => done() }).open();
    await store.append([{ key, value: Uint8Array.of(1, 0, 2, 8, 9, 0) }]);
    const clock = virtualClock(unixMs(0));
    const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(error.message) });
    const table = new ChannelTable();
    const host = () =>
      new PeerStorageHost(
        { store, turns, clock, log: console },
        () => table,
        () => undefined,
      );
    let keeping = host();
    const block = async (height: number): Promise<void> => {
      const hash = "00".repeat(32) as BlockHash;
      const block = { height: blockHeight(height), hash };
      turns.run((turn) => keeping.chainEvent(turn, { tag: "BlockConnected", block, previous: hash, time: 0 }));
      while (await clock.step());
      await turns.settled();
    };
    await block(500);
    await block(501);
    keeping = host();
    await block(500 + 2_015);
    expect(store.get(key)?.subarray(0, 5)).to.deep.equal(Uint8Array.of(1, 0, 2, 8, 9));
    await block(500 + 2_016);
    expect(store.get(key)).to.equal(undefined);
  });
});
