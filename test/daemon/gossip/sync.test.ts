import { expect } from "chai";
import { emptyGraph } from "../../../routing/index.ts";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { unixMs } from "../../../src/base/units.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { Pace } from "../../../src/daemon/gossip/pace.ts";
import { GossipSync } from "../../../src/daemon/gossip/sync.ts";
import type { PeerSession } from "../../../src/daemon/peer/session.ts";
import { encodeMessage, type WireMessage } from "../../../src/wire/registry.ts";
import { CHAIN, channelAnnouncement, channelUpdate, learnt, NOW, scid } from "../../routing/gossip/messages.ts";
import { range, U32_MAX } from "../../routing/gossip/queries.ts";

/** With a peer that reads what it was sent when the test says so. */
function desk(clock = virtualClock(unixMs(NOW * 1_000)), pace = new Pace(clock)) {
  const graph = learnt(emptyGraph(), channelAnnouncement(scid(100)), channelUpdate(scid(100)));
  const unread: Uint8Array[] = [];
  const read: Uint8Array[] = [];
  const session = {
    get queuedBytes() {
      return unread.reduce((sum, { length }) => sum + length, 0);
    },
    send: (message: WireMessage) => void unread.push(encodeMessage(message)),
    sendBytes: (bytes: Uint8Array) => void unread.push(bytes),
  } as unknown as PeerSession;
  const ctx = { clock, params: { genesisHash: CHAIN } } as unknown as NodeContext;
  const sync = new GossipSync({ ctx, graph, session: () => session, pace });
  const pass = () => clock.runUntil(unixMs(clock.now() + 1_000));
  return { sync, session, pass, read: () => void read.push(...unread.splice(0)), got: read, unread };
}
const news = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => new Uint8Array(1_000).fill(at));

describe("Gossip sync: a peer that does not read. RELIABILITY D2", () => {
  it("gets its news in pieces, all of them in order once it reads", async () => {
    const { sync, session, pass, read, got } = desk();
    sync.tell(news(1_000));
    await pass();
    expect(session.queuedBytes).to.be.below(400_000);
    for (let round = 0; round < 10; round++) {
      read();
      await pass();
    }
    expect(got).to.deep.equal(news(1_000));
  });
  it("gets small news at once", () => {
    const { sync, unread } = desk();
    sync.tell(news(3));
    expect(unread).to.deep.equal(news(3));
  });
  it("is answered to a question about channels when it has read, and then once", async () => {
    const { sync, session, pass, read, got, unread } = desk();
    sync.tell(news(1_000));
    await pass();
    const before = session.queuedBytes;
    for (let round = 0; round < 10; round++) sync.message(range(0, U32_MAX));
    await pass();
    expect(session.queuedBytes).to.equal(before);
    for (let round = 0; round < 10; round++) {
      read();
      await pass();
    }
    expect([unread.length, got.filter(([high, low]) => high === 1 && low === 8).length]).to.deep.equal([0, 1]);
  });
});

describe("Gossip sync: peers that ask for everything at once. RELIABILITY D2", () => {
  it("are answered one after the other, and those that do not read keep nobody waiting", async () => {
    const clock = virtualClock(unixMs(NOW * 1_000));
    const pace = new Pace(clock);
    const deaf = Array.from({ length: 20 }, () => desk(clock, pace));
    for (const { sync } of deaf) sync.tell(news(1_000));
    await clock.runUntil(unixMs(clock.now() + 105));
    const bytes = deaf.map(({ session }) => session.queuedBytes);
    expect(bytes).to.deep.equal([...Array.from({ length: 10 }, () => 66_000), ...Array.from({ length: 10 }, () => 0)]);
    await clock.runUntil(unixMs(clock.now() + 2_000));
    const reading = desk(clock, pace);
    reading.sync.tell(news(1_000));
    for (let round = 0; round < 17; round++) {
      await clock.runUntil(unixMs(clock.now() + 10));
      reading.read();
    }
    expect(reading.got).to.have.length(1_000);
  });
});
