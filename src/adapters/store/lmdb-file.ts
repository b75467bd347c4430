import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** In the first page of every file of LMDB, behind the page's own header. */
const MAGIC = 0xbeef_c0de;
const MAGIC_AT = 24;

/**
 * Whether LMDB may open this folder: its file is LMDB's, or there is none yet. LMDB trusts what it finds, so that another
 * file in its place ends the process without a word.
 */
export function isLmdbFolder(folder: string): boolean {
  let file: number;
  try {
    file = openSync(join(folder, "data.mdb"), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
  try {
    const head = new DataView(new ArrayBuffer(MAGIC_AT + 4));
    const length = readSync(file, head, 0, head.byteLength, 0);
    return length === 0 || (length === head.byteLength && head.getUint32(MAGIC_AT, true) === MAGIC);
  } finally {
    closeSync(file);
  }
}
