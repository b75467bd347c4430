import { err, ok, type Result } from "../../base/result.ts";

/** A media playlist of HLS as far as it has to be understood to put keys into it: RFC 8216. */
export interface Playlist {
  /** Lines in front of the first segment, without key. */
  readonly header: readonly string[];
  /** The file that every fMP4 segment needs before it; MPEG-TS has none. */
  readonly init: string | undefined;
  readonly segments: readonly Segment[];
}
export interface Segment {
  /** Lines of its own: `#EXTINF` and what else stands before its name. */
  readonly lines: readonly string[];
  readonly seconds: number;
  /** Of a file in the playlist's folder. */
  readonly file: string;
}
export interface PlaylistFault {
  readonly code: "not_a_media_playlist" | "unsupported_line" | "unsafe_name" | "no_segments";
  /** The line at fault. */
  readonly line: string;
}

/** Tags that this packager would make wrong: keys of others, parts of files, other playlists, another first number. */
const UNSUPPORTED = ["#EXT-X-KEY", "#EXT-X-BYTERANGE", "#EXT-X-STREAM-INF", "#EXT-X-DISCONTINUITY", "#EXT-X-PART"];
/** A file of the same folder: no paths, no addresses, nothing hidden. */
const SAFE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

export function parsePlaylist(text: string): Result<Playlist, PlaylistFault> {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines[0] !== "#EXTM3U") return err({ code: "not_a_media_playlist", line: (lines[0] ?? "").slice(0, 80) });
  const header: string[] = [];
  const segments: Segment[] = [];
  let init: string | undefined;
  let own: string[] = [];
  let seconds: number | undefined;
  for (const line of lines.slice(1)) {
    if (UNSUPPORTED.some((tag) => line.startsWith(tag))) return err({ code: "unsupported_line", line });
    const [tag, value = ""] = splitTag(line);
    if (tag === "#EXT-X-MEDIA-SEQUENCE" && value !== "0") return err({ code: "unsupported_line", line });
    if (tag === "#EXT-X-MAP") {
      init = /^URI="([^"]*)"$/.exec(value)?.[1];
      if (init === undefined || segments.length > 0) return err({ code: "unsupported_line", line });
      if (!SAFE_NAME.test(init)) return err({ code: "unsafe_name", line });
    } else if (tag === "#EXTINF") {
      seconds = Number.parseFloat(value);
      own.push(line);
    } else if (line.startsWith("#")) {
      if (tag !== "#EXT-X-ENDLIST") (segments.length === 0 && seconds === undefined ? header : own).push(line);
    } else {
      if (!SAFE_NAME.test(line)) return err({ code: "unsafe_name", line });
      if (seconds === undefined || !(seconds > 0)) return err({ code: "not_a_media_playlist", line });
      segments.push({ lines: own, seconds, file: line });
      own = [];
      seconds = undefined;
    }
  }
  return segments.length === 0 ? err({ code: "no_segments", line: "" }) : ok({ header, init, segments });
}
function splitTag(line: string): readonly [string, string?] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line] : [line.slice(0, colon), line.slice(colon + 1)];
}

/**
 * The playlist that viewers get: before each segment the key of its slot, under the relative address `k/<slot>`. No IV is
 * named: a player takes the media sequence number, which is the slot. The file in `init` stands before the first key, so it is
 * not encrypted. RFC 8216, sections 4.3.2.4, 4.3.2.5 and 5.2.
 */
export function keyedPlaylist({ header, init, segments }: Playlist): string {
  const lines = ["#EXTM3U", ...header];
  if (init !== undefined) lines.push(`#EXT-X-MAP:URI="${init}"`);
  segments.forEach((segment, slot) => {
    lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="k/${slot}"`, ...segment.lines, segment.file);
  });
  return `${[...lines, "#EXT-X-ENDLIST"].join("\n")}\n`;
}
