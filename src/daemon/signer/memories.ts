import {
  FRESH_MEMORY,
  isFresh,
  joined,
  type MemoryCell,
  olderThan,
  type SignerMemory,
  signerMemoryRecord,
} from "../../../channels/index.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { decode, encode } from "../../codec/codec.ts";
import type { OldRecord } from "../../ports/signer.ts";
import { type Store, StoreCorrupt } from "../../ports/store.ts";

/** What a signer remembers of the channels that one node asks it about, from the node's start to its end. */
export interface Memories {
  /** The memory of a channel from here on; see `Signer.channel`. */
  open(index: number, remembered: SignerMemory): Result<MemoryCell, OldRecord>;
  /** From an earlier life of the node, or of its words. */
  readonly areSome: boolean;
  mark(): number;
  keep(mark: number): Promise<void>;
}

/** Memories that follow from the channels' records: a signer within the node has no disk of its own to keep any. */
export const recordedMemories = (): Memories => ({
  open: (_index, remembered) => ok(cellOf(remembered, () => {})),
  areSome: false,
  mark: () => 0,
  keep: () => Promise.resolve(),
});

function cellOf(first: SignerMemory, changed: (memory: SignerMemory) => void): MemoryCell {
  let memory = first;
  return {
    get: () => memory,
    set: (next) => {
      if (next === memory) return;
      memory = next;
      changed(next);
    },
  };
}

/** What has changed of each channel since the mark before. */
interface Marked {
  readonly mark: number;
  readonly changes: ReadonlyMap<number, SignerMemory>;
}
const PREFIX = "signer/";
/**
 * To be kept before a signer serves words that stood in its folder without memories, and once it has served any: as they were
 * used, a node without data has to look for what they own, and to use none of their keys again.
 */
export const keepWordsUsed = (store: Store): Promise<void> =>
  store.append([{ key: `${PREFIX}words-used`, value: new Uint8Array(0) }]);
const keyOf = (index: number): string => `${PREFIX}${index.toString().padStart(10, "0")}`;

/**
 * Memories on a disk of the signer's own. What is set counts at once for what is asked next, and is kept when the node says
 * that its record of the same is durable. What it never says that of, because it died before, it has told nobody: memories
 * that are opened anew do not know of it.
 */
export function keptMemories(store: Store): Memories {
  let changes = new Map<number, SignerMemory>();
  let marked: readonly Marked[] = [];
  let count = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    open: (index, remembered) => {
      const known = read(store, index);
      const older = olderThan(remembered, known);
      if (older !== undefined) return err({ code: "old_record", detail: `of channel ${index} ${older}` });
      const noted = (memory: SignerMemory): void => void changes.set(index, memory);
      const memory = joined(remembered, known);
      // The record may be ahead: what it holds is durable, and may have left. Of what strangers begin nothing is kept.
      if (!isFresh(remembered)) noted(memory);
      return ok(cellOf(memory, noted));
    },
    areSome: [...store.range(PREFIX, { limit: 1 })].length > 0,
    mark: () => {
      if (changes.size === 0) return count;
      marked = [...marked, { mark: ++count, changes }];
      changes = new Map();
      return count;
    },
    keep: (mark) => {
      const due = marked.filter((one) => one.mark <= mark);
      if (due.length === 0) return writing;
      marked = marked.filter((one) => one.mark > mark);
      const last = new Map(due.flatMap((one) => [...one.changes]));
      const value = (memory: SignerMemory): Uint8Array => encode(signerMemoryRecord, memory);
      writing = store.append([...last].map(([index, memory]) => ({ key: keyOf(index), value: value(memory) })));
      return writing;
    },
  };
}

function read(store: Store, index: number): SignerMemory {
  const bytes = store.get(keyOf(index));
  if (bytes === undefined) return FRESH_MEMORY;
  const memory = decode(signerMemoryRecord, bytes);
  if (!memory.ok) throw new StoreCorrupt(keyOf(index), `not a signer's memory: ${memory.error}`);
  return memory.value;
}
