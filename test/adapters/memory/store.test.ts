import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import type { Store } from "../../../src/ports/store.ts";
import { storeContract } from "../../contract/store.ts";

storeContract(
  "memory",
  async () => {
    const disk = memoryDisk();
    let open: Store | undefined;
    return {
      open: async () => {
        await open?.close();
        open = disk.open();
        return open;
      },
      fail: () => {
        const error = new Error("EIO: i/o error, fdatasync");
        disk.fail(error);
        return error;
      },
      breakBit: async (key, bit) => {
        await open?.close();
        open = undefined;
        disk.flipBit(key, bit);
      },
      dispose: async () => {},
    };
  },
  { failsOnCommand: true },
);

const one = (key: string) => [{ key, value: utf8(key) }];
const keys = (store: Store): string[] => [...store.range("")].map(({ key }) => key);

describe("memory disk: what a world can do to it", () => {
  /** A disk whose syncs end when the test says so. */
  function byHand() {
    const syncs: (() => void)[] = [];
    return { disk: memoryDisk({ sync: (done) => syncs.push(done) }), syncs };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("acknowledges only when its sync ends; groups that arrive meanwhile share the next", async () => {
    const { disk, syncs } = byHand();
    const store = disk.open();
    const heard: string[] = [];
    for (const key of ["a", "b"]) void store.append(one(key)).then(() => heard.push(key));
    await turn();
    for (const key of ["c", "d", "e"]) void store.append(one(key)).then(() => heard.push(key));
    await turn();
    expect([syncs.length, heard, disk.pending]).to.deep.equal([1, [], 5]);
    syncs.shift()?.();
    await turn();
    expect([syncs.length, heard, disk.pending]).to.deep.equal([1, ["a", "b"], 3]);
    syncs.shift()?.();
    await turn();
    expect([heard, disk.pending]).to.deep.equal([["a", "b", "c", "d", "e"], 0]);
    expect(disk.counters).to.deep.equal({ syncs: 2, groups: 5, records: 5, bytes: 5 });
  });

  for (const keep of [0, 1, 2, 3])
    it(`keeps ${keep} of 3 unacknowledged groups at a crash, in order, beside all acknowledged ones`, async () => {
      const { disk, syncs } = byHand();
      const store = disk.open();
      const first = store.append(one("a"));
      await turn();
      syncs.shift()?.();
      await first;
      let acknowledged = 0;
      for (const key of ["b", "c", "d"]) void store.append(one(key)).then(() => acknowledged++);
      await turn();
      disk.crash(keep);
      syncs.shift()?.();
      await turn();
      expect(acknowledged).to.equal(0);
      expect(keys(disk.open())).to.deep.equal(["a", "b", "c", "d"].slice(0, keep + 1));
    });

  it("never writes anything for a store that has crashed", async () => {
    const disk = memoryDisk();
    const store = disk.open();
    disk.crash(0);
    void store.append(one("a"));
    await turn();
    expect(keys(disk.open())).to.deep.equal([]);
  });

  it("RELIABILITY P5: a restored copy shows by its sequence that it is old", async () => {
    const disk = memoryDisk();
    const store = disk.open();
    await store.append(one("a"));
    const backup = disk.snapshot();
    await store.append(one("b"));
    const highWater = store.sequence;
    await store.close();
    disk.restore(backup);
    const restored = disk.open();
    expect(keys(restored)).to.deep.equal(["a"]);
    expect([restored.sequence, highWater]).to.deep.equal([1n, 2n]);
  });
});
