import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pageFiles } from "../../src/adapters/page-files.ts";

const SOURCE = join(import.meta.dirname, "..", "..", "src", "web");
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
/** Each page with all that it names. */
const PAGES = {
  "/demo/video": ["/icon.svg", "/page.css", "/demo/video.css", "/demo/video.js"],
  "/chain": ["/icon.svg", "/page.css", "/chain.css", "/chain.js"],
} as const;
const STANDING = ["icon.svg", "page.css", "video.html", "video.css", "chain/chain.html", "chain/chain.css"];
const BUILT = ["video.js", "chain/chain.js"];

describe("the pages' files", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-pages-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const writeAll = async (files: readonly string[], content?: string): Promise<void> => {
    await mkdir(join(folder, "chain"), { recursive: true });
    for (const file of files) await writeFile(join(folder, file), content ?? file);
  };

  it("from source: what the pages name is there, each script is one file that loads nothing more", async () => {
    const files = await pageFiles(SOURCE)();
    for (const [page, expected] of Object.entries(PAGES)) {
      const html = text(files.get(page)?.bytes);
      expect([...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path)).to.deep.equal(expected);
      const script = text(files.get(expected[3])?.bytes);
      expect(script).not.to.match(/\bimport\s*[("{]|\beval\(|new Function\(/);
    }
    expect(new Set(files.keys())).to.deep.equal(new Set(Object.entries(PAGES).flat(2)));
    expect(text(files.get("/demo/video.js")?.bytes))
      .to.include("EXT-X-KEY")
      .and.to.include("/v1/subscriptions");
    expect(text(files.get("/chain.js")?.bytes))
      .to.include("/v1/chain/branches")
      .and.not.to.include("EXT-X-KEY");
  });
  it("have no script or style within the page, so that its policy needs none", async () => {
    const files = await pageFiles(SOURCE)();
    for (const page of Object.keys(PAGES)) {
      const html = text(files.get(page)?.bytes);
      expect(html).not.to.match(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:|https?:\/\//i);
    }
  });
  it("built: the scripts are taken as they are", async () => {
    await writeAll([...STANDING, ...BUILT]);
    const files = await pageFiles(folder)();
    expect(text(files.get("/demo/video.js")?.bytes)).to.equal("video.js");
    expect(text(files.get("/chain.js")?.bytes)).to.equal("chain/chain.js");
  });
  it("are read once, and again after they could not be read", async () => {
    const read = pageFiles(folder);
    expect(await read().catch(() => "refused")).to.equal("refused");
    await writeAll([...STANDING, ...BUILT], "first");
    const first = await read();
    await writeFile(join(folder, "video.css"), "second");
    expect(await read()).to.equal(first);
    expect(text(first.get("/demo/video.css")?.bytes)).to.equal("first");
  });
});
