import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { closeAll, world } from "./fixture.ts";

const CANARY = "canary-1f0e6c";

describe("files of a stream", () => {
  let root = "";
  /** A data folder with a stream's folder in it and secrets all around. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "sluice-files-"));
    const film = join(root, ".data", "streams", "str_1");
    mkdirSync(join(film, "sub"), { recursive: true });
    for (const secret of ["../../admin.token", "../../words.ts", "0.key", "master.ts.key", ".hidden.ts", "sub/x.ts"]) {
      writeFileSync(join(film, secret), CANARY);
    }
    writeFileSync(join(film, "index.m3u8"), "#EXTM3U");
    writeFileSync(join(film, "seg.000.ts"), "0123456789");
    symlinkSync(join(root, ".data", "words.ts"), join(film, "link.ts"));
    mkdirSync(join(film, "folder.ts"));
  });
  afterEach(async () => {
    await closeAll();
    rmSync(root, { recursive: true });
  });
  const served = () =>
    world(undefined, {
      streamFiles: (stream) => (stream === "str_1" ? join(root, ".data", "streams", stream) : undefined),
    });

  it("are given to everyone, whatever page asks, and kept by caches", async () => {
    const { ask } = await served();
    const headers = { origin: "https://elsewhere.example" };
    const playlist = await ask("GET /s/str_1/index.m3u8", { headers });
    expect([playlist.status, playlist.bytes.toString()]).to.deep.equal([200, "#EXTM3U"]);
    expect(playlist.headers).to.include({
      "content-type": "application/vnd.apple.mpegurl",
      "cache-control": "public, max-age=5",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    });
    const segment = await ask("GET /s/str_1/seg.000.ts", { headers: { range: "bytes=2-4" } });
    expect([segment.status, segment.bytes.toString(), segment.headers["content-type"]]).to.deep.equal([
      206,
      "234",
      "video/mp2t",
    ]);
    expect(segment.headers["cache-control"]).to.equal("public, max-age=31536000, immutable");
  });
  it("are the only files that can be read, however the path is written", async () => {
    const { ask } = await served();
    const paths = [
      "str_1/../../admin.token",
      "str_1/..%2f..%2fadmin.token",
      "str_1/%2e%2e%2f%2e%2e%2fadmin.token",
      "str_1/..%5c..%5cadmin.token",
      "..%2f..%2f/admin.token",
      "%2e%2e/words.ts",
      "../words.ts",
      "str_1%2f..%2f../words.ts",
      "str_1/words.ts%00.ts",
      "str_1/%00",
      "str_1/link.ts",
      "str_1/folder.ts",
      "str_1/0.key",
      "str_1/master.ts.key",
      "str_1/.hidden.ts",
      "str_1/sub%2fx.ts",
      "str_1/sub/x.ts",
      "str_1/..",
      "str_1/.",
      "str_1/",
      "str_2/index.m3u8",
      "str_1/index.m3u8/",
      "str_1/INDEX.M3U8",
      `str_1/${"a".repeat(300)}.ts`,
      "str_1/?file=../../admin.token",
      "%5c%5cserver%5cshare/words.ts",
    ];
    for (const path of paths) {
      const reply = await ask(`GET /s/${path}`);
      expect([400, 404], `${path} ${reply.status}`).to.include(reply.status);
      expect(reply.bytes.toString(), path).not.to.include(CANARY);
      expect(reply.bytes.toString(), path).not.to.include(root);
    }
  });
  it("are not written, listed or removed", async () => {
    const { ask, admin: token } = await served();
    for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
      expect((await ask(`${method} /s/str_1/index.m3u8`, { token })).status, method).to.equal(404);
    }
  });
  it("do not include keys, which are paid for", async () => {
    const { ask } = await served();
    const reply = await ask("GET /s/str_1/k/3", { headers: { origin: "https://elsewhere.example" } });
    expect([reply.status, reply.json["code"], reply.headers["cache-control"]]).to.deep.equal([
      402,
      "PAYMENT_REQUIRED",
      "no-store",
    ]);
  });
  it("are asked for under a Host that is served here", async () => {
    const { ask } = await served();
    expect((await ask("GET /s/str_1/index.m3u8", { headers: { host: "evil.example" } })).status).to.equal(403);
  });
});
