import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import type { BlockHash, Txid } from "../../../src/base/ids.ts";
import { blockHeight, unixMs } from "../../../src/base/units.ts";
import { createChainHost, tellOfBlock } from "../../../src/daemon/chain/host.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { ChainEvent, Deliver } from "../../../src/ports/chain-source.ts";

const hash = (height: number, branch = 0): BlockHash => `${branch}${height}`.padStart(64, "0") as BlockHash;
const block = (height: number, branch = 0) => ({ height: blockHeight(height), hash: hash(height, branch) });
const connected = (height: number, branch = 0): ChainEvent => ({
  tag: "BlockConnected",
  block: block(height, branch),
  previous: hash(height - 1),
  time: 0,
});
const NOTHING = { version: 2, inputs: [], outputs: [], locktime: 0 };
const disconnected = (height: number): ChainEvent => ({ tag: "BlockDisconnected", block: block(height) });

/** A host over a chain that says what the test says; `heights` are what a listener sees at each event. */
function host() {
  const clock = { now: () => unixMs(0), after: () => () => {} };
  const disk = memoryDisk();
  const store = disk.open();
  let deliver: Deliver = () => undefined;
  const chain = {
    start: (_: unknown, listener: typeof deliver) => {
      deliver = listener;
    },
  };
  const turns = createTurns({ clock, store, onHalt: () => {} });
  const heights: string[] = [];
  const context = { clock, store, chain, turns } as unknown as NodeContext;
  const made = createChainHost(context, [(_, event) => void heights.push(`${event.tag} at ${made.height()}`)]);
  made.start();
  return { made, heights, disk, store, turns, say: (...events: ChainEvent[]) => deliver(events) };
}

describe("Chain host: the height that everything is judged by", () => {
  it("goes up with each block before anybody hears of it", () => {
    const { made, heights, say } = host();
    say(connected(1));
    say(connected(2));
    expect(heights).to.deep.equal(["BlockConnected at 1", "BlockConnected at 2"]);
    expect(made.height()).to.equal(2);
  });

  it("goes down in a reorganisation, so that nothing counts confirmations that are gone", () => {
    const { made, heights, say } = host();
    for (const height of [1, 2, 3]) say(connected(height));
    say(disconnected(3));
    say(disconnected(2));
    expect(made.height()).to.equal(1);
    say(connected(2, 1));
    expect(made.height()).to.equal(2);
    expect(heights.slice(3)).to.deep.equal(["BlockDisconnected at 2", "BlockDisconnected at 1", "BlockConnected at 2"]);
  });

  it("leaves the cursor at the last block that was connected, so that a crash in between changes nothing", () => {
    const { made, say } = host();
    for (const height of [1, 2]) say(connected(height));
    say(disconnected(2));
    expect(made.cursor()).to.deep.equal(block(2));
  });

  it("is acknowledged when it is durable, not when it is taken in", async () => {
    const { disk, store, turns, say } = host();
    const order: string[] = [];
    const append = store.append.bind(store);
    Object.assign(store, {
      append: async (...group: Parameters<typeof append>) => {
        await append(...group);
        order.push("durable");
      },
    });
    const acknowledged = Promise.resolve(say(connected(1))).then(() => order.push("acknowledged"));
    await turns.settled();
    await acknowledged;
    expect([order, disk.counters.groups]).to.deep.equal([["durable", "acknowledged"], 1]);
  });

  it("is not moved by a spend that was only seen, and nothing is written for it", async () => {
    const { made, heights, disk, turns, say } = host();
    say(connected(1));
    await turns.settled();
    const { groups } = disk.counters;
    expect(groups).to.equal(1);
    const outpoint = { txid: hash(9) as string as Txid, vout: 0 };
    say({ tag: "SpendSeen", outpoint, tx: NOTHING });
    await turns.settled();
    expect(heights).to.deep.equal(["BlockConnected at 1", "SpendSeen at 1"]);
    expect(made.cursor()).to.deep.equal(block(1));
    expect(disk.counters.groups).to.equal(1);
  });
});

describe("Blocks, told to those who follow events", () => {
  it("are told as they come and go, and kept in no log", async () => {
    const { turns, store } = host();
    const events = createEvents(store);
    const heard: unknown[] = [];
    events.listen(({ type, data, passing }) => heard.push([type, data, passing]));
    const spend = { outpoint: { txid: hash(9) as string as Txid, vout: 0 }, tx: NOTHING };
    turns.run((turn) => {
      for (const event of [connected(1), disconnected(1), { tag: "SpendSeen", ...spend } as const]) {
        tellOfBlock(events, turn, event);
      }
    });
    await turns.settled();
    expect(heard).to.deep.equal([
      ["chain.block_connected", block(1), true],
      ["chain.block_disconnected", block(1), true],
    ]);
    expect(events.after(0, 10)).to.deep.equal([]);
  });
});
