import { readFile } from "node:fs/promises";
import { writeDurably } from "../documents.ts";
import { Refused } from "../sentences.ts";
import type { SequencedStore } from "./group-commit.ts";

/** Policy, not protocol: how far the mark may stay behind the store. A copy that is older than this is known. */
const LAG_MS = 10_000;

/** The write that a store is known to have come to, from a file outside its folder. 0 when there is none yet. */
export async function readHighWater(path: string): Promise<bigint> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0n;
    throw error;
  }
  if (!/^\d{1,20}\n$/.test(text)) throw new Refused(`${path} does not hold the number of a write.`);
  return BigInt(text);
}

/**
 * Writes down how far the store has come, a while after it has and once more at the end. Nothing waits for it: a mark that
 * is behind knows fewer copies as old, and takes none for old that is not. Resolves the end.
 */
export function keepHighWater(path: string, store: SequencedStore, warn: (error: Error) => void): () => Promise<void> {
  let marked = 0n;
  const mark = async (): Promise<void> => {
    const { sequence } = store;
    if (sequence === marked) return;
    await writeDurably(path, `${sequence}\n`).then(() => {
      marked = sequence;
    }, warn);
  };
  let marking = mark();
  const timer = setInterval(() => {
    marking = marking.then(mark);
  }, LAG_MS).unref();
  return async () => {
    clearInterval(timer);
    await marking.then(mark);
  };
}
