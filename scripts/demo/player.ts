import { createDecipheriv } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApiClient } from "./client.ts";

/** What playing a clip came to. */
export interface Played {
  readonly segments: number;
  /** Segments whose decrypted bytes are the original's. */
  readonly right: number;
  readonly units: readonly { readonly unit: number; readonly ms: number }[];
}
export interface Player {
  /** The viewer's own daemon: it pays, and gives the keys. */
  readonly viewer: ApiClient;
  readonly subscription: string;
  /** Where playlist and encrypted segments are fetched: the site. */
  readonly site: string;
  readonly stream: string;
  /** The folder with the clip as it was before it was encrypted. */
  readonly original: string;
  readonly onUnit?: (unit: number, ms: number) => void;
  /** How the site is asked for files; once, unless somebody is more patient. */
  readonly fetch?: (url: string) => Promise<Uint8Array>;
}

/**
 * Plays a stream as a browser would: playlist and segments from the site, one key per segment from the viewer's own
 * daemon, which pays for it; each segment is decrypted and compared with the original.
 */
export async function play(player: Player): Promise<Played> {
  const base = `${player.site}/s/${player.stream}/`;
  const fetched = player.fetch ?? fetchOnce;
  const playlist = new TextDecoder().decode(await fetched(`${base}index.m3u8`));
  const segments = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const units: { unit: number; ms: number }[] = [];
  let right = 0;
  for (const [unit, name] of segments.entries()) {
    const began = performance.now();
    const [key, sealed] = await Promise.all([
      player.viewer.bytes(`/v1/subscriptions/${player.subscription}/keys/${unit}`),
      fetched(base + name),
    ]);
    const opened = decrypt(key, unit, sealed);
    const original = await readFile(join(player.original, name));
    if (opened !== undefined && original.equals(opened)) right++;
    const ms = performance.now() - began;
    units.push({ unit, ms });
    player.onUnit?.(unit, ms);
  }
  return { segments: segments.length, right, units };
}

export async function fetchOnce(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** AES-128-CBC, the media sequence number as IV. Undefined when the key does not fit. */
function decrypt(key: Uint8Array, sequence: number, sealed: Uint8Array): Buffer | undefined {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(sequence, 12);
  const decipher = createDecipheriv("aes-128-cbc", key, iv);
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return undefined;
  }
}
