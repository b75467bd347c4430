/**
 * The newest values of one table that are not on the disk yet. Short values are kept as strings of one byte a character:
 * of a million small objects those take the least memory. Many small maps stand in the place of a large one, which would
 * stop everything for a while whenever it grows; they are in the order of the keys, so the disk is written in that order.
 */
export interface WaitingLayer {
  /** About how much memory is taken. */
  readonly bytes: number;
  /** Null when it is to be removed; undefined when nothing waits under this key. */
  get(key: Uint8Array): Uint8Array | null | undefined;
  /** @param isNew  nothing is below this layer under this key: if it goes again, nothing was ever there */
  put(key: Uint8Array, value: Uint8Array, isNew: boolean): void;
  remove(key: Uint8Array): void;
  entries(): Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>;
}
/** A short value behind its mark, a long one as it is, or null: to be removed. */
type Entry = string | Uint8Array | null;

const SHARDS = 1024;
const SHORT_BYTES = 256;
/** What V8 needs for an entry beside its bytes. */
const ENTRY_BYTES = 120;
const NEW = 1;
const CHANGED = 0;

export const waitingLayer = (): WaitingLayer => new Layer();

class Layer implements WaitingLayer {
  readonly #shards: (Map<string, Entry> | undefined)[] = Array.from({ length: SHARDS }, () => undefined);
  readonly #marked = Buffer.alloc(SHORT_BYTES + 1);
  bytes = 0;

  get(key: Uint8Array): Uint8Array | null | undefined {
    const entry = this.#shards[shardOf(key)]?.get(latin1(key));
    return typeof entry === "string" ? Buffer.from(entry, "latin1").subarray(1) : entry;
  }
  put(key: Uint8Array, value: Uint8Array, isNew: boolean): void {
    const shard = this.#shardFor(key);
    const name = latin1(key);
    const before = shard.get(name);
    const neverBelow = before === undefined ? isNew : isMarkedNew(before);
    let entry: Entry = value;
    if (value.length <= SHORT_BYTES) {
      this.#marked[0] = neverBelow ? NEW : CHANGED;
      this.#marked.set(value, 1);
      entry = this.#marked.toString("latin1", 0, value.length + 1);
    }
    shard.set(name, entry);
    this.bytes += sizeOf(name, entry) - (before === undefined ? 0 : sizeOf(name, before));
  }
  remove(key: Uint8Array): void {
    const shard = this.#shardFor(key);
    const name = latin1(key);
    const before = shard.get(name);
    if (before !== undefined) this.bytes -= sizeOf(name, before);
    if (before !== undefined && isMarkedNew(before)) {
      shard.delete(name);
      return;
    }
    shard.set(name, null);
    this.bytes += sizeOf(name, null);
  }
  *entries(): Iterable<readonly [Uint8Array, Uint8Array | null]> {
    for (const shard of this.#shards) {
      for (const [name, entry] of shard ?? []) {
        const key = Buffer.from(name, "latin1");
        yield [key, typeof entry === "string" ? Buffer.from(entry, "latin1").subarray(1) : entry];
      }
    }
  }

  #shardFor(key: Uint8Array): Map<string, Entry> {
    const at = shardOf(key);
    let shard = this.#shards[at];
    if (shard === undefined) {
      shard = new Map();
      this.#shards[at] = shard;
    }
    return shard;
  }
}

const isMarkedNew = (entry: Entry): boolean => typeof entry === "string" && entry.charCodeAt(0) === NEW;
const sizeOf = (name: string, entry: Entry): number => ENTRY_BYTES + name.length + (entry?.length ?? 0);
/** By the first ten bits. */
const shardOf = (key: Uint8Array): number => ((key[0] ?? 0) << 2) | ((key[1] ?? 0) >> 6);
const latin1 = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
