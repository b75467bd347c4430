import { expect } from "chai";
import { open } from "lmdb";
import {
  type BehindDb,
  type WriteBehind,
  type WriteBehindOptions,
  writeBehind,
} from "../../../src/adapters/chain/embedded/write-behind.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { removeFolder, tempFolder } from "./world.ts";

describe("write-behind", () => {
  let folder: string;
  let close: () => Promise<void>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(async () => {
    await close();
    removeFolder(folder);
  });
  function opened(options: WriteBehindOptions = {}): { disk: WriteBehind; db: BehindDb } {
    const env = open<Uint8Array, Uint8Array>({ path: folder, maxDbs: 2, encoding: "binary", keyEncoding: "binary" });
    close = () => env.close();
    const disk = writeBehind(env, options);
    return { disk, db: disk.db("numbers") };
  }
  const stored = (db: BehindDb): readonly string[] =>
    Array.from(db.entries(), ({ key, value }) => `${new TextDecoder().decode(key)}=${value[0]}`);
  const text = (db: BehindDb, key: string): number | undefined => db.get(utf8(key))?.[0];

  it("shows every commit at once, and puts it on the disk when that is asked for", async () => {
    const { disk, db } = opened();
    disk.commit(() => db.put(utf8("a"), Uint8Array.of(1)));
    disk.commit(() => db.put(utf8("a"), Uint8Array.of(2)));
    expect([text(db, "a"), stored(db)]).to.deep.equal([2, []]);
    await disk.settled();
    expect([text(db, "a"), stored(db)]).to.deep.equal([2, ["a=2"]]);
  });
  it("shows what is being written, and what is committed meanwhile above it", async () => {
    const seen: (number | undefined)[] = [];
    const { disk, db } = opened({
      prepare: async () => {
        seen.push(text(db, "a"), text(db, "b"));
        if (text(db, "b") !== undefined) disk.commit(() => db.remove(utf8("b")));
        seen.push(text(db, "a"), text(db, "b"));
      },
    });
    disk.commit(() => db.put(utf8("a"), Uint8Array.of(1)));
    disk.commit(() => db.put(utf8("b"), Uint8Array.of(2)));
    await disk.settled();
    expect(seen).to.deep.equal([1, 2, 1, undefined]);
    expect([text(db, "b"), stored(db)]).to.deep.equal([undefined, ["a=1", "b=2"]]);
    await disk.settled();
    expect(stored(db)).to.deep.equal(["a=1"]);
  });
  it("never writes what was new and went again", async () => {
    let removed = 0;
    const { disk, db } = opened();
    disk.commit(() => db.put(utf8("a"), Uint8Array.of(1), true));
    disk.commit(() => db.remove(utf8("a")));
    disk.commit(() => db.put(utf8("b"), Uint8Array.of(1), true));
    await disk.settled();
    for (const _ of db.entries()) removed++;
    expect([removed, stored(db)]).to.deep.equal([1, ["b=1"]]);
  });
  it("writes unasked when much has gathered, and is crowded until that is on the disk", async () => {
    const { disk, db } = opened({ gatherBytesMax: 1000 });
    const fill = (from: number, to: number): void => {
      for (let at = from; at < to; at++)
        disk.commit(() => db.put(utf8(String(at).padStart(3, "0")), new Uint8Array(50)));
    };
    fill(0, 10);
    expect(disk.crowded).to.equal(false);
    fill(10, 30);
    expect(disk.crowded).to.equal(true);
    await disk.room();
    expect([disk.crowded, stored(db).length >= 10]).to.deep.equal([false, true]);
    await disk.settled();
    expect(stored(db)).to.have.lengthOf(30);
  });
  it("lets nothing onto the disk that what it rests on did not reach before", async () => {
    const { disk, db } = opened({ prepare: () => Promise.reject(new Error("no room for blocks")) });
    disk.commit(() => db.put(utf8("a"), Uint8Array.of(1)));
    const outcome = await disk.settled().then(
      () => "settled",
      (error: Error) => error.message,
    );
    expect([outcome, stored(db)]).to.deep.equal(["no room for blocks", []]);
    expect(() => disk.commit(() => undefined)).to.throw("no room for blocks");
  });
});
