import { expect } from "chai";
import { createJournal, type Journal } from "../../src/daemon/journal.ts";
import type { Store, StoreRecord } from "../../src/ports/store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const shown = (records: readonly StoreRecord[]): Record<string, string | undefined> =>
  Object.fromEntries(
    records.map(({ key, value }) => [key, value === undefined ? undefined : new TextDecoder().decode(value)]),
  );

/** A disk that acknowledges on command, and a loop that turns on command. */
function desk() {
  const appended: Record<string, string | undefined>[] = [];
  const acks: { resolve(): void; reject(error: Error): void }[] = [];
  const tasks: (() => void)[] = [];
  const flushed: number[] = [];
  const failures: string[] = [];
  const store: Pick<Store, "append"> = {
    append: (records) => {
      appended.push(shown(records));
      return new Promise((resolve, reject) => acks.push({ resolve, reject }));
    },
  };
  const journal: Journal = createJournal({
    store: store as Store,
    later: (task) => tasks.push(task),
    flushed: (sequence) => flushed.push(sequence),
    failed: (error) => failures.push(error.message),
  });
  const turn = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  const acknowledge = async (): Promise<void> => {
    acks.shift()?.resolve();
    await new Promise(setImmediate);
  };
  const refuse = async (reason: string): Promise<void> => {
    acks.shift()?.reject(new Error(reason));
    await new Promise(setImmediate);
  };
  const note = (records: Record<string, string | (() => Uint8Array) | undefined>): void =>
    journal.note(
      new Map(Object.entries(records).map(([key, text]) => [key, typeof text === "string" ? bytes(text) : text])),
    );
  return { journal, note, turn, acknowledge, refuse, appended, flushed, failures };
}

describe("journal: what turns have changed, on its way to the disk", () => {
  it("writes what was noted in one turn of the loop as one group, the last value of a key alone", () => {
    const { journal, note, turn, appended } = desk();
    note({ "channel/a": "one", "event/1": "x" });
    note({ "channel/a": "two", "payment/p": undefined });
    expect(appended).to.deep.equal([]);
    expect(journal.sequence).to.equal(1);
    turn();
    expect(appended).to.deep.equal([{ "channel/a": "two", "event/1": "x", "payment/p": undefined }]);
    expect(journal.sequence).to.equal(1);
  });

  it("encodes a value once a group, and only the last one", () => {
    const { note, turn, appended } = desk();
    let encoded = 0;
    const value = (text: string) => () => {
      encoded++;
      return bytes(text);
    };
    note({ "channel/a": value("one") });
    note({ "channel/a": value("two") });
    turn();
    expect(appended).to.deep.equal([{ "channel/a": "two" }]);
    expect(encoded).to.equal(1);
  });

  it("gives the disk one group at a time and gathers the next meanwhile", async () => {
    const { journal, note, turn, acknowledge, appended, flushed } = desk();
    note({ a: "1" });
    turn();
    note({ a: "2" });
    note({ b: "2" });
    expect(journal.sequence).to.equal(2);
    turn();
    expect(appended).to.deep.equal([{ a: "1" }]);
    await acknowledge();
    expect(flushed).to.deep.equal([1]);
    turn();
    expect(appended).to.deep.equal([{ a: "1" }, { a: "2", b: "2" }]);
    await acknowledge();
    expect(flushed).to.deep.equal([1, 2]);
  });

  it("says that nothing is flushed before the disk has acknowledged it", async () => {
    const { note, turn, flushed } = desk();
    note({ a: "1" });
    turn();
    await new Promise(setImmediate);
    expect(flushed).to.deep.equal([]);
  });

  it("tells of a refusal once and writes nothing afterwards", async () => {
    const { journal, note, turn, refuse, appended, flushed, failures } = desk();
    note({ a: "1" });
    turn();
    note({ b: "2" });
    await refuse("disk full");
    turn();
    note({ c: "3" });
    turn();
    await journal.settled();
    expect(failures).to.deep.equal(["disk full"]);
    expect(flushed).to.deep.equal([]);
    expect(appended).to.deep.equal([{ a: "1" }]);
  });

  it("takes a value that cannot be encoded as a failure, before anything of its group is written", () => {
    const { note, turn, appended, failures } = desk();
    note({
      a: "1",
      b: () => {
        throw new Error("no such state");
      },
    });
    turn();
    expect(failures).to.deep.equal(["no such state"]);
    expect(appended).to.deep.equal([]);
  });

  it("settles once everything noted before is durable, without waiting for a turn of the loop", async () => {
    const { journal, note, acknowledge, appended, flushed } = desk();
    note({ a: "1" });
    const settled = journal.settled();
    await acknowledge();
    await settled;
    expect(appended).to.deep.equal([{ a: "1" }]);
    expect(flushed).to.deep.equal([1]);
  });

  it("settles also while more is noted with each write, as it is while the chain is told", async () => {
    const { journal, note, acknowledge, appended } = desk();
    let isSettled = false;
    note({ a: "1" });
    void journal.settled().then(() => {
      isSettled = true;
    });
    for (let more = 0; more < 3; more++) {
      note({ b: `${more}` });
      await acknowledge();
    }
    expect(isSettled).to.equal(true);
    expect(appended).to.deep.equal([{ a: "1" }]);
  });

  it("says nothing of a disk that is closed under what was on its way when it stopped", async () => {
    const { journal, note, turn, refuse, failures } = desk();
    note({ a: "1" });
    turn();
    journal.stop();
    await refuse("closed by us");
    expect(failures).to.deep.equal([]);
  });

  it("gives the disk nothing once stopped, and says no more of what it had", async () => {
    const { journal, note, turn, acknowledge, appended, flushed } = desk();
    note({ a: "1" });
    turn();
    note({ b: "2" });
    journal.stop();
    await acknowledge();
    turn();
    expect(appended).to.deep.equal([{ a: "1" }]);
    expect(flushed).to.deep.equal([]);
  });
});
