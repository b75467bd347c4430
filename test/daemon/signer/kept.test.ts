import { expect } from "chai";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { keptBySigner } from "../../../src/daemon/signer/kept.ts";
import type { Store } from "../../../src/ports/store.ts";

/** A store on a disk that waits to be told, and a signer that notes what it is asked. */
function kept() {
  const said: string[] = [];
  const syncs: (() => void)[] = [];
  const disk = memoryDisk({ sync: (done) => void syncs.push(done) });
  let mark = 0;
  let written = (): void => {};
  const signer = {
    mark: () => ++mark,
    keep: (at: number) => {
      said.push(`keep ${at}`);
      return new Promise<void>((resolve) => {
        written = resolve;
      });
    },
  };
  const store = keptBySigner(disk.open(), signer);
  const append = (): Promise<void> =>
    store.append([{ key: "a", value: Uint8Array.of(1) }]).then(() => void said.push("durable"));
  return { said, syncs, append, written: () => written(), asked: () => mark++ };
}
const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a group of records", () => {
  it("counts when the signer keeps what it was asked for it, after the disk has the group", async () => {
    const { said, syncs, append, written, asked } = kept();
    void append();
    // Of the next group, which is not on the disk with this one.
    asked();
    await turnOver();
    expect(said).to.deep.equal([]);
    for (const done of syncs) done();
    await turnOver();
    expect(said).to.deep.equal(["keep 1"]);
    written();
    await turnOver();
    expect(said).to.deep.equal(["keep 1", "durable"]);
  });
  it("is not kept by the signer when the disk refuses it", async () => {
    const asked: string[] = [];
    const full: Store = {
      append: () => Promise.reject(new Error("full")),
      get: () => undefined,
      range: () => [],
      close: async () => {},
    };
    const signer = { mark: () => 1, keep: async () => void asked.push("keep") };
    const end = await keptBySigner(full, signer)
      .append([])
      .catch((error: Error) => error.message);
    expect([end, asked]).to.deep.equal(["full", []]);
  });
});
