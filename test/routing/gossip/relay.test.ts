import { expect } from "chai";
import { accept, emptyGraph, emptyRelay, flush, type Gossip, markSpent } from "../../../routing/index.ts";
import type { NodeId } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import {
  ALICE,
  BOB,
  CAPACITY,
  CAROL,
  channelAnnouncement,
  channelUpdate,
  NODES,
  NOW,
  nodeAnnouncement,
  scid,
} from "./messages.ts";

const ID = scid(900);
const ALL = { first: 0, range: 2 ** 32 - 1 };
const DAVE = NODES[3] ?? CAROL;
const ANNOUNCEMENT = channelAnnouncement(ID);
const FIRST = channelUpdate(ID);
const SECOND = channelUpdate(ID, BOB, ALICE);
const NODE = nodeAnnouncement();

/** Accepts the messages as from Carol, or as our own, and flushes to Carol and Dave. */
function relayed(
  messages: readonly Gossip[],
  { from, filter, relay = true }: { from?: NodeId; filter?: typeof ALL; relay?: boolean } = {},
) {
  const graph = emptyGraph();
  const queue = emptyRelay();
  for (const gossip of messages) accept(graph, queue, gossip, { from, relay, capacity: CAPACITY, now: NOW });
  const peers = [
    { nodeId: CAROL.id, filter: ALL },
    { nodeId: DAVE.id, filter },
  ];
  const batches = flush(queue, peers, NOW);
  return { carol: batches.get(CAROL.id), dave: batches.get(DAVE.id), rest: queue.waiting.size };
}
const bytes = (...messages: readonly Gossip[]) => messages.map((gossip) => gossip.bytes);

describe("BOLT 7 §Rebroadcasting", () => {
  it("sends the announcement of a channel before its updates, and nodes last", () => {
    const { dave } = relayed([ANNOUNCEMENT, NODE, SECOND, FIRST], { from: CAROL.id, filter: ALL });
    expect(dave).to.deep.equal(bytes(ANNOUNCEMENT, SECOND, FIRST, NODE));
  });
  it("sends nothing back to the peer that it comes from, and everything once", () => {
    const { carol, rest } = relayed([ANNOUNCEMENT, FIRST], { from: CAROL.id, filter: ALL });
    expect([carol, rest]).to.deep.equal([undefined, 0]);
  });
  it("sends nothing to a peer without filter, or whose filter leaves it out", () => {
    const messages = [ANNOUNCEMENT, FIRST];
    expect(relayed(messages, { from: CAROL.id }).dave).to.equal(undefined);
    expect(relayed(messages, { from: CAROL.id, filter: { first: NOW + 1, range: 100 } }).dave).to.equal(undefined);
    expect(relayed(messages, { from: CAROL.id, filter: { first: NOW - 1, range: 1 } }).dave).to.equal(undefined);
    expect(relayed(messages, { from: CAROL.id, filter: { first: NOW, range: 1 } }).dave).to.have.length(2);
  });
  it("sends our own to every peer, whatever it has asked for", () => {
    const { carol, dave } = relayed([ANNOUNCEMENT, FIRST]);
    expect([carol, dave]).to.deep.equal([bytes(ANNOUNCEMENT, FIRST), bytes(ANNOUNCEMENT, FIRST)]);
  });
  it("never sends an announcement without an update", () => {
    expect(relayed([ANNOUNCEMENT], { from: CAROL.id, filter: ALL }).dave).to.equal(undefined);
  });
  it("sends only the newest of several updates of one side", () => {
    const newer = channelUpdate(ID, ALICE, BOB, { timestamp: NOW + 1 });
    const { dave } = relayed([ANNOUNCEMENT, FIRST, newer], { from: CAROL.id, filter: ALL });
    expect(dave).to.deep.equal(bytes(ANNOUNCEMENT, newer));
  });
  it("does not send what is not to be passed on, nor the announcement of a spent channel", () => {
    expect(relayed([ANNOUNCEMENT, FIRST, NODE], { from: CAROL.id, filter: ALL, relay: false }).dave).to.equal(
      undefined,
    );
    const graph = emptyGraph();
    const queue = emptyRelay();
    const disabling = channelUpdate(ID, ALICE, BOB, { disabled: true });
    accept(graph, queue, ANNOUNCEMENT, { from: CAROL.id, relay: true, capacity: CAPACITY, now: NOW });
    markSpent(graph, ID, blockHeight(950));
    accept(graph, queue, disabling, { from: CAROL.id, relay: true, now: NOW });
    expect(flush(queue, [{ nodeId: DAVE.id, filter: ALL }], NOW).get(DAVE.id)).to.deep.equal([disabling.bytes]);
  });
  it("passes on ten changes of one side at once, then the newest each minute, and all of our own", () => {
    const graph = emptyGraph();
    const relayedIn = (from: NodeId | undefined, seconds: readonly number[]): string[] => {
      const queue = emptyRelay();
      return seconds.flatMap((second) => {
        const update = channelUpdate(ID, ALICE, BOB, { timestamp: NOW + second });
        const message = { from, relay: true, capacity: CAPACITY, now: NOW };
        if (!graph.channels.has(ID)) accept(graph, emptyRelay(), ANNOUNCEMENT, message);
        accept(graph, queue, SECOND, { ...message, relay: false });
        accept(graph, queue, update, message);
        const sent = flush(queue, [{ nodeId: DAVE.id, filter: ALL }], NOW + second).get(DAVE.id) ?? [];
        return sent.map((frame) => `${second}: ${frame === update.bytes ? "the newest" : "another"}`);
      });
    };
    const everySecond = Array.from({ length: 200 }, (_, second) => second);
    const passedOn = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60, 120, 180].map((second) => `${second}: the newest`);
    expect(relayedIn(CAROL.id, everySecond)).to.deep.equal(passedOn);
    expect(relayedIn(undefined, everySecond)).to.have.length(200);
    expect(relayedIn(CAROL.id, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 600])).to.have.length(11);
  });
  it("holds no more than 20,000 messages", () => {
    const queue = emptyRelay();
    for (let index = 0; index < 20_000; index++)
      queue.waiting.set(`${index}`, { rank: 2, timestamp: NOW, bytes: FIRST.bytes, from: undefined });
    accept(emptyGraph(), queue, ANNOUNCEMENT, { from: CAROL.id, relay: true, capacity: CAPACITY, now: NOW });
    const graph = emptyGraph();
    for (const gossip of [ANNOUNCEMENT, FIRST])
      accept(graph, queue, gossip, { from: CAROL.id, relay: true, capacity: CAPACITY, now: NOW });
    expect(queue.waiting.size).to.equal(20_000);
  });
});
