import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "chai";
import { ENTRIES } from "../../../scripts/demo/programs.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

describe("the bundle of which daemons are started", () => {
  it("has a file of its own for each module that is started as a thread, where it is looked for", () => {
    const threads = readdirSync(join(ROOT, "src"), { encoding: "utf8", recursive: true }).flatMap((file) => {
      if (!file.endsWith(".ts")) return [];
      const started = readFileSync(join(ROOT, "src", file), "utf8").matchAll(
        /startThread\(import\.meta\.url, "([^"]+)"\)/g,
      );
      return [...started].map(([, name]) => `src/${name}`);
    });
    expect(threads).to.have.length.above(1);
    expect(Object.keys(ENTRIES)).to.include.members(threads);
    for (const name of threads) expect(basename(ENTRIES[name] ?? "")).to.equal(`${basename(name)}.ts`);
    for (const file of Object.values(ENTRIES)) expect(existsSync(join(ROOT, file)), file).to.equal(true);
  });
});
