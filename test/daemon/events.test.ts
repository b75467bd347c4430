import { expect } from "chai";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { unixMs } from "../../src/base/units.ts";
import { createEvents, type Events } from "../../src/daemon/events.ts";
import { createTurns } from "../../src/daemon/turn.ts";

/** An event log over a disk that acknowledges when told to. */
function log() {
  const acks: (() => void)[] = [];
  const disk = memoryDisk({ sync: (done) => void acks.push(done) });
  const start = () => {
    const tasks: (() => void)[] = [];
    const after = (_ms: number, task: () => void) => {
      tasks.push(task);
      return () => {};
    };
    const store = disk.open();
    const turns = createTurns({
      clock: { now: () => unixMs(0), after },
      store,
      onHalt: (error) => expect.fail(String(error)),
    });
    const events = createEvents(store);
    const write = async (): Promise<void> => {
      for (const task of tasks.splice(0)) task();
      await new Promise(setImmediate);
    };
    const record = (type: string): void => turns.run((turn) => events.record(turn, type, {}));
    return { events, write, record };
  };
  const acknowledge = async (): Promise<void> => {
    for (const ack of acks.splice(0)) ack();
    await new Promise(setImmediate);
  };
  return { disk, start, acknowledge };
}
const read = (events: Events, after = 0): readonly string[] =>
  events.after(after, 500).map(({ seq, type }) => `${seq} ${type}`);

describe("event log", () => {
  it("shows no event that a power cut would undo: its number would be another's then, and a reader who has passed it would miss that", async () => {
    const { disk, start, acknowledge } = log();
    const before = start();
    before.record("first");
    await before.write();
    await acknowledge();
    before.record("undone");
    await before.write();
    expect(read(before.events)).to.deep.equal(["1 first"]);
    disk.crash(0);
    const again = start();
    again.record("other");
    await again.write();
    expect(read(again.events, 1)).to.deep.equal([]);
    await acknowledge();
    expect(read(again.events, 1)).to.deep.equal(["2 other"]);
  });
});
