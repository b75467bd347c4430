import { assert } from "../../base/result.ts";
import type { RangeOptions, Store, StoreEntry, StoreRecord } from "../../ports/store.ts";

/** Where a store keeps things: what is different from one adapter to the next. */
export interface Disk {
  /** How many groups are durable since the disk was new. */
  readonly sequence: bigint;
  /** Writes groups, all or none, and resolves once they are on stable storage. Never called again before that. */
  write(groups: readonly (readonly StoreRecord[])[]): Promise<void>;
  /** The durable value. Throws `StoreCorrupt`. */
  get(key: string): Uint8Array | undefined;
  /** Durable entries whose keys begin with `prefix`, as the port's `range`. */
  range(prefix: string, options: RangeOptions): Iterable<StoreEntry>;
  close(): Promise<void>;
}

/** A store that counts: a high-water mark to keep elsewhere, by which an old copy is known. */
export interface SequencedStore extends Store {
  readonly sequence: bigint;
  /** Writes to the disk since it was opened: one for all groups that waited for it. */
  readonly writes: number;
}

interface Group {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
/** Longer keys do not fit LMDB's pages; ours are far shorter. */
export const KEY_BYTES_MAX = 500;

/**
 * The port's law over any disk: what is appended can be read at once, groups that arrive while a write runs share the
 * next one, each promise resolves after its own write, and after one failure nothing is written ever again.
 */
export function groupCommit(disk: Disk): SequencedStore {
  return new GroupCommit(disk);
}

class GroupCommit implements SequencedStore {
  readonly #disk: Disk;
  /** The newest value of each key that is not durable yet, and the group it is of. */
  readonly #fresh = new Map<
    string,
    { readonly value: Uint8Array | undefined; readonly group: readonly StoreRecord[] }
  >();
  #queue: Group[] = [];
  #writing: Promise<void> | undefined;
  #failed: Error | undefined;
  #closed = false;
  writes = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  get sequence(): bigint {
    return this.#disk.sequence;
  }

  append(records: readonly StoreRecord[]): Promise<void> {
    assert(!this.#closed, "nothing is appended to a closed store");
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    for (const { key, value } of records) {
      assert(/^[\x21-\x7e]+$/.test(key) && key.length <= KEY_BYTES_MAX, `a key is a short ASCII path: ${key}`);
      this.#fresh.set(key, { value, group: records });
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async #write(): Promise<void> {
    // What is appended in the same run of the caller's code goes into the same write.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const groups = this.#queue;
      this.#queue = [];
      try {
        this.writes++;
        await this.#disk.write(groups.map(({ records }) => records));
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)), groups);
        break;
      }
      for (const { records } of groups)
        for (const { key } of records) if (this.#fresh.get(key)?.group === records) this.#fresh.delete(key);
      for (const { resolve } of groups) resolve();
    }
    this.#writing = undefined;
  }
  #fail(error: Error, groups: readonly Group[]): void {
    this.#failed = error;
    for (const { reject } of [...groups, ...this.#queue]) reject(error);
    this.#queue = [];
  }

  get(key: string): Uint8Array | undefined {
    const fresh = this.#fresh.get(key);
    return fresh === undefined ? this.#disk.get(key) : fresh.value;
  }

  *range(prefix: string, options: RangeOptions = {}): Iterable<StoreEntry> {
    const { limit = Number.POSITIVE_INFINITY, after, reverse = false } = options;
    const isBefore = (a: string, b: string): boolean => (reverse ? a > b : a < b);
    const fresh = [...this.#fresh]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || isBefore(after, key)))
      .sort(([a], [b]) => (isBefore(a, b) ? -1 : 1));
    const durable = this.#disk.range(prefix, { ...options, limit: limit + fresh.length });
    let given = 0;
    for (const entry of merge(fresh, durable, isBefore)) {
      if (given++ >= limit) return;
      yield entry;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#disk.close();
  }
}

/** Both in order; where both have a key the fresh one counts, and it may say that there is nothing. */
function* merge(
  fresh: readonly (readonly [string, { readonly value: Uint8Array | undefined }])[],
  durable: Iterable<StoreEntry>,
  isBefore: (a: string, b: string) => boolean,
): Generator<StoreEntry> {
  let at = 0;
  for (const entry of durable) {
    for (let head = fresh[at]; head !== undefined && isBefore(head[0], entry.key); head = fresh[++at])
      if (head[1].value !== undefined) yield { key: head[0], value: head[1].value };
    const [key, { value }] = fresh[at] ?? ["", { value: undefined }];
    if (key !== entry.key) yield entry;
    else if (value !== undefined) yield { key, value };
    if (key === entry.key) at++;
  }
  for (const [key, { value }] of fresh.slice(at)) if (value !== undefined) yield { key, value };
}
