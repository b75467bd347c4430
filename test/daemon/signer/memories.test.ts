import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { FRESH_MEMORY, type SignerMemory } from "../../../channels/index.ts";
import { FUNDINGS_MAX } from "../../../channels/keys/judgement.ts";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { txid } from "../../../src/base/ids.ts";
import { keepWordsUsed, keptMemories } from "../../../src/daemon/signer/memories.ts";

describe("what a signer remembers", () => {
  it("is that its words were used elsewhere, before it remembers any channel, and over a restart", async () => {
    const disk = memoryDisk();
    const store = disk.open();
    expect(keptMemories(store).areSome).to.equal(false);
    await keepWordsUsed(store);
    expect(keptMemories(store).areSome).to.equal(true);
    await store.close();
    expect(keptMemories(disk.open()).areSome).to.equal(true);
  });
  it("is the newest of each channel, and what is marked before it: not all that a node asks for and has never kept", async () => {
    const memories = keptMemories(memoryDisk().open());
    const opened = [3, 4].map((index) => memories.open(index, FRESH_MEMORY));
    const held: WeakRef<SignerMemory>[] = [];
    const ask = (count: number): void => {
      for (let at = 0; at < count; at++)
        for (const cell of opened) {
          if (!cell.ok) throw new Error(cell.error.detail);
          const memory = { ...FRESH_MEMORY, revokedBelow: BigInt(at) };
          held.push(new WeakRef(memory));
          cell.value.set(memory);
        }
    };
    ask(100);
    memories.mark();
    ask(100);
    // What a WeakRef has shown stays until the end of the task.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(held.filter((memory) => memory.deref() !== undefined).length).to.equal(4);
  });
  it("RELIABILITY U11: is of as many fundings as a channel may have signed, whatever a node says that its records hold", async () => {
    const store = memoryDisk().open();
    const claimed = (first: number, count: number): SignerMemory => ({
      ...FRESH_MEMORY,
      signed: Array.from({ length: count }, (_, at) => ({
        funding: { txid: txid(new Uint8Array(32)), vout: first + at },
        number: 0n,
        txid: txid(new Uint8Array(32)),
      })),
    });
    const opened = (remembered: SignerMemory): boolean => keptMemories(store).open(3, remembered).ok;
    expect(() => opened(claimed(0, FUNDINGS_MAX + 1))).to.throw("no channel has so many fundings");
    const memories = keptMemories(store);
    memories.open(3, claimed(0, FUNDINGS_MAX));
    await memories.keep(memories.mark());
    expect(() => opened(claimed(FUNDINGS_MAX, 1))).to.throw("no channel has so many fundings");
    expect(opened(claimed(1, FUNDINGS_MAX - 1))).to.equal(true);
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
