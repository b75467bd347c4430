import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { allFreezers, freeze } from "../../scripts/freeze-vectors.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(`../vectors/${path}`, import.meta.url));
const stored = (path: string): string => (existsSync(fileOf(path)) ? readFileSync(fileOf(path), "utf8") : "absent");

describe("frozen vectors", () => {
  it("are what the code makes now; where that is meant to change, run scripts/freeze-vectors.ts", async () => {
    const freezers = await allFreezers();
    const stale = freezers.filter((freezer) => stored(freezer.path) !== freeze(freezer)).map(({ path }) => path);
    expect(stale).to.deep.equal([]);
  });
  it("stand in the place of one public set each", async () => {
    const paths = (await allFreezers()).map(({ path }) => path);
    expect(new Set(paths).size).to.equal(paths.length);
    expect(paths.filter((path) => !/^(bolts|bitcoin)\/[\w./-]+\.(json|csv|txt|hex)$/.test(path))).to.deep.equal([]);
  });
});
