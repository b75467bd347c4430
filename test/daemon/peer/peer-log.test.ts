import { expect } from "chai";
import { FRESH } from "../../../channels/index.ts";
import { type VirtualClock, virtualClock } from "../../../src/adapters/memory/clock.ts";
import { channelId, type NodeId } from "../../../src/base/ids.ts";
import { unixMs } from "../../../src/base/units.ts";
import { performChannelEffect } from "../../../src/daemon/channel/effects.ts";
import { PEER_LINES_MAX, PEER_LINES_MS, PeerLog } from "../../../src/daemon/peer/peer-log.ts";
import type { Log, LogFields } from "../../../src/ports/log.ts";

const [ALICE, BOB, EVE, MALLORY] = ["02aa", "02bb", "02ee", "02ff"] as NodeId[] as [NodeId, NodeId, NodeId, NodeId];

describe("the log of what peers say", () => {
  let clock: VirtualClock;
  let lines: (readonly [event: string, peer: unknown, fields: object])[];
  let peerLog: PeerLog;
  beforeEach(() => {
    clock = virtualClock(unixMs(0));
    lines = [];
    const line = (event: string, { peer, ...fields }: LogFields = {}): void => void lines.push([event, peer, fields]);
    const log: Log = { debug: line, info: line, warn: line, error: line };
    peerLog = new PeerLog({ log, clock }, (peer) => peer === ALICE || peer === BOB);
  });
  const warnings = (peer: NodeId, count: number, from = 0): void => {
    for (let at = from; at < from + count; at++) peerLog.warn(peer, "peer warned", { text: `${at}` });
  };
  const texts = (count: number, peer: NodeId) =>
    Array.from({ length: count }, (_, at) => ["peer warned", peer, { text: `${at}` }]);
  const anHour = () => clock.runUntil(unixMs(clock.now() + PEER_LINES_MS));

  it("has the first ones, says that it leaves out the others, and later how many", async () => {
    warnings(ALICE, 100_000);
    const first = [...texts(PEER_LINES_MAX, ALICE), ["lines about a peer are left out", ALICE, {}]];
    expect(lines).to.deep.equal(first);
    await anHour();
    const leftOut = 100_000 - PEER_LINES_MAX;
    expect(lines.slice(first.length)).to.deep.equal([["lines about a peer were left out", ALICE, { leftOut }]]);
    lines = [];
    warnings(ALICE, 1);
    expect(lines, "and goes on").to.deep.equal(texts(1, ALICE));
  });
  it("has all of a peer that says little, and nothing of what was left out where nothing was", async () => {
    warnings(ALICE, PEER_LINES_MAX);
    await anHour();
    expect(lines).to.deep.equal(texts(PEER_LINES_MAX, ALICE));
  });
  it("has the words of one peer whatever another says", () => {
    warnings(ALICE, 1_000);
    lines = [];
    warnings(BOB, 2);
    expect(lines).to.deep.equal(texts(2, BOB));
  });
  it("counts all who have no channel as one: whoever has many names may say no more", async () => {
    warnings(EVE, PEER_LINES_MAX - 1);
    warnings(MALLORY, 3, PEER_LINES_MAX - 1);
    await anHour();
    const whoever = "any without a channel";
    expect(lines.slice(PEER_LINES_MAX - 1)).to.deep.equal([
      ["peer warned", MALLORY, { text: `${PEER_LINES_MAX - 1}` }],
      ["lines about a peer are left out", whoever, {}],
      ["lines about a peer were left out", whoever, { leftOut: 2 }],
    ]);
  });
  it("is where a channel's warnings go, and what its peer brings to nothing", () => {
    const entry = { peer: ALICE, temporaryId: channelId(new Uint8Array(32)), state: FRESH };
    const host = { peerLog, parts: { ctx: {} } };
    for (let time = 0; time < 50; time++) {
      performChannelEffect(host as never, {} as never, entry as never, { tag: "PeerWarned", text: "no" });
      performChannelEffect(host as never, {} as never, entry as never, { tag: "NegotiationFailed", reason: "no" });
    }
    expect(lines.length).to.equal(PEER_LINES_MAX + 1);
    const channel = entry.temporaryId;
    expect(lines.slice(0, 2)).to.deep.equal([
      ["peer warned", ALICE, { channel, text: "no" }],
      ["a funding transaction came to nothing", ALICE, { channel, reason: "no" }],
    ]);
  });
});
