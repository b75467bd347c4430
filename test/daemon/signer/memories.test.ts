import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
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
});
