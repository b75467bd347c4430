import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pageFiles } from "../../src/adapters/page-files.ts";

const SOURCE = join(import.meta.dirname, "..", "..", "src", "web");
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("the pages' files", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-pages-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("from source: what the page names is there, its script is one file that loads nothing more", async () => {
    const files = await pageFiles(SOURCE)();
    const html = text(files.get("/demo/video")?.bytes);
    const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(named).to.deep.equal(["/demo/icon.svg", "/demo/video.css", "/demo/video.js"]);
    expect([...files.keys()].sort()).to.deep.equal(["/demo/video", ...named].sort());
    const script = text(files.get("/demo/video.js")?.bytes);
    expect(script).not.to.match(/\bimport\s*[("{]|\beval\(|new Function\(/);
    expect(script).to.include("EXT-X-KEY").and.to.include("/v1/subscriptions");
  });
  it("have no script or style within the page, so that its policy needs none", async () => {
    const html = text((await pageFiles(SOURCE)()).get("/demo/video")?.bytes);
    expect(html).not.to.match(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:|https?:\/\//i);
  });
  it("built: the script is taken as it is", async () => {
    for (const file of ["video.html", "video.css", "icon.svg"]) await writeFile(join(folder, file), file);
    await writeFile(join(folder, "video.js"), "built();");
    const files = await pageFiles(folder)();
    expect(text(files.get("/demo/video.js")?.bytes)).to.equal("built();");
  });
  it("are read once, and again after they could not be read", async () => {
    const read = pageFiles(folder);
    expect(await read().catch(() => "refused")).to.equal("refused");
    for (const file of ["video.html", "video.css", "icon.svg", "video.js"])
      await writeFile(join(folder, file), "first");
    const first = await read();
    await writeFile(join(folder, "video.css"), "second");
    expect(await read()).to.equal(first);
    expect(text(first.get("/demo/video.css")?.bytes)).to.equal("first");
  });
});
