import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { endWaitForPeers, expectPeers } from "../../../src/daemon/channel/first-hearing.ts";
import type { ChannelHost } from "../../../src/daemon/channel/host.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import { testClock } from "../../adapters/chain/world.ts";

const WAIT_MS = 60_000;

describe("The minute after a start (RELIABILITY P5)", () => {
  it("ends for every channel with a look at its deadlines, also where the peer has spoken after the blocks were heard", () => {
    const clock = testClock();
    const store = memoryDisk().open();
    const turns = createTurns({ clock, store, onHalt: () => {} });
    const entries = [{ unheardUntil: undefined }, { unheardUntil: undefined }] as {
      unheardUntil: number | undefined;
    }[];
    const looked: (readonly [number, unknown])[] = [];
    const host = {
      parts: { ctx: { clock, turns, policy: { peersFirstMs: WAIT_MS } }, height: () => blockHeight(7) },
      table: { settled: () => entries },
      apply: (_turn: unknown, entry: (typeof entries)[number], input: unknown) =>
        void looked.push([entries.indexOf(entry), input]),
    } as unknown as ChannelHost;
    expectPeers(host);
    endWaitForPeers(host);
    const [heard] = entries;
    if (heard !== undefined) heard.unheardUntil = undefined;
    clock.pass(WAIT_MS - 1);
    expect(looked).to.deep.equal([]);
    clock.pass(1);
    const block = { tag: "BlockConnected", height: 7 };
    expect(looked).to.deep.equal([
      [0, block],
      [1, block],
    ]);
    expect(entries.map(({ unheardUntil }) => unheardUntil)).to.deep.equal([undefined, undefined]);
  });
});
