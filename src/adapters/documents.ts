import { mkdirSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Adapter, Low } from "lowdb";
import { Refused } from "./sentences.ts";

/** Small documents of the operator, each with an id of its own, in one JSON file. Nothing that can lose money lies here. */
export interface Collection<T extends { readonly id: string }> {
  /** All, as they stand now, in the order in which they were first put. */
  list(): readonly T[];
  /** Adds the document, or replaces the one of that id. Resolves once it is on disk; rejects when the disk refuses. */
  put(document: T): Promise<void>;
  /** Resolves once it is gone from the disk; does nothing when there is none. */
  remove(id: string): Promise<void>;
}

/**
 * Writes a file that is either the old one or the new one, whatever happens: a temporary file, synced, renamed over the
 * old one, and the folder synced so that the new name lasts. lowdb's own writer syncs nothing. Readable by this user alone.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

interface File<T> {
  readonly version: 1;
  readonly documents: readonly T[];
}
/** lowdb's view of one file. Its writes never overlap: the collection makes them one after the other. */
function jsonFile<T>(path: string): Adapter<File<T>> {
  return {
    read: async () => {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      return text === undefined ? null : (JSON.parse(text) as File<T>);
    },
    write: (file) => writeDurably(path, `${JSON.stringify(file, undefined, 2)}\n`),
  };
}

/**
 * Opens the collection in a file, which need not exist; its folder is made. `isDocument` judges what is read. Rejects with
 * `Refused` when the file is not a collection of such documents: it is left as it is.
 */
export async function openCollection<T extends { readonly id: string }>(
  path: string,
  isDocument: (value: unknown) => value is T,
): Promise<Collection<T>> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const low = new Low<File<T>>(jsonFile(path), { version: 1, documents: [] });
  await low.read().catch((error: Error) => {
    throw new Refused(`${path} cannot be read: ${error.message}.`);
  });
  const { version, documents } = low.data as Partial<File<unknown>>;
  if (version !== 1 || !Array.isArray(documents) || !documents.every(isDocument)) {
    throw new Refused(`${path} does not hold what it should.`);
  }
  let last: Promise<void> = Promise.resolve();
  const change = (edit: (documents: readonly T[]) => readonly T[]): Promise<void> => {
    const write = last.then(async () => {
      const before = low.data;
      low.data = { version: 1, documents: edit(before.documents) };
      try {
        await low.write();
      } catch (error) {
        low.data = before;
        throw error;
      }
    });
    last = write.catch(() => undefined);
    return write;
  };
  return {
    list: () => low.data.documents,
    put: (document) =>
      change((all) =>
        all.some(({ id }) => id === document.id)
          ? all.map((other) => (other.id === document.id ? document : other))
          : [...all, document],
      ),
    remove: (id) => change((all) => all.filter((document) => document.id !== id)),
  };
}
