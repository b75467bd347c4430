import { join } from "node:path";
import type { StreamFolders } from "../node-parts.ts";
import { packageStream } from "./package.ts";

/** Packaged streams below one folder, each under its id. */
export function streamFolders(root: string): StreamFolders {
  const folder = (stream: string): string => join(root, stream);
  return { folder, make: (stream, source, keyOf) => packageStream(source, folder(stream), keyOf) };
}
