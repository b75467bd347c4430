import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect } from "chai";
import { type Collection, openCollection } from "../../src/adapters/documents.ts";

interface Note {
  readonly id: string;
  readonly text: string;
}
const isNote = (value: unknown): value is Note =>
  typeof value === "object" && value !== null && typeof (value as Note).id === "string" && "text" in value;

describe("documents of the operator", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(`${tmpdir()}/sluice-documents-`);
    path = `${folder}/inner/notes.json`;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (): Promise<Collection<Note>> => openCollection(path, isNote);
  const messageOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "",
      (error: Error) => error.message,
    );

  it("begins empty and finds again what was put, replaced and removed, in its order", async () => {
    const notes = await open();
    expect(notes.list()).to.deep.equal([]);
    for (const id of ["a", "b", "c"]) await notes.put({ id, text: id });
    await notes.put({ id: "a", text: "again" });
    await notes.remove("b");
    await notes.remove("z");
    const expected = [
      { id: "a", text: "again" },
      { id: "c", text: "c" },
    ];
    expect(notes.list()).to.deep.equal(expected);
    expect((await open()).list()).to.deep.equal(expected);
  });

  it("writes changes that are asked for together one after the other, and loses none", async () => {
    const notes = await open();
    await Promise.all(Array.from({ length: 20 }, (_, i) => notes.put({ id: `${i}`, text: "x" })));
    expect((await open()).list().map(({ id }) => id)).to.deep.equal(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it("lets only this user read its file", async () => {
    await (await open()).put({ id: "a", text: "secret" });
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it("refuses a file that is not JSON, or not of such documents, and leaves it as it is", async () => {
    await (await open()).put({ id: "a", text: "x" });
    for (const broken of ["{", "[]", '{"version":2,"documents":[]}', '{"version":1,"documents":[{"id":1}]}']) {
      writeFileSync(path, broken);
      expect(await messageOf(open()), broken).to.match(/notes\.json (cannot be read: |does not hold what it should)/);
      expect(readFileSync(path, "utf8")).to.equal(broken);
    }
  });

  it("keeps the old documents, in memory and on disk, when the disk refuses", async () => {
    const notes = await open();
    await notes.put({ id: "a", text: "x" });
    // Nothing can be written where a folder stands.
    mkdirSync(`${path}.new`);
    expect(await messageOf(notes.put({ id: "b", text: "y" }))).to.contain("EISDIR");
    expect(notes.list()).to.deep.equal([{ id: "a", text: "x" }]);
    rmSync(`${path}.new`, { recursive: true });
    await notes.put({ id: "c", text: "z" });
    expect((await open()).list().map(({ id }) => id)).to.deep.equal(["a", "c"]);
  });
});
