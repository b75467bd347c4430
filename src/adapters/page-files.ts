import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PageFile, PageFiles } from "../ports/pages.ts";

/** The pages' files: where they are asked for, where they stand in the folder and what they are. */
const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/icon.svg", "icon.svg", "image/svg+xml"],
  ["/page.css", "page.css", "text/css; charset=utf-8"],
  ["/demo/video", "video.html", "text/html; charset=utf-8"],
  ["/demo/video.css", "video.css", "text/css; charset=utf-8"],
  ["/chain", "chain/chain.html", "text/html; charset=utf-8"],
  ["/chain.css", "chain/chain.css", "text/css; charset=utf-8"],
];
/** A page's script, which is put together from its sources. */
export interface PageScript {
  readonly path: string;
  /** From the pages' folder on. */
  readonly source: string;
  readonly built: string;
}
export const PAGE_SCRIPTS: readonly PageScript[] = [
  { path: "/demo/video.js", source: "video.ts", built: "video.js" },
  { path: "/chain.js", source: "chain/chain.ts", built: "chain/chain.js" },
];
const SCRIPT_TYPE = "text/javascript; charset=utf-8";
const OLDEST_BROWSERS = "es2022";

/** Reads them when they are first asked for, from `src/web` or from where it was built, and keeps them. */
export function pageFiles(folder: string): PageFiles {
  let reading: ReturnType<PageFiles> | undefined;
  return () => {
    reading ??= readPages(folder).catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}

async function readPages(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const read = FILES.map(
    async ([path, file, type]) => [path, { type, bytes: await readFile(join(folder, file)) }] as const,
  );
  const files = await Promise.all(read);
  const scripts: [string, PageFile][] = [];
  // One after the other: each ends the process that puts scripts together.
  for (const script of PAGE_SCRIPTS) {
    scripts.push([script.path, { type: SCRIPT_TYPE, bytes: await pageScript(folder, script) }]);
  }
  return new Map([...files, ...scripts]);
}

/** The script of a page with all that it imports, hls.js and socket.io too: one file, from no other host. */
export async function pageScript(folder: string, { source, built }: PageScript): Promise<Uint8Array> {
  const path = join(folder, built);
  const isBuilt = await access(path).then(
    () => true,
    () => false,
  );
  return isBuilt ? readFile(path) : bundle(join(folder, source));
}
async function bundle(entry: string): Promise<Uint8Array> {
  const { build, stop } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      target: OLDEST_BROWSERS,
      minify: true,
      legalComments: "eof",
      logLevel: "silent",
      write: false,
    });
    return outputFiles[0]?.contents ?? new Uint8Array(0);
  } finally {
    // Its process waits for more otherwise.
    await stop();
  }
}
