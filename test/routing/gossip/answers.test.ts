import { expect } from "chai";
import { decodeShortIds } from "../../../routing/gossip/short-ids.ts";
import {
  type Answering,
  answerRange,
  emptyAnswering,
  emptyGraph,
  type Graph,
  hasAnswers,
  markSpent,
  nextFrames,
  receiveFilter,
  receiveIdsQuery,
} from "../../../routing/index.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import type { ShortChannelId } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import type { QueryChannelRange, QueryShortChannelIds } from "../../../src/wire/gossip-queries.ts";
import { decodeMessage } from "../../../src/wire/registry.ts";
import {
  ALICE,
  BOB,
  CHAIN,
  channelAnnouncement,
  channelUpdate,
  learnt,
  NOW,
  nodeAnnouncement,
  scid,
} from "./messages.ts";
import { OTHER_CHAIN, query, range, reply, U32_MAX } from "./queries.ts";

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
  it("RELIABILITY D2: looks at no more than a piece of the graph at a time, also where nothing of it is wanted", () => {
    const wide = listed(Array.from({ length: 2_500 }, (_, at) => scid(1 + at)));
    const answering = emptyAnswering();
    receiveFilter(answering, wide, CHAIN, filter(U32_MAX, 0));
    const pieces = [0, 1, 2].map(() => [nextFrames(answering, wide, CHAIN, 1_000), hasAnswers(answering)]);
    expect(pieces).to.deep.equal([
      [[], true],
      [[], false],
      [[], false],
    ]);
  });
});
