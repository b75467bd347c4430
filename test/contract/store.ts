import { expect } from "chai";
import fc from "fast-check";
import { utf8 } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { type RangeOptions, type Store, StoreCorrupt, type StoreRecord } from "../../src/ports/store.ts";

/** An adapter of the store port under test, with the means to hurt it. */
export interface StoreUnderTest {
  /** Opens what is on the disk; whatever was open before is closed. */
  open(): Promise<Store>;
  /** Lets the disk refuse the next write; where that would break this process it is tested apart, in another one. */
  readonly fail?: () => Error;
  /** Breaks one bit of the value under a key, as it lies on the disk of a closed store. */
  breakBit(key: string, bit: number): Promise<void>;
  dispose(): Promise<void>;
}

const put = (key: string, text: string): StoreRecord => ({ key, value: utf8(text) });
const drop = (key: string): StoreRecord => ({ key, value: undefined });
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);
const list = (store: Store, prefix: string, options?: RangeOptions): string[] =>
  [...store.range(prefix, options)].map(({ key, value }) => `${key}=${text(value)}`);

/** The law of `src/ports/store.ts`, for every adapter. */
export function storeContract(
  name: string,
  make: () => Promise<StoreUnderTest>,
  { failsOnCommand }: { readonly failsOnCommand: boolean },
): void {
  describe(`store port: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      under = await make();
      store = await under.open();
    });
    afterEach(() => under.dispose());

    describe("reading", () => {
      it("has nothing under a key never written", () => {
        expect(store.get("channel/a")).to.equal(undefined);
        expect(list(store, "channel/")).to.deep.equal([]);
      });
      it("shows a value as soon as it is appended, and still when it is durable", async () => {
        const durable = store.append([put("channel/a", "1")]);
        expect(text(store.get("channel/a"))).to.equal("1");
        await durable;
        expect(text(store.get("channel/a"))).to.equal("1");
      });
      it("shows the newest of several values that are under way", async () => {
        const first = store.append([put("channel/a", "1")]);
        const second = store.append([put("channel/a", "2")]);
        await first;
        expect(text(store.get("channel/a"))).to.equal("2");
        await second;
        expect(text(store.get("channel/a"))).to.equal("2");
      });
      it("lets the last record of a key in one group win", async () => {
        await store.append([put("channel/a", "1"), put("channel/a", "2"), put("channel/b", "3"), drop("channel/b")]);
        expect(list(store, "")).to.deep.equal(["channel/a=2"]);
      });
      it("forgets a removed key at once and for good", async () => {
        await store.append([put("channel/a", "1")]);
        const removed = store.append([drop("channel/a")]);
        expect(store.get("channel/a")).to.equal(undefined);
        await removed;
        expect(store.get("channel/a")).to.equal(undefined);
      });
      it("keeps empty values apart from absent ones", async () => {
        await store.append([put("a", "")]);
        expect(store.get("a")).to.deep.equal(new Uint8Array(0));
      });
    });

    describe("ranges", () => {
      beforeEach(async () => {
        await store.append(["a/1", "b/1", "b/10", "b/2", "b/~", "c/1"].map((key) => put(key, key)));
        void store.append([put("b/15", "new"), drop("b/2"), put("b/1", "again")]);
      });
      it("give the keys of a prefix bytewise in order, those under way among them", () => {
        expect(list(store, "b/")).to.deep.equal(["b/1=again", "b/10=b/10", "b/15=new", "b/~=b/~"]);
      });
      it("go backwards", () => {
        expect(list(store, "b/", { reverse: true })).to.deep.equal(["b/~=b/~", "b/15=new", "b/10=b/10", "b/1=again"]);
      });
      it("begin after a cursor, which need not exist, and end at a limit", () => {
        expect(list(store, "b/", { after: "b/1", limit: 2 })).to.deep.equal(["b/10=b/10", "b/15=new"]);
        expect(list(store, "b/", { after: "b/2" })).to.deep.equal(["b/~=b/~"]);
        expect(list(store, "b/", { after: "b/15", reverse: true })).to.deep.equal(["b/10=b/10", "b/1=again"]);
        expect(list(store, "b/", { limit: 0 })).to.deep.equal([]);
      });
      it("are empty after a cursor beyond the prefix, and whole after one before it", () => {
        expect(list(store, "b/", { after: "c/1" })).to.deep.equal([]);
        expect(list(store, "b/", { after: "a/1" })).to.have.length(4);
        expect(list(store, "b/", { after: "a/1", reverse: true })).to.deep.equal([]);
        expect(list(store, "b/", { after: "c/1", reverse: true })).to.have.length(4);
      });
      it("are complete over more entries than a page holds", async () => {
        const keys = Array.from({ length: 1000 }, (_, index) => `page/${String(index).padStart(4, "0")}`);
        await store.append(keys.map((key) => put(key, "x")));
        expect([...store.range("page/")].map(({ key }) => key)).to.deep.equal(keys);
        expect([...store.range("page/", { reverse: true })].map(({ key }) => key)).to.deep.equal(keys.toReversed());
      });
    });

    it("agrees with a plain map, whatever is appended and awaited when", async () => {
      const key = fc.constantFrom("k/a", "k/b", "k/bb", "k/c", "l/a");
      const record = fc.tuple(key, fc.option(fc.nat({ max: 9 })));
      const action = fc.record({ group: fc.array(record, { maxLength: 3 }), wait: fc.boolean() });
      const property = fc.asyncProperty(fc.array(action, { maxLength: 12 }), fc.boolean(), async (actions, reverse) => {
        const model = new Map(list(store, "").map((line) => line.split("=") as [string, string]));
        for (const { group, wait } of actions) {
          const durable = store.append(group.map(([k, v]) => (v === null ? drop(k) : put(k, String(v)))));
          for (const [k, v] of group) {
            if (v === null) model.delete(k);
            else model.set(k, String(v));
          }
          if (wait) await durable;
          const expected = [...model].filter(([k]) => k.startsWith("k/")).sort(([a], [b]) => (a < b ? -1 : 1));
          if (reverse) expected.reverse();
          expect(list(store, "k/", { reverse })).to.deep.equal(expected.map(([k, v]) => `${k}=${v}`));
          expect(text(store.get("k/b"))).to.equal(model.get("k/b"));
        }
        await store.append([]);
      });
      await fc.assert(property, { seed: 1, numRuns: 25 });
    });

    describe("durability", () => {
      it("finds again what was acknowledged, after the store was closed and opened", async () => {
        await store.append([put("channel/a", "1"), put("payment/b", "2")]);
        await store.append([put("channel/a", "3"), drop("payment/b")]);
        store = await under.open();
        expect(list(store, "")).to.deep.equal(["channel/a=3"]);
      });
      it("writes what was appended before it closes", async () => {
        void store.append([put("channel/a", "1")]);
        store = await under.open();
        expect(list(store, "")).to.deep.equal(["channel/a=1"]);
      });
      it("RELIABILITY P8: acknowledges groups in the order in which they were appended, and the newest value of a key stays", async () => {
        const heard: number[] = [];
        const all = Array.from({ length: 50 }, (_, index) =>
          store.append([put("channel/a", String(index)), put(`event/${index}`, "x")]).then(() => heard.push(index)),
        );
        await Promise.all(all);
        expect(heard).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
        store = await under.open();
        expect(text(store.get("channel/a"))).to.equal("49");
      });
    });

    const itFails = failsOnCommand ? it : () => {};
    itFails(
      "RELIABILITY P10: after one refused write refuses every later append with the same error, and writes none of it",
      async () => {
        await store.append([put("channel/a", "1")]);
        const { message } = present(under.fail, "this adapter fails on command")();
        const refusal = (append: Promise<void>) =>
          append.then(
            () => "written",
            (error: Error) => error.message,
          );
        const first = [refusal(store.append([put("channel/a", "2")])), refusal(store.append([put("channel/b", "2")]))];
        expect(await Promise.all(first)).to.deep.equal([message, message]);
        expect(await refusal(store.append([put("channel/c", "3")]))).to.equal(message);
        store = await under.open();
        expect(list(store, "")).to.deep.equal(["channel/a=1"]);
      },
    );

    describe("RELIABILITY P12: a broken record", () => {
      it("is never given out: reading it throws StoreCorrupt with its key, other records are still read", async () => {
        await store.append([put("channel/a", "a state of a channel"), put("channel/b", "another")]);
        for (const bit of [3, 70, 131]) {
          await under.breakBit("channel/a", bit);
          store = await under.open();
          expect(() => store.get("channel/a"), `bit ${bit}`).to.throw(StoreCorrupt, "record channel/a: ");
          expect(() => list(store, "channel/"), `bit ${bit}`).to.throw(StoreCorrupt);
          expect(text(store.get("channel/b"))).to.equal("another");
          await under.breakBit("channel/a", bit);
        }
        store = await under.open();
        expect(text(store.get("channel/a"))).to.equal("a state of a channel");
      });
    });
  });
}
