import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * The node's words: read from the file, or made by `make` and on the disk before anything is derived from them. The file
 * has them whole or is not there, and is never written again. Mode 0600.
 */
export async function openWords(path: string, make: () => string): Promise<string> {
  const found = await read(path);
  if (found !== undefined) return found;
  const words = make();
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${words}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  // Unlike a rename, a link never takes the place of a file that another process has made meanwhile.
  await link(temporary, path).finally(() => unlink(temporary));
  const names = await open(folder, "r");
  await names.sync().finally(() => names.close());
  return words;
}
async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
