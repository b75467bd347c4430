import { expect } from "chai";
import { emptyGraph, type Gossip } from "../../../routing/index.ts";
import type { NodeId, ShortChannelId, Txid } from "../../../src/base/ids.ts";
import { blockHeight, unixMs } from "../../../src/base/units.ts";
import { multisig2of2, p2wshOf } from "../../../src/bitcoin/templates.ts";
import { secp256k1 } from "../../../src/crypto/secp256k1.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { GossipHost } from "../../../src/daemon/gossip/host.ts";
import type { Peers } from "../../../src/daemon/peer/peers.ts";
import type { ChainEvent } from "../../../src/ports/chain-source.ts";
import { featureBits } from "../../../src/wire/features.ts";
import { signedDigest } from "../../../src/wire/gossip.ts";
import { decodeMessage, encodeMessage, payloadOf, type WireMessage } from "../../../src/wire/registry.ts";
import {
  ALICE,
  BOB,
  CAPACITY,
  CHAIN,
  channelAnnouncement,
  channelUpdate,
  damagedAt,
  NODES,
  NOW,
  scid,
} from "../../routing/gossip/messages.ts";
import { reply, U32_MAX } from "../../routing/gossip/queries.ts";

const TXID = "ab".repeat(32) as Txid;
const [MALLORY, CARL] = [NODES[6], NODES[7]].map((node) => node?.id) as [NodeId, NodeId];
const SCRIPT = p2wshOf(multisig2of2(secp256k1.publicKey(ALICE.fundingSecret), secp256k1.publicKey(BOB.fundingSecret)));

/** A gossip host between peers and a chain that are the test's. */
function desk() {
  const asked: ShortChannelId[] = [];
  const said: string[] = [];
  const errors: string[] = [];
  const world = { unspent: true, broken: false, nowMs: NOW * 1000, answering: Promise.resolve() };
  const sessions = new Map<NodeId, unknown>();
  const session = (name: string) => ({
    send: (message: WireMessage) => {
      if (message.name === "warning") said.push(`${name}: warning`);
      if (message.name === "query_short_channel_ids") said.push(`${name}: asked`);
    },
    sendBytes: (bytes: Uint8Array) => {
      const decoded = decodeMessage(bytes);
      if (decoded.ok && decoded.value.name === "reply_short_channel_ids_end") said.push(`${name}: answered`);
    },
    queuedBytes: 0,
    refuse: (why: string) => void said.push(`${name}: refused: ${why}`),
  });
  const chain = {
    txidAt: async (height: number) => {
      if (world.broken) throw new Error("stopped");
      asked.push(scid(height));
      await world.answering;
      return world.unspent ? TXID : undefined;
    },
    unspent: async () => (world.unspent ? { amount: CAPACITY, script: SCRIPT } : undefined),
    watch: () => {},
  };
  const later: (() => void)[] = [];
  const clock = { now: () => unixMs(world.nowMs), after: (_ms: number, task: () => void) => void later.push(task) };
  const log = { debug() {}, info() {}, warn() {}, error: (what: string) => void errors.push(what) };
  const context = { params: { genesisHash: CHAIN }, chain, clock, log } as unknown as NodeContext;
  const peers = { session: (peer: NodeId) => sessions.get(peer) } as unknown as Peers;
  const graph = emptyGraph();
  const height = () => blockHeight(1000);
  const host = new GossipHost({ ctx: context, graph, peers: () => peers, height, givenBack: () => {} });
  const connect = (peer: NodeId, name: string, features: Uint8Array = new Uint8Array(0), isStranger = true): void => {
    sessions.set(peer, session(name));
    host.peerConnected(peer, { features, isStranger });
  };
  const hear = async (from: NodeId, gossip: Gossip | Uint8Array): Promise<void> => {
    const bytes = gossip instanceof Uint8Array ? gossip : gossip.bytes;
    const decoded = decodeMessage(bytes);
    if (decoded.ok && decoded.value.name !== "unknown") host.peerMessage(from, decoded.value, bytes);
    await new Promise(setImmediate);
  };
  connect(MALLORY, "mallory");
  connect(CARL, "carl");
  const chainSays = async (event: ChainEvent): Promise<void> => {
    host.chainEvent(event);
    await new Promise(setImmediate);
  };
  return { host, graph, hear, asked, said, errors, world, connect, chainSays, later };
}
function signal() {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
const block = (height: number) => ({ height: blockHeight(height), hash: "00".repeat(32) as never });
const connected = (height: number): ChainEvent => ({
  tag: "BlockConnected",
  block: block(height),
  previous: "00".repeat(32) as never,
  time: 0,
});

describe("Gossip host: what strangers say of channels. RELIABILITY D9, D10", () => {
  it("takes a channel that is signed and stands on the chain", async () => {
    const { graph, hear, asked } = desk();
    await hear(CARL, channelAnnouncement(scid(100)));
    expect([...graph.channels.keys()]).to.deep.equal([scid(100)]);
    expect(asked).to.deep.equal([scid(100)]);
  });

  it("does not ask the chain for an announcement with a bad signature, and ends the connection", async () => {
    const { graph, hear, asked, said } = desk();
    const announcement = channelAnnouncement(scid(100));
    for (const at of [2, 70, 140, 200]) await hear(MALLORY, damagedAt(announcement, at));
    expect(asked).to.deep.equal([]);
    expect(said[0]).to.equal("mallory: refused: channel_announcement: bad signature");
    expect(graph.channels.size).to.equal(0);
  });

  it("asks the chain only so often for a peer whose announcements come to nothing, and as ever for others", async () => {
    const { graph, hear, asked, world } = desk();
    world.unspent = false;
    for (let height = 1; height <= 300; height++) await hear(MALLORY, channelAnnouncement(scid(height)));
    expect(asked.length).to.equal(5);
    world.unspent = true;
    await hear(CARL, channelAnnouncement(scid(500)));
    expect(graph.channels.size).to.equal(1);
    world.nowMs += 60_000;
    await hear(MALLORY, channelAnnouncement(scid(501)));
    expect(graph.channels.size, "a minute later it may try again").to.equal(2);
  });

  it("asks no oftener for a stranger who comes again and again, and for each that was right once more", async () => {
    const { host, graph, hear, asked, world, connect } = desk();
    world.unspent = false;
    let height = 1;
    const lie = async (times: number): Promise<number> => {
      const before = asked.length;
      for (let time = 0; time < times; time++) await hear(MALLORY, channelAnnouncement(scid(height++)));
      return asked.length - before;
    };
    for (let visit = 0; visit < 40; visit++) {
      host.peerDisconnected(MALLORY);
      connect(MALLORY, "mallory");
      await lie(6);
    }
    expect(asked.length).to.equal(90);
    world.nowMs += 60_000;
    world.unspent = true;
    for (let time = 0; time < 8; time++) await hear(MALLORY, channelAnnouncement(scid(500 + time)));
    expect(graph.channels.size).to.equal(8);
    world.unspent = false;
    expect(await lie(20)).to.equal(9);
  });

  it("hears whom it called, or has a channel with, however many strangers come and err", async () => {
    const { host, graph, hear, world, connect } = desk();
    world.unspent = false;
    for (let visit = 0; visit < 40; visit++) {
      host.peerDisconnected(MALLORY);
      connect(MALLORY, "mallory");
      await hear(MALLORY, channelAnnouncement(scid(1 + visit)));
    }
    world.unspent = true;
    host.peerDisconnected(CARL);
    connect(CARL, "carl", undefined, false);
    await hear(CARL, channelAnnouncement(scid(500)));
    expect(graph.channels.size).to.equal(1);
  });

  it("goes on when the chain does not answer", async () => {
    const { graph, hear, world, errors } = desk();
    world.broken = true;
    await hear(CARL, channelAnnouncement(scid(100)));
    world.broken = false;
    await hear(CARL, channelAnnouncement(scid(101)));
    expect([...graph.channels.keys()]).to.deep.equal([scid(101)]);
    expect(errors).to.deep.equal([]);
  });

  it("asks a peer for more once the chain has been asked of all that has come", async () => {
    const { graph, hear, said, world, connect } = desk();
    connect(CARL, "carl", featureBits([6]));
    const ids = Array.from({ length: 501 }, (_, at) => scid(100 + at));
    await hear(CARL, encodeMessage(reply(0, U32_MAX, ids)));
    expect(said).to.deep.equal(["carl: asked"]);
    const chain = signal();
    world.answering = chain.given;
    for (const id of ids.slice(0, 3)) await hear(CARL, channelAnnouncement(id));
    const end = { name: "reply_short_channel_ids_end", chain_hash: CHAIN, full_information: 1 } as const;
    await hear(CARL, encodeMessage(end));
    expect([graph.channels.size, said]).to.deep.equal([0, ["carl: asked"]]);
    chain.give();
    await new Promise(setImmediate);
    expect([graph.channels.size, said]).to.deep.equal([3, ["carl: asked", "carl: asked"]]);
  });

  it("asks nothing over a new connection of what the one before left unasked, however late the chain answers", async () => {
    const { host, hear, said, world, connect } = desk();
    const features = featureBits([6]);
    const ids = Array.from({ length: 501 }, (_, at) => scid(100 + at));
    const end = { name: "reply_short_channel_ids_end", chain_hash: CHAIN, full_information: 1 } as const;
    connect(CARL, "before", features);
    await hear(CARL, encodeMessage(reply(0, U32_MAX, ids)));
    const chain = signal();
    world.answering = chain.given;
    await hear(CARL, channelAnnouncement(scid(100)));
    await hear(CARL, encodeMessage(end));
    host.peerDisconnected(CARL);
    connect(CARL, "after", features);
    await hear(CARL, encodeMessage(reply(0, U32_MAX, ids)));
    chain.give();
    await new Promise(setImmediate);
    expect(said).to.deep.equal(["before: asked", "after: asked"]);
  });

  it("answers over a new connection nothing that was asked over the one before", async () => {
    const { host, hear, said, connect, later } = desk();
    const { encoded_short_ids } = reply(0, U32_MAX, [scid(100)]);
    const query = encodeMessage({ name: "query_short_channel_ids", chain_hash: CHAIN, encoded_short_ids });
    const answer = (): void => {
      for (const task of later.splice(0)) task();
    };
    await hear(CARL, query);
    answer();
    expect(said).to.deep.equal(["carl: answered"]);
    await hear(CARL, query);
    host.peerDisconnected(CARL);
    connect(CARL, "after");
    answer();
    expect(said).to.deep.equal(["carl: answered"]);
  });

  it("warns a peer of a mistake that is not worth the connection", async () => {
    const { hear, said } = desk();
    await hear(MALLORY, channelAnnouncement(scid(100), BOB, ALICE));
    expect(said).to.deep.equal(["mallory: warning"]);
  });

  it("keeps an update until its channel is announced, and nothing of a peer that has gone", async () => {
    const { host, graph, hear } = desk();
    await hear(MALLORY, channelUpdate(scid(100), ALICE, BOB, { timestamp: NOW + 5 }));
    await hear(CARL, channelUpdate(scid(100), ALICE, BOB, { timestamp: NOW + 3 }));
    host.peerDisconnected(MALLORY);
    await hear(CARL, channelAnnouncement(scid(100)));
    await new Promise(setImmediate);
    expect(graph.channels.get(scid(100))?.policies[0]?.timestamp).to.equal(NOW + 3);
  });

  it("keeps no long message for later", async () => {
    const { graph, hear } = desk();
    // An odd record that nobody knows, signed with the rest.
    const long = Uint8Array.of(
      ...channelUpdate(scid(100)).bytes,
      0xfd,
      0x01,
      0x01,
      0xfd,
      0x04,
      0x00,
      ...new Uint8Array(1_024),
    );
    long.set(secp256k1.sign(signedDigest("channel_update", payloadOf(long)), ALICE.secret), 2);
    await hear(CARL, long);
    await hear(CARL, channelAnnouncement(scid(100)));
    await new Promise(setImmediate);
    expect(graph.channels.get(scid(100))?.policies).to.deep.equal([undefined, undefined]);
    await hear(CARL, long);
    expect(graph.channels.get(scid(100))?.policies[0]?.timestamp, "it is good once the channel is known").to.equal(NOW);
  });
});

describe("Gossip host: a reorganisation takes fundings away", () => {
  it("forgets a channel whose funding output is not where it was, once the new block is there", async () => {
    const { graph, hear, world, chainSays } = desk();
    await hear(CARL, channelAnnouncement(scid(100)));
    await hear(CARL, channelAnnouncement(scid(90)));
    await chainSays({ tag: "BlockDisconnected", block: block(100) });
    world.unspent = false;
    await chainSays(connected(99));
    expect([...graph.channels.keys()], "nothing is known of block 100 yet").to.deep.equal([scid(100), scid(90)]);
    await chainSays(connected(100));
    expect([...graph.channels.keys()]).to.deep.equal([scid(90)]);
  });

  it("keeps a channel whose funding output stands in the same place of another block", async () => {
    const { graph, hear, chainSays } = desk();
    await hear(CARL, channelAnnouncement(scid(100)));
    await chainSays({ tag: "BlockDisconnected", block: block(100) });
    await chainSays(connected(100));
    expect([...graph.channels.keys()]).to.deep.equal([scid(100)]);
  });
});
