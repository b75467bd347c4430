import { expect } from "chai";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { unixMs } from "../../src/base/units.ts";
import { encode, struct } from "../../src/codec/codec.ts";
import { text } from "../../src/codec/primitives.ts";
import { recordTable } from "../../src/daemon/record-table.ts";
import { createTurns } from "../../src/daemon/turn.ts";

const codec = struct({ word: text });

/** A table over a disk that acknowledges when told to. */
function table(before: Readonly<Record<string, string>> = {}) {
  const acks: (() => void)[] = [];
  const disk = memoryDisk({ sync: (done) => void acks.push(done) });
  const tasks: (() => void)[] = [];
  const store = disk.open();
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
  const words = recordTable(store, "word/", codec);
  const put = (id: string, word: string | undefined): void =>
    turns.run((turn) => words.put(turn, id, word === undefined ? undefined : { word }));
  const step = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  return { words, put, settle, ready, step };
}
const listed = (words: ReturnType<typeof table>["words"]): string =>
  words
    .list()
    .map(({ id, value }) => `${id}=${value.word}`)
    .join(" ");

describe("Record table: machines read what they have written, people what is durable. RELIABILITY §4a", () => {
  it("gives a change to the next step at once, and shows it only when it is on disk", async () => {
    const { words, put, settle, ready, step } = table({ a: "old" });
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
    const { words, put, settle, ready, step } = table({ a: "old" });
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
    const { words, put, settle, ready } = table({ a: "old" });
    await ready;
    put("a", undefined);
    expect(words.get("a")).to.equal(undefined);
    expect(words.shown("a")).to.deep.equal({ word: "old" });
    expect(listed(words)).to.equal("a=old");
    await settle();
    expect(words.shown("a")).to.equal(undefined);
    expect(listed(words)).to.equal("");
  });
});
