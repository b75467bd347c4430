import { expect } from "chai";
import { addChannel, isStale, markSpent, markUnspent, prune, removeChannel } from "../../../routing/graph/apply.ts";
import { directionFrom, emptyGraph, type Graph } from "../../../routing/graph/graph.ts";
import { AssertionError, present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import {
  ALICE,
  BOB,
  CAPACITY,
  CAROL,
  channelAnnouncement,
  channelUpdate,
  learnt,
  NOW,
  nodeAnnouncement,
  scid,
} from "../gossip/messages.ts";

const [AB, BC] = [scid(900), scid(901)];
const TWO_WEEKS = 14 * 24 * 60 * 60;
/** Alice – Bob – Carol. */
const line = (): Graph => learnt(emptyGraph(), channelAnnouncement(AB), channelAnnouncement(BC, BOB, CAROL));
const shape = (graph: Graph) => ({
  channels: [...graph.channels.keys()],
  nodes: [...graph.nodes.values()].map(({ id, channels }) => [id, channels.map((one) => one.shortChannelId)]),
});

describe("the graph", () => {
  it("knows the channels of each node, and counts every change", () => {
    const graph = line();
    expect(shape(graph)).to.deep.equal({
      channels: [AB, BC],
      nodes: [
        [ALICE.id, [AB]],
        [BOB.id, [AB, BC]],
        [CAROL.id, [BC]],
      ],
    });
    expect(graph.version).to.equal(2);
  });
  it("keeps an update by its direction, and what a node says", () => {
    const update = channelUpdate(AB, BOB, ALICE);
    const graph = learnt(line(), update, nodeAnnouncement());
    expect(graph.channels.get(AB)?.policies).to.deep.equal([
      undefined,
      {
        timestamp: NOW,
        disabled: false,
        cltvExpiryDelta: 40,
        htlcMinimumMsat: 1n,
        htlcMaximumMsat: 900_000_000n,
        feeBaseMsat: 1000,
        feeProportionalMillionths: 100,
        bytes: update.bytes,
      },
    ]);
    const alice = graph.nodes.get(ALICE.id)?.announcement;
    expect([alice?.timestamp, alice?.addresses, alice?.unsupported]).to.deep.equal([
      NOW,
      [{ tag: "ipv4", host: Uint8Array.of(127, 0, 0, 1), port: 9735 }],
      false,
    ]);
    expect(graph.version).to.equal(4);
  });
  it("tells the direction that begins at a node", () => {
    const channel = present(line().channels.get(AB), "the channel");
    expect([
      directionFrom(channel, ALICE.id),
      directionFrom(channel, BOB.id),
      directionFrom(channel, CAROL.id),
    ]).to.deep.equal([0, 1, undefined]);
  });
  it("marks a channel that requires an unknown feature", () => {
    const features = Uint8Array.of(1);
    const graph = learnt(emptyGraph(), channelAnnouncement(AB, ALICE, BOB, { features }));
    expect(graph.channels.get(AB)?.unsupported).to.equal(true);
    expect(line().channels.get(AB)?.unsupported).to.equal(false);
  });
  it("never takes a channel twice", () => {
    expect(() => addChannel(line(), channelAnnouncement(AB), CAPACITY, NOW)).to.throw(AssertionError);
  });
});

describe("BOLT 7 §Pruning the Network View", () => {
  const height = (value: number) => blockHeight(value);
  it("removes a channel and the nodes that it leaves without any", () => {
    const graph = line();
    removeChannel(graph, AB);
    expect(shape(graph)).to.deep.equal({
      channels: [BC],
      nodes: [
        [BOB.id, [BC]],
        [CAROL.id, [BC]],
      ],
    });
    removeChannel(graph, AB);
    expect(graph.version).to.equal(3);
  });
  it("leaves a node its other channels, whichever goes", () => {
    const graph = line();
    removeChannel(graph, BC);
    expect(shape(graph)).to.deep.equal({
      channels: [AB],
      nodes: [
        [ALICE.id, [AB]],
        [BOB.id, [AB]],
      ],
    });
  });
  it("forgets a spent channel after 72 confirmations of what spent it", () => {
    const graph = line();
    markSpent(graph, AB, height(1000));
    expect(prune(graph, height(1070), NOW)).to.deep.equal([]);
    expect(prune(graph, height(1071), NOW)).to.deep.equal([AB]);
    expect([...graph.channels.keys()]).to.deep.equal([BC]);
  });
  it("keeps one whose spending left the chain again, and the first of several heights", () => {
    const graph = line();
    markSpent(graph, AB, height(1000));
    markSpent(graph, AB, height(1050));
    expect(graph.channels.get(AB)?.spentAt).to.equal(1000);
    markUnspent(graph, AB);
    expect(prune(graph, height(2000), NOW)).to.deep.equal([]);
    expect(graph.version).to.equal(4);
  });
  it("forgets a channel of which either side has been silent for two weeks", () => {
    const graph = learnt(line(), channelUpdate(AB, ALICE, BOB, { timestamp: NOW }));
    learnt(graph, channelUpdate(AB, BOB, ALICE, { timestamp: NOW - 100 }));
    expect(prune(graph, height(1000), NOW + TWO_WEEKS - 100)).to.deep.equal([]);
    expect(prune(graph, height(1000), NOW + TWO_WEEKS - 99)).to.deep.equal([AB]);
  });
  it("counts from when it was learnt as long as there is no update", () => {
    const channel = present(line().channels.get(AB), "the channel");
    expect([isStale(channel, NOW + TWO_WEEKS), isStale(channel, NOW + TWO_WEEKS + 1)]).to.deep.equal([false, true]);
  });
});
