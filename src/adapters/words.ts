import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** The node's words: read from the file, or made by `make` and on the disk before anything is derived from them. Mode 0600. */
export async function openWords(path: string, make: () => string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const words = make();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(`${words}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return words;
}
