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

/**
 * Lets LMDB write in its own thread while reads see every commit at once: a sync takes milliseconds on a busy machine,
 * and the node has payments to attend to. Commits reach the disk in their order, each whole.
 */
export function writeBehind(env: RootDatabase<Uint8Array, Uint8Array>): WriteBehind {
  const waiting = new Map<string, Waiting>();
  let commits = 0;
  let parts: Promise<boolean>[] = [];
  let names: string[] = [];
  let last: Promise<void> = Promise.resolve();
  let failure: unknown;

  const db = (name: string): BehindDb => {
    const pages: Pages = env.openDB<Uint8Array, Uint8Array>({ name, encoding: "binary", keyEncoding: "binary" });
    const nameOf = (key: Uint8Array): string => `${name}/${toHex(key)}`;
    const wait = (key: Uint8Array, value: Uint8Array | undefined): void => {
      names.push(nameOf(key));
      waiting.set(nameOf(key), { value, commit: commits });
    };
    return {
      get: (key) => {
        const ahead = waiting.size > 0 ? waiting.get(nameOf(key)) : undefined;
        return ahead === undefined ? pages.get(key) : ahead.value;
      },
      put: (key, value) => {
        wait(key, value);
        parts.push(pages.put(key, value));
      },
      remove: (key) => {
        wait(key, undefined);
        parts.push(pages.remove(key));
      },
      values: () => pages.getRange().map(({ value }) => value),
    };
  };
  const arrived = (commit: number, written: readonly string[]): void => {
    for (const name of written) if (waiting.get(name)?.commit === commit) waiting.delete(name);
    // Readers keep a snapshot; the next read shall see this commit.
    env.resetReadTxn();
  };
  return {
    db,
    commit: (write) => {
      if (failure !== undefined) throw failure;
      const commit = ++commits;
      const written: string[] = [];
      names = written;
      parts = [];
      const whole = env.batch(write);
      const done = Promise.all([whole, ...new Set(parts)]).then(() => arrived(commit, written));
      done.catch((error: unknown) => {
        failure ??= error;
      });
      last = done;
    },
    settled: async () => {
      await last;
      await env.flushed;
      if (failure !== undefined) throw failure;
    },
  };
}
