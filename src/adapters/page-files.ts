import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PageFile, PageFiles } from "../ports/pages.ts";

/** The pages' files: where they stand in the folder and what they are. */
const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/demo/video", "video.html", "text/html; charset=utf-8"],
  ["/demo/video.css", "video.css", "text/css; charset=utf-8"],
  ["/demo/icon.svg", "icon.svg", "image/svg+xml"],
];
const SCRIPT = {
  path: "/demo/video.js",
  built: "video.js",
  source: "video.ts",
  type: "text/javascript; charset=utf-8",
};
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
  const script = [SCRIPT.path, { type: SCRIPT.type, bytes: await pageScript(folder) }] as const;
  return new Map([...(await Promise.all(read)), script]);
}

/** The script of the page with all that it imports, hls.js and socket.io too: one file, from no other host. */
export async function pageScript(folder: string): Promise<Uint8Array> {
  const built = join(folder, SCRIPT.built);
  const isBuilt = await access(built).then(
    () => true,
    () => false,
  );
  return isBuilt ? readFile(built) : bundle(join(folder, SCRIPT.source));
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
