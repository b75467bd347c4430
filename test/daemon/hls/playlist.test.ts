import { expect } from "chai";
import fc from "fast-check";
import { keyedPlaylist, parsePlaylist } from "../../../src/daemon/hls/playlist.ts";

const READY = [
  "#EXTM3U",
  "#EXT-X-VERSION:7",
  "#EXT-X-TARGETDURATION:1",
  "#EXT-X-MEDIA-SEQUENCE:0",
  '#EXT-X-MAP:URI="init.mp4"',
  "#EXTINF:1.000000,",
  "0000.m4s",
  "#EXTINF:0.960000,",
  "0001.m4s",
  "#EXT-X-ENDLIST",
];
const fault = (...lines: readonly string[]): unknown => {
  const parsed = parsePlaylist(lines.join("\n"));
  return parsed.ok ? "taken" : parsed.error.code;
};

describe("a playlist with keys", () => {
  it("names the key of each slot before it, with the init file before the first key", () => {
    const parsed = parsePlaylist(READY.join("\r\n"));
    if (!parsed.ok) throw new Error(parsed.error.code);
    expect(keyedPlaylist(parsed.value).split("\n")).to.deep.equal([
      ...READY.slice(0, 5),
      '#EXT-X-KEY:METHOD=AES-128,URI="k/0"',
      "#EXTINF:1.000000,",
      "0000.m4s",
      '#EXT-X-KEY:METHOD=AES-128,URI="k/1"',
      "#EXTINF:0.960000,",
      "0001.m4s",
      "#EXT-X-ENDLIST",
      "",
    ]);
  });
  it("keeps the lines that belong to a segment with it, and needs no init file", () => {
    const parsed = parsePlaylist("#EXTM3U\n#EXTINF:2,\na.ts\n#EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:2,\nb.ts\n");
    expect(parsed).to.deep.equal({
      ok: true,
      value: {
        header: [],
        init: undefined,
        segments: [
          { lines: ["#EXTINF:2,"], seconds: 2, file: "a.ts" },
          { lines: ["#EXT-X-PROGRAM-DATE-TIME:x", "#EXTINF:2,"], seconds: 2, file: "b.ts" },
        ],
      },
    });
  });
  it("is not made of what is no media playlist", () => {
    expect([
      fault(""),
      fault("#EXTM3U"),
      fault("#EXTM3U", "a.ts"),
      fault("#EXTM3U", "#EXTINF:x,", "a.ts"),
    ]).to.deep.equal(["not_a_media_playlist", "no_segments", "not_a_media_playlist", "not_a_media_playlist"]);
  });
  it("is not made of playlists that have keys, parts, variants, gaps or another first number", () => {
    const lines = [
      '#EXT-X-KEY:METHOD=AES-128,URI="x"',
      "#EXT-X-BYTERANGE:10@0",
      "#EXT-X-STREAM-INF:BANDWIDTH=1",
      "#EXT-X-DISCONTINUITY",
      "#EXT-X-MEDIA-SEQUENCE:7",
      "#EXT-X-MAP:BYTERANGE=1",
    ];
    const faults = lines.map((line) => fault("#EXTM3U", line, "#EXTINF:1,", "a.ts"));
    expect(faults).to.deep.equal(Array(6).fill("unsupported_line"));
  });
  it("is not made of names that lead out of the folder", () => {
    const names = ["../a.ts", "/etc/passwd", "http://x/a.ts", ".hidden", "a/b.ts", "a%2fb\\c", `${"a".repeat(200)}`];
    expect(names.map((name) => fault("#EXTM3U", "#EXTINF:1,", name))).to.deep.equal(Array(7).fill("unsafe_name"));
    expect(fault("#EXTM3U", '#EXT-X-MAP:URI="../init.mp4"', "#EXTINF:1,", "a.ts")).to.equal("unsafe_name");
  });
  it("never throws, for any lines", () => {
    const line = fc.oneof(fc.constantFrom(...READY, "#EXT-X-MAP:", "#EXTINF:"), fc.string());
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const parsed = parsePlaylist(["#EXTM3U", ...lines].join("\n"));
        if (parsed.ok) expect(parsed.value.segments.length).to.be.greaterThan(0);
      }),
      { seed: 41, numRuns: 500 },
    );
  });
});
