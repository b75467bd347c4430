import type { Database, RootDatabase } from "lmdb";
import { toHex } from "../../../base/bytes.ts";

type Pages = Database<Uint8Array, Uint8Array>;
/** One of the databases of the environment, with what is on its way to it. */
export interface BehindDb {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Only within `commit`. */
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** What the disk holds: whole only when everything has settled. */
  values(): Iterable<Uint8Array>;
}
export interface WriteBehind {
  db(name: string): BehindDb;
  /** Everything that `write` puts and removes is one transaction. It shares a sync with others that wait. */
  commit(write: () => void): void;
  /** Resolves once all commits so far are on stable storage. Rejects for ever once a write has failed. */
  settled(): Promise<void>;
}
interface Waiting {
  readonly value: Uint8Array | undefined;
  readonly commit: number;
}
interface Change extends Waiting {
  readonly pages: Pages;
  readonly key: Uint8Array;
  readonly name: string;
}

/**
 * Lets LMDB write in its own thread while reads see every commit at once: a sync takes milliseconds on a busy machine,
 * and the node has payments to attend to. Commits reach the disk in their order, each whole: those that come while a write
 * runs share the next one, and after one that failed there is none.
 */
export function writeBehind(env: RootDatabase<Uint8Array, Uint8Array>): WriteBehind {
  return new Queue(env);
}

class Queue implements WriteBehind {
  readonly #env: RootDatabase<Uint8Array, Uint8Array>;
  /** The newest value of each key that is not on the disk yet. */
  readonly #waiting = new Map<string, Waiting>();
  #commits = 0;
  #queued: Change[] = [];
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(env: RootDatabase<Uint8Array, Uint8Array>) {
    this.#env = env;
  }
  db(name: string): BehindDb {
    const pages: Pages = this.#env.openDB<Uint8Array, Uint8Array>({ name, encoding: "binary", keyEncoding: "binary" });
    const nameOf = (key: Uint8Array): string => `${name}/${toHex(key)}`;
    const change = (key: Uint8Array, value: Uint8Array | undefined): void => {
      const waiting = { value, commit: this.#commits };
      this.#waiting.set(nameOf(key), waiting);
      this.#queued.push({ ...waiting, pages, key, name: nameOf(key) });
    };
    return {
      get: (key) => {
        const ahead = this.#waiting.size > 0 ? this.#waiting.get(nameOf(key)) : undefined;
        return ahead === undefined ? pages.get(key) : ahead.value;
      },
      put: change,
      remove: (key) => change(key, undefined),
      values: () => pages.getRange().map(({ value }) => value),
    };
  }
  commit(write: () => void): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#commits++;
    write();
    this.#writing ??= this.#writeAll();
  }
  async settled(): Promise<void> {
    await this.#writing;
    // After a failure LMDB never says that it has flushed.
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#env.flushed;
  }

  async #writeAll(): Promise<void> {
    while (this.#queued.length > 0 && this.#failure === undefined) {
      const changes = this.#queued;
      this.#queued = [];
      try {
        await this.#write(changes);
      } catch (error) {
        this.#failure = { error };
      }
    }
    this.#writing = undefined;
  }
  async #write(changes: readonly Change[]): Promise<void> {
    const parts: Promise<boolean>[] = [];
    const whole = this.#env.batch(() => {
      for (const { pages, key, value } of changes)
        parts.push(value === undefined ? pages.remove(key) : pages.put(key, value));
    });
    await Promise.all([whole, ...new Set(parts)]);
    for (const { name, commit } of changes) if (this.#waiting.get(name)?.commit === commit) this.#waiting.delete(name);
    // Readers keep a snapshot; the next read shall see this write.
    this.#env.resetReadTxn();
  }
}
