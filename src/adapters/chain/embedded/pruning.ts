import type { BlockHash } from "../../../base/ids.ts";
import type { BlockFiles } from "./block-files.ts";
import { filedKey, numberOfKey } from "./records.ts";
import type { Tables } from "./storage.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Nothing leads into a file any more; it is deleted. */
export type PrunePhase = "forgotten" | "dropped";
export interface PrunedDisk {
  readonly disk: WriteBehind;
  readonly tables: Tables;
  readonly blocks: BlockFiles;
  readonly reached: ((phase: PrunePhase) => void) | undefined;
}
/** Records that are taken out in one go. */
const SLICE_BLOCKS = 500;

/**
 * Deletes the oldest files of blocks, with the undo of those blocks, until the rest fits. That a height is pruned is on the
 * disk with the first of what goes, and nothing leads into a file that is deleted: wherever this is cut off, it is only unfinished.
 * @param note  that blocks up to a height may be gone; within a commit
 */
export async function prune(
  { disk, tables, blocks, reached }: PrunedDisk,
  { pruneBytes, keepFrom }: { readonly pruneBytes: number; readonly keepFrom: number },
  note: (height: number) => void,
): Promise<void> {
  const files = Array.from(tables.files.entries(), ([key, file]) => ({ file: numberOfKey(key), ...file }));
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  for (const { file, size, highest } of files) {
    if (bytes <= pruneBytes) return;
    if (highest >= keepFrom || file >= blocks.current) continue;
    // Of a file that takes no more everything has to be on the disk before one can ask there what is in it.
    await disk.settled();
    disk.commit(() => note(highest));
    for (const filed of slicesOf(filedIn(tables, file))) {
      disk.commit(() => {
        for (const { hash, offset } of filed) {
          tables.blocks.remove(hash);
          tables.undos.remove(hash);
          tables.filed.remove({ file, offset });
        }
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    disk.commit(() => tables.files.remove(file));
    await disk.settled();
    reached?.("forgotten");
    blocks.drop(file);
    reached?.("dropped");
    bytes -= size;
  }
}

/** A block in a file, and where in it. */
interface Filed {
  readonly hash: BlockHash;
  readonly offset: number;
}
function filedIn({ filed }: Tables, file: number): readonly Filed[] {
  const range = { start: filedKey({ file, offset: 0 }), end: filedKey({ file: file + 1, offset: 0 }) };
  return Array.from(filed.entries(range), ([key, { hash }]) => ({ hash, offset: numberOfKey(key.subarray(4)) }));
}
function* slicesOf(filed: readonly Filed[]): Iterable<readonly Filed[]> {
  for (let at = 0; at < filed.length; at += SLICE_BLOCKS) yield filed.slice(at, at + SLICE_BLOCKS);
}
