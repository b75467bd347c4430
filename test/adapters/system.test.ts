import { expect } from "chai";
import { systemClock, systemRandom } from "../../src/adapters/system.ts";

describe("system clock and random", () => {
  it("runs a task once after its delay, never before the caller has returned", async () => {
    const heard: string[] = [];
    const done = new Promise<void>((resolve) => {
      systemClock.after(0, () => heard.push("soon"));
      const startedAt = systemClock.now();
      systemClock.after(5, () => {
        heard.push("later");
        expect(systemClock.now() - startedAt).to.be.at.least(4);
        resolve();
      });
    });
    expect(heard).to.deep.equal([]);
    // Its own timers do not keep a process alive.
    const alive = setTimeout(() => {}, 1000);
    await done;
    clearTimeout(alive);
    expect(heard).to.deep.equal(["soon", "later"]);
  });
  it("does not run a task that was cancelled", async () => {
    let ran = false;
    const cancel = systemClock.after(0, () => {
      ran = true;
    });
    cancel();
    cancel();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(ran).to.equal(false);
  });
  it("draws as many bytes as asked, others each time", () => {
    const [a, b] = [systemRandom.bytes(32), systemRandom.bytes(32)];
    expect([a.length, b.length, systemRandom.bytes(0).length]).to.deep.equal([32, 32, 0]);
    expect(a).to.not.deep.equal(b);
  });
});
