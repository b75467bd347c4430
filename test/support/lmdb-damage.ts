import { readFileSync, writeFileSync } from "node:fs";

/** Flips a bit of every copy of a value in the file: LMDB writes values as they are, right behind their keys. */
export function breakFile(path: string, key: string, bit: number): void {
  const bytes = readFileSync(`${path}/data.mdb`);
  for (let found = bytes.indexOf(key); found >= 0; found = bytes.indexOf(key, found + 1)) {
    const at = found + key.length + Math.floor(bit / 8);
    bytes[at] = (bytes[at] as number) ^ (1 << (bit % 8));
  }
  writeFileSync(`${path}/data.mdb`, bytes);
}
