import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { SyncTeller, syncStateOf } from "../../../src/daemon/chain/sync-teller.ts";
import type { NodeContext } from "../../../src/daemon/context.ts";
import { createEvents } from "../../../src/daemon/events.ts";
import { createTurns } from "../../../src/daemon/turn.ts";
import type { NodeEvent } from "../../../src/daemon/views.ts";
import type { SyncProgress } from "../../../src/ports/base-node.ts";
import { testClock } from "../../adapters/chain/world.ts";

const at = (height: number) => ({ height: blockHeight(height), hash: "00".repeat(32) as never });
const blocks = (done: number, total = 100): SyncProgress => ({ stage: "blocks", done, total });

/** A teller over a chain that is where the test says, and all that was told. */
function bench() {
  const clock = testClock();
  const store = memoryDisk().open();
  const events = createEvents(store);
  const turns = createTurns({ clock, store, onHalt: () => {} });
  let progress: SyncProgress | undefined;
  let listener: (() => void) | undefined;
  let tip = 100;
  let followed = 100;
  const chain = {
    progress: () => progress,
    synced: () => true,
    tip: () => at(tip),
    onProgress: (hears: () => void) => {
      listener = hears;
      return () => {
        listener = undefined;
      };
    },
  };
  const teller = new SyncTeller({ chain, clock, events, turns } as unknown as NodeContext, () => blockHeight(followed));
  const told: NodeEvent[] = [];
  events.listen((event) => told.push(event));
  /** What is told until the disk has answered. */
  const heard = async (): Promise<readonly unknown[]> => {
    for (let turn = 0; turn < 5; turn++) {
      clock.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return told.splice(0).map(({ type, data, passing }) => [type, data, passing ?? false]);
  };
  return {
    teller,
    events,
    heard,
    pass: (ms: number) => clock.pass(ms),
    comeTo: (where: SyncProgress | undefined) => {
      progress = where;
      listener?.();
    },
    stand: (of: number, stepped: number) => {
      tip = of;
      followed = stepped;
      listener?.();
    },
    get isHeard() {
      return listener !== undefined;
    },
  };
}

describe("what a node tells of its sync", () => {
  it("is told at most once a second while it changes, kept in no log, and ends with one event that is kept", async () => {
    const { teller, heard, pass, comeTo, events } = bench();
    teller.start();
    comeTo(blocks(10));
    expect(await heard()).to.deep.equal([]);
    pass(1000);
    expect(await heard()).to.deep.equal([["node.sync_progress", { stage: "blocks", done: 10, total: 100 }, true]]);
    for (let done = 11; done < 60; done++) comeTo(blocks(done));
    pass(999);
    expect(await heard()).to.deep.equal([]);
    pass(1);
    expect(await heard()).to.deep.equal([["node.sync_progress", { stage: "blocks", done: 59, total: 100 }, true]]);
    pass(1000);
    expect(await heard()).to.deep.equal([]);
    comeTo(undefined);
    pass(1000);
    expect(await heard()).to.deep.equal([["node.synced", { height: 100 }, false]]);
    pass(10_000);
    expect(await heard()).to.deep.equal([]);
    expect(events.after(0, 10).map(({ type }) => type)).to.deep.equal(["node.synced"]);
  });
  it("is nothing while a node is idle, or when a block takes less than a second", async () => {
    const { teller, heard, pass, comeTo } = bench();
    teller.start();
    pass(5_000);
    comeTo(blocks(99));
    pass(500);
    comeTo(undefined);
    pass(5_000);
    expect(await heard()).to.deep.equal([]);
  });
  it("counts what the chain already has and the node has not stepped, from the start on", async () => {
    const { teller, heard, pass, stand } = bench();
    stand(100, 40);
    teller.start();
    pass(1000);
    expect(await heard()).to.deep.equal([["node.sync_progress", { stage: "rescan", done: 40, total: 100 }, true]]);
    stand(100, 100);
    pass(1000);
    expect(await heard()).to.deep.equal([["node.synced", { height: 100 }, false]]);
  });
  it("ends with the node", async () => {
    const world = bench();
    world.teller.start();
    world.comeTo(blocks(10));
    world.teller.stop();
    world.pass(5_000);
    expect([await world.heard(), world.isHeard]).to.deep.equal([[], false]);
  });
  it("names a Bitcoin node that is silent as behind, and a reorganisation as a rescan", () => {
    const chain = { progress: () => undefined, synced: () => false, tip: () => at(7) };
    expect(syncStateOf(chain, blockHeight(7))).to.deep.equal({ phase: "blocks", done: 7, total: 7 });
    const taken = { ...chain, synced: () => true };
    expect(syncStateOf(taken, blockHeight(9))).to.deep.equal({ phase: "rescan", done: 7, total: 7 });
    expect(syncStateOf(taken, blockHeight(7))).to.deep.equal({ phase: "synced", done: 7, total: 7 });
  });
});
