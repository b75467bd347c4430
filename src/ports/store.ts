/** A write: the value under the key from now on, or none. Keys sort bytewise; they are short ASCII paths (`channel/…`). */
export interface StoreRecord {
  readonly key: string;
  /** Undefined removes the key. */
  readonly value: Uint8Array | undefined;
}

/** The store of record: everything that can lose money. */
export interface Store {
  /**
   * Resolves once every record is on stable storage, in one atomic group. Rejects without writing any. Groups become
   * durable in the order of the calls; those that arrive while a sync runs share the next one. After one rejection
   * every later call rejects too: an error of the disk is never retried.
   */
  append(records: readonly StoreRecord[]): Promise<void>;
  /** The newest appended value, durable or not; undefined when there is none. Throws `StoreCorrupt` on a broken record. */
  get(key: string): Uint8Array | undefined;
  /** Keys that begin with `prefix`, in order, after `after` (exclusive), at most `limit`. */
  range(prefix: string, options?: RangeOptions): Iterable<StoreEntry>;
  /** Waits for what was appended, then releases the files. Nothing may be called afterwards. */
  close(): Promise<void>;
}
export interface RangeOptions {
  readonly after?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}
export interface StoreEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A record whose checksum, version or sequence is not what was written. The node refuses to start, or stops. */
export class StoreCorrupt extends Error {
  override readonly name = "StoreCorrupt";
  readonly key: string;
  constructor(key: string, reason: string) {
    super(`record ${key}: ${reason}`);
    this.key = key;
  }
}
