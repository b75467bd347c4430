import { assert, present } from "../../base/result.ts";
import type { RangeOptions, StoreEntry, StoreRecord } from "../../ports/store.ts";
import { unwrap, wrap } from "../store/envelope.ts";
import { type Disk, groupCommit, type SequencedStore } from "../store/group-commit.ts";

/** Ends a write that the disk was given. Called once, when the world says so. */
export type Sync = (done: () => void) => void;

export interface MemoryDiskOptions {
  /** When a write becomes durable and is acknowledged: by default before the next macrotask; in the simulator by its clock. */
  readonly sync?: Sync;
}
/**
 * A disk in memory that outlives the stores opened on it, and does on command what disks do: take its time, lose what it
 * has not acknowledged, fail, forget the last hours, break a bit.
 */
export interface MemoryDisk {
  /** A store over what is durable now, as a process would open it at its start. One at a time: crash or close before. */
  open(): SequencedStore;
  /** Groups appended to the open store and not yet acknowledged. */
  readonly pending: number;
  /**
   * Power off: of the pending groups the first `keep` are on the disk and the others never were. Promises of the store
   * that was open never settle.
   */
  crash(keep: number): void;
  /** The next write, or the one that runs, is refused with this error, and none of it is on the disk. */
  fail(error: Error): void;
  /** What is durable, to be put back later: a backup, or a machine restored from one. */
  snapshot(): DiskSnapshot;
  restore(snapshot: DiskSnapshot): void;
  /** Flips one bit of the record as it lies on the disk. */
  flipBit(key: string, bit: number): void;
  /** Work done since the disk was new. */
  readonly counters: DiskCounters;
}
export interface DiskCounters {
  readonly syncs: number;
  readonly groups: number;
  readonly records: number;
  readonly bytes: number;
}
declare const snapshotBrand: unique symbol;
export interface DiskSnapshot {
  readonly [snapshotBrand]: true;
}
interface Content {
  readonly sequence: bigint;
  readonly records: ReadonlyMap<string, Uint8Array>;
}
type Groups = readonly (readonly StoreRecord[])[];

export const memoryDisk = ({ sync = queueMicrotask }: MemoryDiskOptions = {}): MemoryDisk => new Memory(sync);

class Memory implements MemoryDisk {
  readonly #sync: Sync;
  #records = new Map<string, Uint8Array>();
  #sequence = 0n;
  #error: Error | undefined;
  #plugged: Plug | undefined;
  readonly #count = { syncs: 0, groups: 0, records: 0, bytes: 0 };

  constructor(sync: Sync) {
    this.#sync = sync;
  }
  get counters(): DiskCounters {
    return { ...this.#count };
  }
  get pending(): number {
    return this.#plugged?.pending.length ?? 0;
  }
  open(): SequencedStore {
    assert(this.#plugged === undefined, "one store at a time is open on a disk");
    const plug = new Plug(this);
    this.#plugged = plug;
    return plug.store;
  }
  crash(keep: number): void {
    const plug = this.#plugged;
    if (plug === undefined) return;
    this.unplug(plug);
    this.#put(plug.pending.slice(0, keep));
  }
  unplug(plug: Plug): void {
    plug.off = true;
    if (this.#plugged === plug) this.#plugged = undefined;
  }
  fail(error: Error): void {
    this.#error = error;
  }
  write(groups: Groups, plug: Plug): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sync(() => {
        if (plug.off) return;
        if (this.#error !== undefined) {
          plug.pending.length = 0;
          plug.failed = true;
          return reject(this.#error);
        }
        plug.pending.splice(0, groups.length);
        this.#put(groups);
        resolve();
      });
    });
  }
  #put(groups: Groups): void {
    if (groups.length > 0) this.#count.syncs++;
    for (const records of groups) {
      this.#sequence++;
      this.#count.groups++;
      for (const { key, value } of records) {
        this.#count.records++;
        this.#count.bytes += value?.length ?? 0;
        if (value === undefined) this.#records.delete(key);
        else this.#records.set(key, wrap(key, { sequence: this.#sequence, value }));
      }
    }
  }
  get sequence(): bigint {
    return this.#sequence;
  }
  get(key: string): Uint8Array | undefined {
    const bytes = this.#records.get(key);
    return bytes === undefined ? undefined : unwrap(key, bytes).value;
  }
  *range(
    prefix: string,
    { after, limit = Number.POSITIVE_INFINITY, reverse = false }: RangeOptions,
  ): Iterable<StoreEntry> {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(prefix)).sort();
    if (reverse) keys.reverse();
    let left = limit;
    for (const key of keys) {
      if (after !== undefined && (reverse ? key >= after : key <= after)) continue;
      if (left-- <= 0) return;
      yield { key, value: present(this.get(key), "a key that is listed has a value") };
    }
  }
  snapshot(): DiskSnapshot {
    const content: Content = { sequence: this.#sequence, records: new Map(this.#records) };
    return content as unknown as DiskSnapshot;
  }
  restore(snapshot: DiskSnapshot): void {
    assert(this.#plugged === undefined, "a disk is restored while nothing is open on it");
    const { sequence, records } = snapshot as unknown as Content;
    this.#sequence = sequence;
    this.#records = new Map(records);
  }
  flipBit(key: string, bit: number): void {
    const bytes = present(this.#records.get(key), `there is a record ${key}`).slice();
    const at = Math.floor(bit / 8) % bytes.length;
    bytes[at] = (bytes[at] as number) ^ (1 << (bit % 8));
    this.#records.set(key, bytes);
  }
}

/** The cable between a store and its disk: pulled at a crash. */
class Plug implements Disk {
  readonly #memory: Memory;
  readonly store: SequencedStore;
  /** In the order of the appends, with those that the disk was given in front. */
  readonly pending: (readonly StoreRecord[])[] = [];
  off = false;
  failed = false;
  constructor(memory: Memory) {
    this.#memory = memory;
    const store = groupCommit(this);
    this.store = {
      append: (records) => {
        if (!this.failed) this.pending.push(records);
        return store.append(records);
      },
      get: (key) => store.get(key),
      range: (prefix, options) => store.range(prefix, options),
      close: () => store.close(),
      get sequence() {
        return store.sequence;
      },
      get writes() {
        return store.writes;
      },
    };
  }
  get sequence(): bigint {
    return this.#memory.sequence;
  }
  write(groups: Groups): Promise<void> {
    return this.off ? new Promise(() => {}) : this.#memory.write(groups, this);
  }
  get(key: string): Uint8Array | undefined {
    return this.#memory.get(key);
  }
  range(prefix: string, options: RangeOptions): Iterable<StoreEntry> {
    return this.#memory.range(prefix, options);
  }
  async close(): Promise<void> {
    this.#memory.unplug(this);
  }
}
