import { expect } from "chai";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { unixMs } from "../../../src/base/units.ts";
import { Portions } from "../../../src/daemon/payment/portions.ts";
import { createTurns, type Turn } from "../../../src/daemon/turn.ts";

const SIZE = 3;

/** What was worked on, in order, with a number for each turn that did it. */
function portions() {
  const clock = virtualClock(unixMs(0));
  const turns = createTurns({ clock, store: memoryDisk().open(), onHalt: (error) => expect.fail(String(error)) });
  const seen: Turn[] = [];
  const worked: string[] = [];
  const one = new Portions<string>(turns, SIZE, (turn, item) => {
    if (!seen.includes(turn)) seen.push(turn);
    worked.push(`${item}${seen.indexOf(turn)}`);
  });
  const add = (...items: readonly string[]): void =>
    turns.run((turn) => {
      for (const item of items) one.add(turn, item);
    });
  return { clock, add, worked: () => worked.join(" ") };
}

describe("work that comes in crowds", () => {
  it("is done at once while it is less than a portion, the rest on following turns of the loop, in order", async () => {
    const { clock, add, worked } = portions();
    add("a", "b");
    add("c", "d", "e", "f", "g", "h");
    expect(worked()).to.equal("a0 b0 c1");
    await clock.runUntil(unixMs(0));
    expect(worked()).to.equal("a0 b0 c1 d2 e2 f2 g3 h3");
  });
  it("does not overtake what waits", async () => {
    const { clock, add, worked } = portions();
    add("a", "b", "c", "d");
    add("e");
    expect(worked()).to.equal("a0 b0 c0");
    await clock.runUntil(unixMs(0));
    expect(worked()).to.equal("a0 b0 c0 d1 e1");
  });
  it("is done at once again when a turn of the loop has gone by", async () => {
    const { clock, add, worked } = portions();
    add("a", "b", "c");
    await clock.runUntil(unixMs(0));
    add("d");
    expect(worked()).to.equal("a0 b0 c0 d1");
  });
});
