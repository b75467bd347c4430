import { expect } from "chai";
import { emptyGraph, ownNode, ownUpdate, prune, withSignature } from "../../../routing/index.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { printable } from "../../../src/base/bytes.ts";
import type { ShortChannelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, msat, sat, type UnixMs, unixMs } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { ChannelHost } from "../../../src/daemon/channel/host.ts";
import { type ChannelEntry, ChannelTable } from "../../../src/daemon/channel/table.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { GossipHost, type GossipHostParts } from "../../../src/daemon/gossip/host.ts";
import { OwnGossip } from "../../../src/daemon/gossip/own-gossip.ts";
import type { Peers } from "../../../src/daemon/peer/peers.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { OFFERED, setBits } from "../../../src/wire/features.ts";
import type { ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "../../../src/wire/gossip.ts";
import { openChannel } from "../../lab/opened.ts";
import { NODES } from "../../routing/gossip/messages.ts";
import { line, soon } from "../small-world.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const START = unixMs(1_800_000_000_000);

/** Our gossip over one public channel, with time in the hands of the test. */
async function desk(wishes: { readonly acceptKeysend?: boolean } = {}) {
  const { local } = await openChannel();
  const self = present(NODES[0], "a node");
  let now: UnixMs = START;
  let tasks: { readonly due: number; readonly task: () => void }[] = [];
  const clock = {
    now: () => now,
    after: (ms: number, task: () => void) => {
      const timer = { due: now + ms, task };
      tasks.push(timer);
      return () => {
        tasks = tasks.filter((other) => other !== timer);
      };
    },
  };
  const forwarding = { feeBaseMsat: 1_000, feeProportionalMillionths: 1, cltvExpiryDelta: 40 };
  const policy = { forwarding, ...wishes };
  const signer = { signAsNode: (digest: Uint8Array) => secp256k1.signRecoverable(digest, self.secret) };
  const chain = { watch: () => {} };
  const store = memoryDisk().open();
  const parts = { self: self.id, alias: "a", params: CHAINS.regtest, clock, policy, signer, chain, store };
  const context = parts as unknown as NodeContext;
  const graph = emptyGraph();
  const noPeers = { session: () => undefined } as unknown as Peers;
  const height = () => blockHeight(200);
  const givenBack: GossipHostParts["givenBack"] = (message) => own.givenBack(message);
  const gossip = new GossipHost({ ctx: context, graph, peers: () => noPeers, height, givenBack });
  const table = new ChannelTable();
  const entry = { peer: present(NODES[1], "a peer").id, state: local } as unknown as ChannelEntry;
  const own = new OwnGossip(context, graph, () => ({ table }) as unknown as ChannelHost, gossip);
  const id: ShortChannelId = present(local.funding.confirmed, "a confirmed channel").shortChannelId;
  const announcement = {
    name: "channel_announcement",
    features: new Uint8Array(0),
    chain_hash: CHAINS.regtest.genesisHash,
    short_channel_id: id,
    node_id_1: self.id,
    node_id_2: entry.peer,
    bitcoin_key_1: new Uint8Array(33).fill(2),
    bitcoin_key_2: new Uint8Array(33).fill(2),
    ...Object.fromEntries(["node_1", "node_2", "bitcoin_1", "bitcoin_2"].map((of) => [signatureName(of), ZERO])),
  } as unknown as ChannelAnnouncement;
  const pass = (ms: number): void => {
    const end = now + ms;
    for (;;) {
      const next = tasks.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      tasks = tasks.filter((timer) => timer !== next);
      now = unixMs(Math.max(now, next.due));
      next.task();
    }
    now = unixMs(end);
  };
  const policyNow = () => {
    const known = graph.channels.get(id)?.policies[0];
    return known && { disabled: known.disabled, day: Math.floor((known.timestamp - START / 1000) / (DAY_MS / 1000)) };
  };
  const featuresNow = () => setBits(graph.nodes.get(self.id)?.announcement?.features ?? new Uint8Array(0));
  return { own, entry, announcement, table, id, graph, pass, policyNow, featuresNow, gossip };
}
type Desk = Awaited<ReturnType<typeof desk>>;

/** A peer says what we have said in an earlier life, at this time, in Unix seconds. */
async function giveBack({ gossip, entry, id }: Desk, timestamp: number): Promise<void> {
  const self = present(NODES[0], "a node");
  gossip.peerConnected(entry.peer, { features: new Uint8Array(0), isStranger: false });
  const policy = { feeBaseMsat: 0, feeProportionalMillionths: 0, cltvExpiryDelta: 40 };
  const terms = { ...policy, htlcMinimum: msat(1n), htlcMaximum: msat(1_000n) };
  const place = { chain: CHAINS.regtest.genesisHash, shortChannelId: id, self: self.id, peer: entry.peer };
  const update = ownUpdate({ ...place, capacity: sat(1_000n), terms, disabled: true, announced: true, timestamp });
  const node = ownNode({ self: self.id, alias: "before", color: new Uint8Array(3), addresses: [], timestamp });
  for (const unsigned of [update, node]) {
    const signature = secp256k1.sign(unsigned.digest, self.secret);
    const { message, bytes } = withSignature<ChannelUpdate | NodeAnnouncement>(unsigned, signature);
    gossip.peerMessage(entry.peer, message, bytes);
  }
  await new Promise(setImmediate);
}
/** What the network has of us, if it takes what is newest. */
function saidNow({ graph, id }: Desk) {
  const policy = graph.channels.get(id)?.policies[0];
  const node = graph.nodes.get(present(NODES[0], "a node").id)?.announcement;
  const alias = printable(node?.alias.filter((byte) => byte !== 0) ?? ZERO);
  return [policy?.disabled, policy?.timestamp, alias, node?.timestamp];
}
const ZERO = new Uint8Array(64);
const signatureName = (of: string): string => of.replace("_", "_signature_");

describe("Own gossip: what we say of our channels", () => {
  it("is said once the channel is announced and ready, in whichever order that comes", async () => {
    const { own, entry, announcement, table, id, policyNow } = await desk();
    own.announced(entry, announcement);
    expect(policyNow(), "its terms are not known yet").to.equal(undefined);
    table.nameShort(entry, id);
    own.ready(entry);
    expect(policyNow()).to.deep.equal({ disabled: false, day: 0 });
  });

  it("is kept in memory of its own, which takes no more than it is long", async () => {
    const { own, entry, announcement, table, id, graph } = await desk();
    table.nameShort(entry, id);
    own.announced(entry, announcement);
    const channel = present(graph.channels.get(id), "a channel");
    const node = present(graph.nodes.get(present(NODES[0], "a node").id)?.announcement, "an announcement");
    const kept = [channel.bytes, present(channel.policies[0], "a policy").bytes, node.bytes];
    expect(kept.map(({ buffer }) => buffer.byteLength)).to.deep.equal(kept.map(({ length }) => length));
  });

  it("tells of payments without an invoice only where they are taken (bLIP 3)", async () => {
    for (const acceptKeysend of [false, true]) {
      const { own, entry, announcement, table, id, featuresNow } = await desk({ acceptKeysend });
      table.nameShort(entry, id);
      own.announced(entry, announcement);
      expect(featuresNow().filter((bit) => bit > 50 && bit < 60)).to.deep.equal(acceptKeysend ? [55] : []);
      expect(featuresNow()).to.include.members([...OFFERED.node_announcement]);
    }
  });

  it("is said again after a week, so that nobody forgets the channel. BOLT 7 §Pruning the Network View", async () => {
    const { own, entry, announcement, table, id, graph, pass, policyNow } = await desk();
    table.nameShort(entry, id);
    own.announced(entry, announcement);
    pass(6 * DAY_MS);
    expect(policyNow()?.day).to.equal(0);
    pass(2 * DAY_MS);
    expect(policyNow()).to.deep.equal({ disabled: false, day: 7 });
    pass(15 * DAY_MS);
    expect(policyNow()?.day).to.equal(21);
    expect(graph.channels.size).to.equal(1);
  });

  it("is later than what peers still have of an earlier life", async () => {
    const { own, entry, announcement, table, id, graph, pass } = await desk();
    table.nameShort(entry, id);
    own.announced(entry, announcement);
    const timestamp = (): number => present(graph.channels.get(id)?.policies[0], "a policy").timestamp;
    const first = timestamp();
    own.gone(entry);
    expect(timestamp()).to.equal(first + 1);
    pass(10_000);
    own.ready(entry);
    expect(timestamp()).to.equal(first + 10);
  });

  it("is later than what the peer alone was told before the channel was announced", async () => {
    const here = await desk();
    here.table.nameShort(here.entry, here.id);
    here.entry.toldAt = START / 1000;
    here.own.announced(here.entry, here.announcement);
    expect(here.graph.channels.get(here.id)?.policies[0]?.timestamp).to.equal(START / 1000 + 1);
  });

  it("is said again, newer still, when a peer gives back something newer of an earlier life: nobody would take it else", async () => {
    const here = await desk();
    here.table.nameShort(here.entry, here.id);
    here.own.announced(here.entry, here.announcement);
    const now = START / 1000;
    expect(saidNow(here)).to.deep.equal([false, now, "a", now]);
    await giveBack(here, now - 5);
    expect(saidNow(here)).to.deep.equal([false, now, "a", now]);
    await giveBack(here, now + 86_400);
    expect(saidNow(here)).to.deep.equal([false, now + 86_401, "a", now + 86_401]);
  });

  it("is taken back when the channel cannot be used, and said anew when it can again", async () => {
    const { own, entry, announcement, table, id, policyNow } = await desk();
    table.nameShort(entry, id);
    own.announced(entry, announcement);
    own.gone(entry);
    expect(policyNow()?.disabled).to.equal(true);
    own.ready(entry);
    expect(policyNow()?.disabled).to.equal(false);
  });

  it("survives that the graph has forgotten the channel, as when the peer was silent for two weeks", async () => {
    const { own, entry, announcement, table, id, graph, pass } = await desk();
    table.nameShort(entry, id);
    own.announced(entry, announcement);
    pass(15 * DAY_MS);
    prune(graph, blockHeight(200), START / 1000 + 15 * 86_400);
    expect(graph.channels.size, "the peer has said nothing").to.equal(0);
    own.gone(entry);
    own.ready(entry);
    pass(15 * DAY_MS);
    expect(graph.channels.size, "announced again with the next refresh").to.equal(1);
  });

  it("is taken back by both sides when they close by agreement, so that nobody pays over it any more", async () => {
    const { world, nodes, edges } = await line(3);
    const [a, b] = nodes as [LabNode, LabNode, LabNode];
    const id = present(edges[1]?.id, "b's channel with c");
    const place = present(b.node.channels().find((channel) => channel.id === id)?.shortChannelId, "its place");
    expect((await soon(world, b.node.closeChannel({ id }))).ok).to.equal(true);
    await world.pass(3_000);
    const closed = a.node.graphChannels().find(({ shortChannelId }) => shortChannelId === place);
    expect(closed?.policies.map((policy) => policy?.disabled)).to.deep.equal([true, true]);
  });

  it("is there again after both ends of a channel have lost their memory", async () => {
    const { world, nodes } = await line(2);
    for (const node of nodes) node.crash(0);
    for (const node of nodes) await node.start();
    const isKnown = (node: (typeof nodes)[number]): boolean =>
      node.node.graphChannels().some(({ policies }) => policies.every((policy) => policy !== undefined));
    expect(await world.until(() => nodes.every(isKnown), 60_000), "everybody knows both directions").to.equal(true);
  });

  it("tells once that a channel is ready, however often the peer comes and goes", async () => {
    const { world, nodes, edges } = await line(2);
    const [node] = nodes;
    for (let round = 0; round < 3; round++) {
      world.network.cut("n0", "n1");
      await world.pass(3_000);
    }
    const ready = present(node, "a node")
      .node.events(0, 1_000)
      .filter(({ type }) => type === "channel.ready");
    expect(ready.map(({ data }) => (data as { channelId: string }).channelId)).to.deep.equal([edges[0]?.id]);
  });
});
