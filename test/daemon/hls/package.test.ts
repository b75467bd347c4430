import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { packageStream } from "../../../src/daemon/hls/package.ts";
import { decryptSegment, encryptSegment } from "../../../src/daemon/hls/segment.ts";
import { contentSecret, slotKey } from "../../../src/streams/keys.ts";

const CLIP = fileURLToPath(new URL("../../../assets/clip/", import.meta.url));
const SECRET = contentSecret(new Uint8Array(32).fill(5), "film");
const keyOf = (slot: number): Uint8Array => slotKey(SECRET, "film", slot);
const read = (folder: string, file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));

describe("a packaged stream", () => {
  let target: string;
  beforeEach(() => {
    target = mkdtempSync(join(tmpdir(), "sluice-hls-"));
  });
  afterEach(() => rmSync(target, { recursive: true }));

  it("holds the demo clip in 20 slots of a second, each opened by its own key and by no other", async () => {
    expect(await packageStream(CLIP, target, keyOf)).to.deep.equal({ ok: true, value: { units: 20, unitSeconds: 1 } });
    for (let slot = 0; slot < 20; slot++) {
      const file = `${slot.toString().padStart(4, "0")}.m4s`;
      const [encrypted, plain] = [read(target, file), read(CLIP, file)];
      expect(decryptSegment(keyOf(slot), slot, encrypted)).to.deep.equal(plain);
      expect(decryptSegment(keyOf(slot + 1), slot, encrypted)).to.not.deep.equal(plain);
      expect(encrypted.length % 16).to.equal(0);
    }
    expect(read(target, "init.mp4")).to.deep.equal(read(CLIP, "init.mp4"));
    expect(readdirSync(target).sort()).to.deep.equal(readdirSync(CLIP).sort());
  });
  it("is the same when it is made again", async () => {
    await packageStream(CLIP, target, keyOf);
    const before = readdirSync(target).map((file) => read(target, file));
    await packageStream(CLIP, target, keyOf);
    expect(readdirSync(target).map((file) => read(target, file))).to.deep.equal(before);
  });
  it("is not made of a folder without a playlist, or of a playlist whose files are missing", async () => {
    const source = mkdtempSync(join(tmpdir(), "sluice-hls-"));
    expect(await packageStream(source, target, keyOf)).to.deep.equal({
      ok: false,
      error: { code: "unreadable", file: "index.m3u8" },
    });
    writeFileSync(join(source, "index.m3u8"), "#EXTM3U\n#EXTINF:1,\na.ts\n");
    expect(await packageStream(source, target, keyOf)).to.deep.equal({
      ok: false,
      error: { code: "unreadable", file: "a.ts" },
    });
    expect(readdirSync(target)).to.deep.equal([]);
    rmSync(source, { recursive: true });
  });
});

describe("a segment", () => {
  it("is encrypted as RFC 8216 says: AES-128-CBC, the slot as initialisation vector", () => {
    const key = Buffer.from("2b7e151628aed2a6abf7158809cf4f3c", "hex");
    const encrypted = encryptSegment(key, 0, Buffer.from("6bc1bee22e409f96e93d7e117393172a", "hex"));
    // One block of NIST SP 800-38A, F.1.1: with an IV of zeros CBC's first block is ECB's.
    expect(Buffer.from(encrypted.subarray(0, 16)).toString("hex")).to.equal("3ad77bb40d7a3660a89ecaf32466ef97");
    expect(encrypted).to.have.length(32);
  });
  it("depends on its slot also under one key", () => {
    const [key, plain] = [new Uint8Array(16), new Uint8Array(16)];
    expect(encryptSegment(key, 0, plain)).to.not.deep.equal(encryptSegment(key, 1, plain));
  });
  it("opens with the wrong key to nothing or to something else", () => {
    const encrypted = encryptSegment(new Uint8Array(16), 0, new Uint8Array(100));
    expect(decryptSegment(new Uint8Array(16).fill(1), 0, encrypted)).to.not.deep.equal(new Uint8Array(100));
    expect(decryptSegment(new Uint8Array(16), 0, encrypted.subarray(1))).to.equal(undefined);
  });
});

describe("the demo clip", () => {
  it("is at most 3 MB", () => {
    const bytes = readdirSync(CLIP).reduce((total, file) => total + statSync(join(CLIP, file)).size, 0);
    expect(bytes).to.be.lessThan(3_000_000);
  });
});
