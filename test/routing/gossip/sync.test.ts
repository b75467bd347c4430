import { expect } from "chai";
import { decodeShortIds, encodeShortIds } from "../../../routing/gossip/short-ids.ts";
import {
  type Asking,
  type AskingStep,
  accept,
  answerRange,
  beginSync,
  emptyAnswering,
  emptyAsking,
  emptyGraph,
  emptyRelay,
  type Gossip,
  type Graph,
  hasAnswers,
  isSynced,
  judge,
  judgeFunding,
  nextFrames,
  receiveEnd,
  receiveFilter,
  receiveIdsQuery,
  receiveRange,
  verifyGossip,
  wantChannels,
} from "../../../routing/index.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { formatShortChannelId, hashBytes } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import type { ReplyShortChannelIdsEnd } from "../../../src/wire/gossip-queries.ts";
import { decodeMessage, encodeMessage } from "../../../src/wire/registry.ts";
import { describeVectors } from "../../support/vectors.ts";
import {
  ALICE,
  BOB,
  CAPACITY,
  CHAIN,
  CONTEXT,
  channelAnnouncement,
  channelUpdate,
  learnt,
  NODES,
  NOW,
  nodeAnnouncement,
  scid,
} from "./messages.ts";
import { OTHER_CHAIN, query, range, reply, U32_MAX } from "./queries.ts";

const end: ReplyShortChannelIdsEnd = { name: "reply_short_channel_ids_end", chain_hash: CHAIN, full_information: 1 };
const NOTHING: AskingStep = { send: [], warning: undefined };
const asked = (): Asking => {
  const asking = emptyAsking();
  beginSync(asking, CHAIN, 0, true);
  return asking;
};
interface QueryVectors {
  readonly cases: readonly {
    readonly hex: string;
    readonly msg: {
      readonly type: string;
      readonly chainHash: string;
      readonly firstBlockNum?: number;
      readonly numberOfBlocks?: number;
      readonly complete?: number;
      readonly shortChannelIds?: { readonly array: readonly string[] };
    };
  }[];
}
describeVectors<QueryVectors>(
  "BOLT 7 §Query Messages: the vectors",
  "bolts/bolt07/extended-queries-no-zlib.json",
  ({ cases }) => {
    for (const [index, { hex, msg }] of cases.entries())
      it(`case ${index}, ${msg.type}: is read as the vector says, and written again`, () => {
        const decoded = decodeMessage(fromHex(hex));
        if (!decoded.ok || !("chain_hash" in decoded.value)) throw new Error("a message about a chain");
        const message = decoded.value;
        expect(toHex(hashBytes(message.chain_hash))).to.equal(msg.chainHash);
        if ("first_blocknum" in message)
          expect([message.first_blocknum, message.number_of_blocks]).to.deep.equal([
            msg.firstBlockNum,
            msg.numberOfBlocks,
          ]);
        if ("sync_complete" in message) expect(message.sync_complete).to.equal(msg.complete);
        if ("encoded_short_ids" in message) {
          const ids = decodeShortIds(message.encoded_short_ids);
          if (!ids.ok) throw new Error(ids.error);
          expect(ids.value.map(formatShortChannelId)).to.deep.equal(msg.shortChannelIds?.array);
          expect(encodeShortIds(ids.value)).to.deep.equal(message.encoded_short_ids);
        }
        expect(toHex(encodeMessage(message))).to.equal(hex);
      });
  },
);

/** A peer that answers from its graph, and we who judge and verify what it sends. Ends when neither has more to say. */
function syncAll(theirs: Graph, ours: Graph): { readonly frames: number; readonly ends: number } {
  const [asking, answering] = [emptyAsking(), emptyAnswering()];
  const counted = { frames: 0, ends: 0 };
  const sends = (step: AskingStep): void => {
    expect(step.warning).to.equal(undefined);
    for (const message of step.send)
      if (message.name === "gossip_timestamp_filter") receiveFilter(answering, theirs, CHAIN, message);
      else if (message.name === "query_short_channel_ids")
        expect(receiveIdsQuery(answering, CHAIN, message)).to.equal(undefined);
      else
        for (const answer of answerRange(answering, theirs, CHAIN, message, NOW))
          sends(receiveRange(asking, ours, CHAIN, answer));
  };
  sends(beginSync(asking, CHAIN, NOW, true));
  while (hasAnswers(answering))
    for (const frame of nextFrames(answering, theirs, CHAIN, 2000)) {
      counted.frames++;
      const decoded = decodeMessage(frame);
      if (!decoded.ok || decoded.value.name === "unknown") throw new Error("a message of the BOLTs");
      if (decoded.value.name === "reply_short_channel_ids_end") {
        counted.ends++;
        sends(receiveEnd(asking, CHAIN, decoded.value));
      } else received(ours, { message: decoded.value, bytes: frame } as Gossip);
    }
  expect(isSynced(asking)).to.equal(true);
  return counted;
}
function received(graph: Graph, gossip: Gossip): void {
  let verdict = judge(graph, gossip, CONTEXT);
  let signer = verdict.tag === "Accept" ? verdict.signer : undefined;
  if (verdict.tag === "NeedsFunding" && gossip.message.name === "channel_announcement") {
    const { message, bytes } = gossip;
    verdict = judgeFunding({ message, bytes }, verdict, { amount: CAPACITY, script: verdict.script });
    signer = message.node_id_1;
  }
  if (verdict.tag !== "Accept") return;
  expect(verifyGossip(gossip, present(signer, "a signer"))).to.equal(true);
  accept(graph, emptyRelay(), gossip, { from: ALICE.id, relay: true, capacity: CAPACITY, now: NOW });
}
/** What two graphs have in common when they know the same. */
const shown = (graph: Graph) => ({
  channels: [...graph.channels.values()]
    .map((channel) => [
      channel.shortChannelId,
      toHex(channel.bytes),
      ...channel.policies.map((p) => p && toHex(p.bytes)),
    ])
    .sort(),
  nodes: [...graph.nodes.values()].map((node) => [node.id, node.announcement && toHex(node.announcement.bytes)]).sort(),
});

describe("BOLT 7 §Query Messages: the first sync between two nodes of ours", () => {
  const theirs = emptyGraph();
  for (let index = 0; index < NODES.length - 1; index++) {
    const [a, b] = [NODES[index] ?? ALICE, NODES[index + 1] ?? BOB];
    const id = scid(900 + index);
    learnt(theirs, channelAnnouncement(id, a, b), channelUpdate(id, a, b, { timestamp: NOW - 100 }));
    learnt(theirs, channelUpdate(id, b, a, { timestamp: NOW - 50 }), nodeAnnouncement(a, NOW - 10));
  }
  it("brings an empty graph every channel, update and node, each once", () => {
    const ours = emptyGraph();
    const { frames, ends } = syncAll(theirs, ours);
    expect(shown(ours)).to.deep.equal(shown(theirs));
    expect([frames, ends]).to.deep.equal([7 * 4 + 1, 1]);
  });
  it("brings a graph that has some of them the others alone", () => {
    const ours = emptyGraph();
    for (const id of [900, 901, 902]) {
      const at = id - 900;
      const [a, b] = [NODES[at] ?? ALICE, NODES[at + 1] ?? BOB];
      learnt(ours, channelAnnouncement(scid(id), a, b));
    }
    syncAll(theirs, ours);
    expect([...ours.channels.keys()].sort()).to.deep.equal([...theirs.channels.keys()].sort());
  });
  it("asks an equal for nothing", () => {
    expect(syncAll(theirs, theirs)).to.deep.equal({ frames: 0, ends: 0 });
  });
});

describe("BOLT 7 §The query_channel_range and reply_channel_range Messages: asking", () => {
  it("begins with a filter and the question for all blocks", () => {
    const asking = emptyAsking();
    expect(beginSync(asking, CHAIN, NOW, true)).to.deep.equal({
      send: [
        { name: "gossip_timestamp_filter", chain_hash: CHAIN, first_timestamp: NOW, timestamp_range: U32_MAX },
        range(0, U32_MAX),
      ],
      warning: undefined,
    });
    expect(isSynced(asking)).to.equal(false);
  });
  it("asks a peer without gossip_queries for nothing", () => {
    const asking = emptyAsking();
    expect(beginSync(asking, CHAIN, NOW, false).send).to.deep.equal([
      { name: "gossip_timestamp_filter", chain_hash: CHAIN, first_timestamp: U32_MAX, timestamp_range: 0 },
    ]);
    expect(isSynced(asking)).to.equal(true);
  });
  it("does not ask again before the last answer has come", () => {
    expect(beginSync(asked(), CHAIN, NOW, true).send.map((message) => message.name)).to.deep.equal([
      "gossip_timestamp_filter",
    ]);
  });
  it("takes replies until one reaches the end, whatever they call complete, then asks for what is unknown", () => {
    const asking = asked();
    const graph = learnt(emptyGraph(), channelAnnouncement(scid(5)));
    expect(receiveRange(asking, graph, CHAIN, reply(0, 10, [scid(5), scid(6)]))).to.deep.equal(NOTHING);
    expect(receiveRange(asking, graph, CHAIN, reply(9, 10, [scid(9), scid(6)]))).to.deep.equal(NOTHING);
    expect(receiveRange(asking, graph, CHAIN, reply(19, U32_MAX - 19, [])).send).to.deep.equal([
      query([scid(6), scid(9)]),
    ]);
  });
  it("asks in batches of 500, the next when the last is answered", () => {
    const asking = emptyAsking();
    const ids = Array.from({ length: 1100 }, (_, index) => scid(1, index));
    expect(wantChannels(asking, CHAIN, ids).send).to.deep.equal([query(ids.slice(0, 500))]);
    expect(receiveEnd(asking, CHAIN, end).send).to.deep.equal([query(ids.slice(500, 1000))]);
    expect(wantChannels(asking, CHAIN, [scid(2)])).to.deep.equal(NOTHING);
    expect(receiveEnd(asking, CHAIN, end).send).to.deep.equal([query([...ids.slice(1000), scid(2)])]);
    expect(receiveEnd(asking, CHAIN, end)).to.deep.equal(NOTHING);
    expect(isSynced(asking)).to.equal(true);
  });
  it("RELIABILITY D7: ignores ends and replies that nobody asked for, and those of another chain", () => {
    const asking = emptyAsking();
    expect(receiveEnd(asking, CHAIN, end)).to.deep.equal(NOTHING);
    expect(receiveRange(asking, emptyGraph(), CHAIN, reply(0, U32_MAX, [scid(1)]))).to.deep.equal(NOTHING);
    const waiting = asked();
    expect(receiveRange(waiting, emptyGraph(), CHAIN, reply(0, U32_MAX, [scid(1)], OTHER_CHAIN))).to.deep.equal(
      NOTHING,
    );
    expect(receiveRange(waiting, emptyGraph(), CHAIN, reply(0, U32_MAX, [scid(1)])).send).to.have.length(1);
    expect(receiveEnd(waiting, CHAIN, { ...end, chain_hash: OTHER_CHAIN })).to.deep.equal(NOTHING);
  });
  it("RELIABILITY D5: refuses zlib and odd lengths, and frees what it had", () => {
    const cases = [
      ["01789c", "reply_channel_range: unknown encoding"],
      ["000102", "reply_channel_range: not a whole number of ids"],
    ] as const;
    for (const [encoded, warning] of cases) {
      const asking = asked();
      const broken = { ...reply(0, 10, []), encoded_short_ids: fromHex(encoded) };
      expect(receiveRange(asking, emptyGraph(), CHAIN, broken)).to.deep.equal({ send: [], warning });
      expect(asking).to.deep.equal(emptyAsking());
    }
  });
  it("RELIABILITY D5: keeps ids in eight bytes each, once", () => {
    const asking = asked();
    const ids = Array.from({ length: 8_000 }, (_, index) => scid(7, index));
    for (let at = 0; at < 3; at++) receiveRange(asking, emptyGraph(), CHAIN, reply(at, 1, ids));
    receiveRange(asking, emptyGraph(), CHAIN, reply(3, U32_MAX - 3, [scid(8), scid(1)]));
    const [first, last] = [asking.wanted[0], asking.wanted.at(-1)];
    expect([asking.wanted.byteLength, first, last]).to.deep.equal([8 * (8_002 - 500), scid(7, 499), scid(8)]);
  });
  it("RELIABILITY D5: refuses more ids than there can be, and replies without end", () => {
    const asking = asked();
    const graph = emptyGraph();
    let step = NOTHING;
    for (let at = 0; step.warning === undefined && at < 20; at++) {
      const ids = Array.from({ length: 8000 }, (_, index) => scid(at, index));
      step = receiveRange(asking, graph, CHAIN, reply(at, 1, ids));
    }
    expect(step.warning).to.equal("reply_channel_range: more than there can be");
    expect(asking).to.deep.equal(emptyAsking());
    const endless = asked();
    let replies = 0;
    for (step = NOTHING; step.warning === undefined && replies < 20_000; replies++)
      step = receiveRange(endless, graph, CHAIN, reply(0, 1, []));
    expect([replies, endless]).to.deep.equal([10_001, emptyAsking()]);
  });
  it("refuses replies whose blocks go backwards", () => {
    const asking = asked();
    receiveRange(asking, emptyGraph(), CHAIN, reply(10, 1, []));
    expect(receiveRange(asking, emptyGraph(), CHAIN, reply(9, 1, [])).warning).to.equal(
      "reply_channel_range: blocks out of order",
    );
  });
});
