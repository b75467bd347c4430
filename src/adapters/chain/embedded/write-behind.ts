import { randomFillSync } from "node:crypto";
import type { Database, RootDatabase } from "lmdb";
import { TABLE_SEEDS } from "../../../base/byte-table.ts";
import { type WaitingLayer, waitingLayer } from "./waiting-layer.ts";

type Pages = Database<Uint8Array, Uint8Array>;
/** One of the databases of the environment, with what is on its way to it. */
export interface BehindDb {
  /** Good until something is put or removed. */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Only within `commit`.
   * @param isNew  there is certainly nothing under this key: if it is removed before it is written, it never is
   */
  put(key: Uint8Array, value: Uint8Array, isNew?: boolean): void;
  remove(key: Uint8Array): void;
  /** What the disk holds from one key up to another, in their order: whole only when everything has settled. */
  entries(range?: KeyRange): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
}
/** `end` itself is outside. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}
export interface WriteBehind {
  db(name: string): BehindDb;
  /** Everything that `write` puts and removes is written whole or not at all. It shares a transaction with others that wait. */
  commit(write: () => void): void;
  /** Resolves once all commits so far are on stable storage. Rejects for ever once a write has failed. */
  settled(): Promise<void>;
  /** So much waits that nothing should be added to it. */
  readonly crowded: boolean;
  /** Resolves when it is not crowded any more. Rejects for ever once a write has failed. */
  room(): Promise<void>;
}
/** What a write goes through. */
export type WritePhase = "begun" | "prepared" | "half" | "written" | "synced";
export interface WriteBehindOptions {
  /** Has to be on stable storage before what is committed now. */
  readonly prepare?: () => Promise<void>;
  /** More than this is written without being asked for. */
  readonly gatherBytesMax?: number | undefined;
  /** For tests: told of each phase as it is reached. */
  readonly reached?: ((phase: WritePhase) => void) | undefined;
}
/** Two layers of this size may wait: one that gathers and one that is being written. Policy, not protocol. */
const GATHER_BYTES_MAX = 16 * 2 ** 20;
/** How long a write keeps everything else waiting, and after how many changes it looks at the time. */
const SLICE_MS = 4;
const LOOK_EVERY = 64;

interface Table {
  readonly pages: Pages;
  gathering: WaitingLayer;
  /** Being written. */
  leaving: WaitingLayer;
}

/**
 * Keeps what is committed in memory, where reads see it at once, and writes it to LMDB in one transaction when that is
 * asked for or when much has gathered. What was put and removed in between never touches the disk. The transaction is
 * filled in short slices, so that the node can attend to its payments; LMDB syncs it in a thread of its own. Commits reach the disk
 * in their order, each whole, and after a write that failed there is none.
 */
export function writeBehind(env: RootDatabase<Uint8Array, Uint8Array>, options: WriteBehindOptions = {}): WriteBehind {
  return new Gatherer(env, options);
}

class Gatherer implements WriteBehind {
  readonly #env: RootDatabase<Uint8Array, Uint8Array>;
  readonly #options: WriteBehindOptions;
  readonly #tables: Table[] = [];
  readonly #seeds = randomFillSync(new Uint32Array(TABLE_SEEDS));
  #commits = 0;
  /** So many of the commits are on stable storage. */
  #durable = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(env: RootDatabase<Uint8Array, Uint8Array>, options: WriteBehindOptions) {
    this.#env = env;
    this.#options = options;
  }
  db(name: string): BehindDb {
    const pages: Pages = this.#env.openDB<Uint8Array, Uint8Array>({ name, encoding: "binary", keyEncoding: "binary" });
    const table: Table = { pages, gathering: waitingLayer(this.#seeds), leaving: waitingLayer(this.#seeds) };
    this.#tables.push(table);
    return {
      get: (key) => {
        const ahead = fromLayers(table, key);
        return ahead === undefined ? pages.get(key) : (ahead ?? undefined);
      },
      put: (key, value, isNew = false) => table.gathering.put(key, value, isNew),
      remove: (key) => table.gathering.remove(key),
      entries: (range) => pages.getRange(range),
    };
  }
  commit(write: () => void): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#commits++;
    write();
    if (this.#hasMuch()) this.#begin();
  }
  async settled(): Promise<void> {
    const wanted = this.#commits;
    while (this.#durable < wanted && this.#failure === undefined) await this.#begin();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
  get crowded(): boolean {
    return this.#writing !== undefined && this.#hasMuch();
  }
  async room(): Promise<void> {
    while (this.crowded) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #hasMuch(): boolean {
    const max = this.#options.gatherBytesMax ?? GATHER_BYTES_MAX;
    return this.#tables.reduce((sum, { gathering }) => sum + gathering.bytes, 0) > max;
  }
  #begin(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#failure === undefined && this.#hasMuch()) void this.#begin();
    });
    return this.#writing;
  }
  /** Never rejects. */
  async #write(): Promise<void> {
    const upTo = this.#commits;
    for (const table of this.#tables) {
      // What left the last time is on the disk.
      [table.leaving, table.gathering] = [table.gathering, table.leaving];
    }
    const { prepare, reached } = this.#options;
    try {
      reached?.("begun");
      await prepare?.();
      reached?.("prepared");
      await this.#env.transaction(() => this.#fill());
      reached?.("written");
      // After a failure LMDB never says that it has flushed.
      await this.#env.flushed;
      reached?.("synced");
    } catch (error) {
      this.#failure = { error };
      return;
    }
    this.#durable = upTo;
    for (const { leaving } of this.#tables) leaving.clear();
    // Readers keep a snapshot; the next read shall see this write.
    this.#env.resetReadTxn();
  }
  async #fill(): Promise<void> {
    let begun = performance.now();
    for (const [at, { pages, leaving }] of this.#tables.entries()) {
      let changes = 0;
      for (const [key, value] of leaving.entries()) {
        if (value === null) pages.remove(key);
        else pages.put(key, value);
        if (++changes % LOOK_EVERY !== 0 || performance.now() - begun < SLICE_MS) continue;
        await breath();
        begun = performance.now();
      }
      if (at === 0) this.#options.reached?.("half");
    }
  }
}

const fromLayers = ({ gathering, leaving }: Table, key: Uint8Array): Uint8Array | null | undefined => {
  const newest = gathering.get(key);
  return newest === undefined ? leaving.get(key) : newest;
};
/** Lets everything else have its turn. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
