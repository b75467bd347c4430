import { expect } from "chai";
import { decodeShortIds, encodeShortIds } from "../../../routing/gossip/short-ids.ts";
import {
  type Answering,
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
  markSpent,
  nextFrames,
  receiveEnd,
  receiveFilter,
  receiveIdsQuery,
  receiveRange,
  verifyGossip,
  wantChannels,
} from "../../../routing/index.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { BlockHash, ShortChannelId } from "../../../src/base/ids.ts";
import { formatShortChannelId, hashBytes } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import type {
  QueryChannelRange,
  QueryShortChannelIds,
  ReplyChannelRange,
  ReplyShortChannelIdsEnd,
} from "../../../src/wire/gossip-queries.ts";
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

const OTHER_CHAIN = "ee".repeat(32) as BlockHash;
const U32_MAX = 0xffff_ffff;
const range = (first: number, count: number, chain = CHAIN): QueryChannelRange => ({
  name: "query_channel_range",
  chain_hash: chain,
  first_blocknum: first,
  number_of_blocks: count,
});
const reply = (first: number, count: number, ids: readonly ShortChannelId[], chain = CHAIN): ReplyChannelRange => ({
  name: "reply_channel_range",
  chain_hash: chain,
  first_blocknum: first,
  number_of_blocks: count,
  sync_complete: 1,
  encoded_short_ids: encodeShortIds(ids),
});
const query = (ids: readonly ShortChannelId[], chain = CHAIN): QueryShortChannelIds => ({
  name: "query_short_channel_ids",
  chain_hash: chain,
  encoded_short_ids: encodeShortIds(ids),
});
const end: ReplyShortChannelIdsEnd = { name: "reply_short_channel_ids_end", chain_hash: CHAIN, full_information: 1 };
const NOTHING: AskingStep = { send: [], warning: undefined };
const asked = (): Asking => {
  const asking = emptyAsking();
  beginSync(asking, CHAIN, 0, true);
  return asking;
};
/** Many channels without real signatures: enough for questions about ids. */
function listed(ids: readonly ShortChannelId[]): Graph {
  const [announcement, update] = [channelAnnouncement(scid(1)), channelUpdate(scid(1))];
  const graph = emptyGraph();
  for (const short_channel_id of ids)
    learnt(
      graph,
      { ...announcement, message: { ...announcement.message, short_channel_id } },
      { ...update, message: { ...update.message, short_channel_id } },
    );
  return graph;
}

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

describe("BOLT 7 §The query_channel_range and reply_channel_range Messages: answering", () => {
  const answered = (graph: Graph, message: QueryChannelRange, answering: Answering = emptyAnswering()) =>
    answerRange(answering, graph, CHAIN, message, NOW);
  it("names the channels of the blocks asked for, in ascending order", () => {
    const graph = listed([scid(7), scid(5, 2), scid(5, 1), scid(9)]);
    expect(answered(graph, range(5, 3))).to.deep.equal([reply(5, 3, [scid(5, 1), scid(5, 2), scid(7)])]);
  });
  it("says so when there are none", () => {
    expect(answered(emptyGraph(), range(0, U32_MAX))).to.deep.equal([reply(0, U32_MAX, [])]);
  });
  it("splits what does not fit into one message: in order, without a gap, complete on the last alone", () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => scid(100 + Math.floor(index / 3000), index));
    const replies = answered(listed(ids), range(0, U32_MAX));
    expect(replies.map((one) => [one.first_blocknum, one.number_of_blocks, one.sync_complete])).to.deep.equal([
      [0, 103, 0],
      [102, 4, 0],
      [105, U32_MAX - 105, 1],
    ]);
    const named = replies.flatMap((one) => {
      const decoded = decodeShortIds(one.encoded_short_ids);
      return decoded.ok ? decoded.value : [];
    });
    expect(named).to.deep.equal(ids);
  });
  it("leaves out channels that are spent or have no update", () => {
    const graph = learnt(
      emptyGraph(),
      channelAnnouncement(scid(5)),
      channelAnnouncement(scid(6)),
      channelUpdate(scid(6)),
    );
    markSpent(graph, scid(6), blockHeight(950));
    expect(answered(graph, range(0, 10))).to.deep.equal([reply(0, 10, [])]);
  });
  it("RELIABILITY D11: answers nothing for another chain or no blocks, and nothing wrong at the end of numbers", () => {
    const graph = listed([scid(5)]);
    expect(answered(graph, range(0, U32_MAX, OTHER_CHAIN))).to.deep.equal([]);
    expect(answered(graph, range(5, 0))).to.deep.equal([]);
    expect(answered(graph, range(U32_MAX, U32_MAX))).to.deep.equal([reply(U32_MAX, U32_MAX, [])]);
  });
  it("RELIABILITY D6: answers 10 questions at once and one more for each second", () => {
    const answering = emptyAnswering();
    const ask = (now: number) => answerRange(answering, emptyGraph(), CHAIN, range(0, 1), now).length;
    const burst = Array.from({ length: 12 }, () => ask(NOW));
    expect(burst).to.deep.equal([...Array(10).fill(1), 0, 0]);
    expect([ask(NOW + 1), ask(NOW + 1), ask(NOW + 1000)]).to.deep.equal([1, 0, 1]);
  });
});

describe("BOLT 7 §The query_short_channel_ids/reply_short_channel_ids_end Messages: answering", () => {
  const ID = scid(900);
  const [announcement, one, two] = [channelAnnouncement(ID), channelUpdate(ID), channelUpdate(ID, BOB, ALICE)];
  const graph = learnt(emptyGraph(), announcement, one, two, nodeAnnouncement());
  const answer = (message: QueryShortChannelIds, network = graph) => {
    const answering = emptyAnswering();
    const warning = receiveIdsQuery(answering, CHAIN, message);
    const frames = nextFrames(answering, network, CHAIN, 1_000_000).map((frame) => {
      const decoded = decodeMessage(frame);
      return decoded.ok && decoded.value.name;
    });
    return { warning, frames };
  };
  const ALL = ["channel_announcement", "channel_update", "channel_update", "node_announcement"];
  const END = "reply_short_channel_ids_end";
  it("sends announcement, both updates and the nodes, then the end", () => {
    expect(answer(query([ID]))).to.deep.equal({ warning: undefined, frames: [...ALL, END] });
  });
  it("sends the end alone for what it does not know", () => {
    expect(answer(query([scid(1)]))).to.deep.equal({ warning: undefined, frames: [END] });
  });
  it("RELIABILITY D6: answers an id that is named 8,000 times once", () => {
    expect(answer(query(Array(8000).fill(ID))).frames).to.deep.equal([...ALL, END]);
  });
  it("sends a node once, though several channels are its own", () => {
    const other = scid(901);
    const both = learnt(emptyGraph(), announcement, one, nodeAnnouncement());
    learnt(both, channelAnnouncement(other), channelUpdate(other));
    const { frames } = answer(query([ID, other]), both);
    expect(frames.filter((name) => name === "node_announcement")).to.have.length(1);
  });
  it("sends what the flags ask for", () => {
    const flagged = (flags: string) =>
      answer({ ...query([ID]), query_flags: { encoding_type: 0, encoded_query_flags: fromHex(flags) } }).frames;
    expect(flagged("01")).to.deep.equal(["channel_announcement", END]);
    expect(flagged("04")).to.deep.equal(["channel_update", END]);
    expect(flagged("08")).to.deep.equal(["node_announcement", END]);
    expect(flagged("fdffff")).to.deep.equal([...ALL, END]);
  });
  it("warns of zlib, odd lengths, and flags that are not one for each id", () => {
    const flags = (encoding_type: number, hex: string) => ({
      ...query([ID]),
      query_flags: { encoding_type, encoded_query_flags: fromHex(hex) },
    });
    const warnings = [
      { ...query([]), encoded_short_ids: fromHex("01aa") },
      { ...query([]), encoded_short_ids: fromHex("00aa") },
      flags(1, "01"),
      flags(0, "0101"),
      flags(0, ""),
    ].map((message) => answer(message));
    expect(warnings.map(({ warning }) => warning)).to.deep.equal([
      "query_short_channel_ids: unknown encoding",
      "query_short_channel_ids: not a whole number of ids",
      "query_short_channel_ids: unknown encoding",
      "query_short_channel_ids: not one flag for each id",
      "query_short_channel_ids: not one flag for each id",
    ]);
    expect(warnings.every(({ frames }) => frames.length === 0)).to.equal(true);
  });
  it("RELIABILITY D6: warns of a second query before the end of the first, which goes on", () => {
    const answering = emptyAnswering();
    expect(receiveIdsQuery(answering, CHAIN, query([ID]))).to.equal(undefined);
    expect(receiveIdsQuery(answering, CHAIN, query([ID]))).to.equal(
      "query_short_channel_ids: the last one is not yet answered",
    );
    expect(nextFrames(answering, graph, CHAIN, 1_000_000)).to.have.length(5);
    expect(receiveIdsQuery(answering, CHAIN, query([ID]))).to.equal(undefined);
  });
  it("ignores a query for another chain", () => {
    expect(answer(query([ID], OTHER_CHAIN))).to.deep.equal({ warning: undefined, frames: [] });
  });
  it("RELIABILITY D2: gives a piece at a time", () => {
    const answering = emptyAnswering();
    receiveIdsQuery(answering, CHAIN, query([ID, scid(901), scid(902)]));
    const wide = learnt(emptyGraph(), announcement, one, channelAnnouncement(scid(901)), channelUpdate(scid(901)));
    const pieces: number[] = [];
    while (hasAnswers(answering)) pieces.push(nextFrames(answering, wide, CHAIN, 1).length);
    expect(pieces).to.deep.equal([2, 2, 1]);
  });
});

describe("BOLT 7 §The gossip_timestamp_filter Message: answering", () => {
  const [old, fresh] = [scid(900), scid(901)];
  const graph = learnt(
    emptyGraph(),
    channelAnnouncement(old),
    channelUpdate(old, ALICE, BOB, { timestamp: NOW - 100 }),
    channelAnnouncement(fresh),
    channelUpdate(fresh, ALICE, BOB, { timestamp: NOW }),
    channelUpdate(fresh, BOB, ALICE, { timestamp: NOW - 100 }),
    nodeAnnouncement(ALICE, NOW),
    nodeAnnouncement(BOB, NOW - 100),
  );
  const filter = (first_timestamp: number, timestamp_range: number, chain_hash = CHAIN) =>
    ({ name: "gossip_timestamp_filter", chain_hash, first_timestamp, timestamp_range }) as const;
  const sent = (message: ReturnType<typeof filter>) => {
    const answering = emptyAnswering();
    receiveFilter(answering, graph, CHAIN, message);
    return nextFrames(answering, graph, CHAIN, 1_000_000).length;
  };
  it("sends what it has of that time: announcement and fitting updates, then nodes", () => {
    expect(sent(filter(0, U32_MAX))).to.equal(7);
    expect(sent(filter(NOW, 1))).to.equal(3);
    expect(sent(filter(NOW - 100, 100))).to.equal(5);
  });
  it("sends nothing for no time, and nothing for another chain", () => {
    expect(sent(filter(U32_MAX, 0))).to.equal(0);
    expect(sent(filter(0, U32_MAX, OTHER_CHAIN))).to.equal(0);
  });
  it("RELIABILITY D2: reads the graph as the peer takes it, through changes of the graph", () => {
    const changing = learnt(emptyGraph(), channelAnnouncement(old), channelUpdate(old));
    const answering = emptyAnswering();
    receiveFilter(answering, changing, CHAIN, filter(0, U32_MAX));
    expect(nextFrames(answering, changing, CHAIN, 1)).to.have.length(2);
    learnt(changing, channelAnnouncement(fresh), channelUpdate(fresh));
    expect(nextFrames(answering, changing, CHAIN, 1)).to.have.length(2);
    expect(nextFrames(answering, changing, CHAIN, 1)).to.have.length(0);
    expect(hasAnswers(answering)).to.equal(false);
  });
});
