import { expect } from "chai";
import fc from "fast-check";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { unixMs } from "../../../src/base/units.ts";

const START = unixMs(1_000);

describe("virtual clock", () => {
  it("runs timers in the order of their times, then of asking, and shows each its own time", async () => {
    const clock = virtualClock(START);
    const heard: string[] = [];
    const say = (text: string) => () => heard.push(`${text}@${clock.now()}`);
    clock.after(20, say("c"));
    clock.after(10, say("a"));
    clock.after(10, say("b"));
    clock.after(10, () => clock.after(0, say("a's own")));
    await clock.runUntil(unixMs(1_015));
    expect(heard).to.deep.equal(["a@1010", "b@1010", "a's own@1010"]);
    expect([clock.now(), clock.next]).to.deep.equal([1_015, 1_020]);
    await clock.runUntil(unixMs(1_020));
    expect(heard.at(-1)).to.equal("c@1020");
    expect(clock.next).to.equal(undefined);
  });
  it("lets promises run to their end before the next timer", async () => {
    const clock = virtualClock(START);
    const heard: string[] = [];
    clock.after(1, () => {
      void (async () => {
        for (let i = 0; i < 10; i++) await Promise.resolve();
        heard.push("promises of the first");
      })();
    });
    clock.after(1, () => heard.push("second"));
    await clock.runUntil(unixMs(1_001));
    expect(heard).to.deep.equal(["promises of the first", "second"]);
  });
  it("steps from timer to timer and says when there is none", async () => {
    const clock = virtualClock(START);
    clock.after(5, () => {});
    expect([await clock.step(), clock.now(), await clock.step()]).to.deep.equal([true, 1_005, false]);
  });
  it("never runs what was cancelled, and keeps the order of all others", async () => {
    const timer = fc.record({ delay: fc.nat({ max: 20 }), cancel: fc.boolean() });
    const property = fc.asyncProperty(fc.array(timer, { maxLength: 40 }), async (timers) => {
      const clock = virtualClock(START);
      const heard: number[] = [];
      const cancels = timers.map(({ delay }, index) => clock.after(delay, () => heard.push(index)));
      for (const [index, { cancel }] of timers.entries()) if (cancel) cancels[index]?.();
      await clock.runUntil(unixMs(1_020));
      const expected = timers
        .map(({ delay, cancel }, index) => ({ delay, cancel, index }))
        .filter(({ cancel }) => !cancel)
        .sort((a, b) => a.delay - b.delay || a.index - b.index);
      expect(heard).to.deep.equal(expected.map(({ index }) => index));
    });
    await fc.assert(property, { seed: 1, numRuns: 50 });
  });
});
