import { expect } from "chai";
import { err, ok } from "../../../src/base/result.ts";
import { SteadyMiner } from "../../../src/daemon/chain/steady-miner.ts";
import type { BaseNode } from "../../../src/ports/base-node.ts";
import { noLog, testClock } from "../../adapters/chain/world.ts";

/** A miner whose blocks are ready when the test says so, and what it was asked for. */
function bench() {
  const clock = testClock();
  const asked: number[] = [];
  const begun = clock.now();
  const answers: (() => void)[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const mine = (count: number, script: Uint8Array): ReturnType<BaseNode["mine"]> =>
    new Promise((resolve, reject) => {
      asked.push((clock.now() - begun) / 1000);
      expect([count, script]).to.deep.equal([1, Uint8Array.of(1)]);
      if (asked.length === 2) answers.push(() => reject(new Error("the clock stands")));
      else if (asked.length === 3) answers.push(() => resolve(err({ code: "unavailable", detail: "gone" })));
      else answers.push(() => resolve(ok([])));
    });
  const warned: unknown[] = [];
  const log = { ...noLog, warn: (_: string, fields: unknown) => void warned.push(fields) };
  const miner = new SteadyMiner({ chain: { mine } as never, clock, log });
  const pass = async (seconds: number, answered = true): Promise<void> => {
    clock.pass(seconds * 1000);
    if (answered) answers.shift()?.();
    await turn();
  };
  return { miner, asked, warned, pass, request: { everySeconds: 10, script: Uint8Array.of(1) } };
}

describe("steady miner", () => {
  it("mines one block after each interval, whatever became of the last one", async () => {
    const { miner, asked, warned, pass, request } = bench();
    expect([miner.mining, miner.start(request), miner.mining]).to.deep.equal([
      undefined,
      { everySeconds: 10 },
      { everySeconds: 10 },
    ]);
    await pass(9);
    expect(asked).to.deep.equal([]);
    await pass(1);
    for (let i = 0; i < 3; i++) await pass(10);
    expect(asked).to.deep.equal([10, 20, 30, 40]);
    expect(warned).to.deep.equal([{ reason: "Error: the clock stands" }, { reason: "unavailable" }]);
  });
  it("never searches for two at once: a slow one holds up the next, and no more", async () => {
    const { miner, asked, pass, request } = bench();
    miner.start(request);
    await pass(10, false);
    await pass(25, false);
    expect(asked).to.deep.equal([10]);
    await pass(0);
    await pass(0, false);
    expect(asked).to.deep.equal([10, 35]);
  });
  it("stops, and begins anew in place of what was going on", async () => {
    const { miner, asked, pass, request } = bench();
    miner.start(request);
    await pass(5);
    miner.start({ ...request, everySeconds: 7 });
    await pass(6);
    expect(asked).to.deep.equal([]);
    await pass(1, false);
    miner.stop();
    await pass(100);
    expect([asked, miner.mining]).to.deep.equal([[12], undefined]);
  });
});
