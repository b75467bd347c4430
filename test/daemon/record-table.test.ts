import { expect } from "chai";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { unixMs } from "../../src/base/units.ts";
import { encode, struct } from "../../src/codec/codec.ts";
import { text } from "../../src/codec/primitives.ts";
import { recordTable } from "../../src/daemon/record-table.ts";
import { createTurns } from "../../src/daemon/turn.ts";

const codec = struct({ word: text });

/** A table over a disk that acknowledges when told to. */
function table(before: Readonly<Record<string, string>> = {}, recent = 0) {
  const acks: (() => void)[] = [];
  const disk = memoryDisk({ sync: (done) => void acks.push(done) });
  const tasks: (() => void)[] = [];
  const opened = disk.open();
  const reads: string[] = [];
  const get = (key: string): Uint8Array | undefined => {
    reads.push(key);
    return opened.get(key);
  };
  const store = { ...opened, get };
  const clock = {
    now: () => unixMs(0),
    after: (_ms: number, task: () => void) => {
      tasks.push(task);
      return () => {};
    },
  };
  const turns = createTurns({ clock, store, onHalt: (error) => expect.fail(String(error)) });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      for (const task of tasks.splice(0)) task();
      await new Promise(setImmediate);
      for (const ack of acks.splice(0)) ack();
      await new Promise(setImmediate);
    }
  };
  const records = Object.entries(before).map(([key, word]) => ({ key: `word/${key}`, value: encode(codec, { word }) }));
  const ready =
    records.length === 0 ? Promise.resolve() : Promise.all([store.append(records), settle()]).then(() => {});
  const words = recordTable(store, "word/", codec, recent);
  const put = (id: string, word: string | undefined): void =>
    turns.run((turn) => words.put(turn, id, word === undefined ? undefined : { word }));
  const step = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  return { words, put, settle, ready, step, reads };
}
const listed = (words: ReturnType<typeof table>["words"]): string =>
  words
    .list()
    .map(({ id, value }) => `${id}=${value.word}`)
    .join(" ");

for (const recent of [0, 2]) {
  const kept = recent === 0 ? "nothing" : "what was read or written last";
  describe(`Record table that keeps ${kept} in memory: machines read what they have written, people what is durable. RELIABILITY §4a`, () => {
    shows(recent);
  });
}

describe("Record table that keeps what was read or written last in memory", () => {
  it("reads a record once, one that is not there too", async () => {
    const { words, ready, reads } = table({ a: "old" }, 2);
    await ready;
    for (let i = 0; i < 3; i++) expect([words.get("a"), words.shown("b")]).to.deep.equal([{ word: "old" }, undefined]);
    expect(reads).to.deep.equal(["word/a", "word/b"]);
  });
  it("knows what has become durable without reading it", async () => {
    const { words, put, settle, reads } = table({}, 2);
    put("a", "first");
    await settle();
    put("a", "second");
    expect([words.get("a"), words.shown("a")]).to.deep.equal([{ word: "second" }, { word: "first" }]);
    await settle();
    expect(words.shown("a")).to.deep.equal({ word: "second" });
    put("a", undefined);
    await settle();
    expect(words.get("a")).to.equal(undefined);
    expect(reads).to.deep.equal(["word/a"]);
  });
  it("keeps so many and no more: the one read or written longest ago is read again", async () => {
    const { words, ready, reads } = table({ a: "a", b: "b", c: "c" }, 2);
    await ready;
    for (const id of ["a", "b", "c", "b", "a"]) expect(words.get(id)).to.deep.equal({ word: id });
    expect(reads).to.deep.equal(["word/a", "word/b", "word/c", "word/a"]);
  });
});

function shows(recent: number): void {
  it("gives a change to the next step at once, and shows it only when it is on disk", async () => {
    const { words, put, settle, ready, step } = table({ a: "old" }, recent);
    await ready;
    put("a", "new");
    put("b", "first");
    expect([words.get("a"), words.get("b")]).to.deep.equal([{ word: "new" }, { word: "first" }]);
    expect([words.shown("a"), words.shown("b")]).to.deep.equal([{ word: "old" }, undefined]);
    step();
    expect(words.shown("a"), "given to the disk, not acknowledged").to.deep.equal({ word: "old" });
    expect(listed(words)).to.equal("a=old");
    await settle();
    expect([words.shown("a"), words.shown("b")]).to.deep.equal([{ word: "new" }, { word: "first" }]);
    expect(listed(words)).to.equal("a=new b=first");
  });

  it("shows what was durable before the first of several changes", async () => {
    const { words, put, settle, ready, step } = table({ a: "old" }, recent);
    await ready;
    put("a", "second");
    step();
    put("a", "third");
    expect(words.get("a")).to.deep.equal({ word: "third" });
    expect(words.shown("a")).to.deep.equal({ word: "old" });
    await settle();
    expect(words.shown("a")).to.deep.equal({ word: "third" });
  });

  it("shows a removed record until its removal is durable", async () => {
    const { words, put, settle, ready } = table({ a: "old" }, recent);
    await ready;
    put("a", undefined);
    expect(words.get("a")).to.equal(undefined);
    expect(words.shown("a")).to.deep.equal({ word: "old" });
    expect(listed(words)).to.equal("a=old");
    await settle();
    expect(words.shown("a")).to.equal(undefined);
    expect(listed(words)).to.equal("");
  });
}
