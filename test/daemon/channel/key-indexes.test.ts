import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { KeyIndexes } from "../../../src/daemon/channel/key-indexes.ts";
import type { Written } from "../../../src/daemon/journal.ts";

const SECOND_LIFE_MIN = 2 ** 24;

/** The indexes of one store, over as many runs of the node as are asked for, with bytes that are said instead of drawn. */
function indexes() {
  const disk = memoryDisk();
  let store = disk.open();
  const turn = {
    put: (key: string, value: Written) => {
      const bytes = typeof value === "function" ? value() : value;
      void store.append([{ key, value: bytes }]);
    },
  };
  const run = (...drawn: readonly number[]): KeyIndexes =>
    new KeyIndexes({ store, random: { bytes: (length) => Uint8Array.from(drawn).subarray(0, length) } });
  const restart = async (): Promise<void> => {
    await store.close();
    store = disk.open();
  };
  return { run, turn, restart, keys: () => [...store.range("channel-keys/")].map(({ key }) => key) };
}

describe("Indexes of channels' keys", () => {
  it("count up, also over restarts, and leave one record", async () => {
    const { run, turn, restart, keys } = indexes();
    const first = run();
    expect([first.take(turn), first.take(turn), first.take(turn)]).to.deep.equal([0, 1, 2]);
    await restart();
    expect(run().take(turn)).to.equal(3);
    expect(keys()).to.have.length(1);
    expect(run().areOfSecondLife).to.equal(false);
  });
  it("go on from one that was drawn, once in a run, when the words had another life", async () => {
    const { run, turn, restart, keys } = indexes();
    const first = run(0, 0, 1, 0);
    first.take(turn);
    first.skip(turn);
    first.skip(turn);
    expect(first.take(turn)).to.equal(SECOND_LIFE_MIN + 256 + 1);
    await restart();
    const next = run(0, 0, 0, 5);
    expect(next.areOfSecondLife).to.equal(true);
    next.skip(turn);
    expect(next.take(turn), "above all that this store has used, too").to.equal(SECOND_LIFE_MIN + 256 + 2 + 5 + 1);
    expect(keys()).to.have.length(1);
  });
  it("never end, however often that happens", async () => {
    const { run, turn, restart } = indexes();
    for (let life = 0; life < 40; life++) {
      run(0xff, 0xff, 0xff, 0xff).skip(turn);
      await restart();
    }
    expect(run().take(turn)).to.be.lessThan(2 ** 32);
  });
});
