import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../base/result.ts";
import { keyedPlaylist, type PlaylistFault, parsePlaylist } from "./playlist.ts";
import { encryptSegment } from "./segment.ts";

export const PLAYLIST_FILE = "index.m3u8";

/** What came of it: how many slots there are, and how long the longest is, in whole seconds. */
export interface PackagedStream {
  readonly units: number;
  readonly unitSeconds: number;
}
export type PackageFault =
  | PlaylistFault
  /** A file that cannot be read: the folder, the playlist, or a file that it names. */
  | { readonly code: "unreadable"; readonly file: string };

/**
 * Makes a folder that may be served to anyone out of a folder of ready HLS: each segment encrypted with the key of its slot,
 * the playlist naming the keys. The playlist is written last, so a folder that has one is complete. Doing it again gives
 * the same files. Rejects when the target cannot be written.
 *
 * @param source a folder with `index.m3u8` and its segments, MPEG-TS or fMP4
 * @param keyOf  16 bytes for each slot
 */
export async function packageStream(
  source: string,
  target: string,
  keyOf: (slot: number) => Uint8Array,
): Promise<Result<PackagedStream, PackageFault>> {
  const text = await readable(join(source, PLAYLIST_FILE));
  if (text === undefined) return err({ code: "unreadable", file: PLAYLIST_FILE });
  const parsed = parsePlaylist(new TextDecoder().decode(text));
  if (!parsed.ok) return parsed;
  const { init, segments } = parsed.value;
  await mkdir(target, { recursive: true });
  if (init !== undefined) {
    if ((await readable(join(source, init))) === undefined) return err({ code: "unreadable", file: init });
    await copyFile(join(source, init), join(target, init));
  }
  for (const [slot, { file }] of segments.entries()) {
    const segment = await readable(join(source, file));
    if (segment === undefined) return err({ code: "unreadable", file });
    await writeFile(join(target, file), encryptSegment(keyOf(slot), slot, segment));
  }
  await writeFile(join(target, PLAYLIST_FILE), keyedPlaylist(parsed.value));
  return ok({ units: segments.length, unitSeconds: longest(segments) });
}
const longest = (segments: readonly { readonly seconds: number }[]): number =>
  Math.max(...segments.map(({ seconds }) => Math.round(seconds) || 1));

async function readable(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
