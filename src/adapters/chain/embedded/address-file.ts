import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { addressBook } from "../../../chain/addresses/book.ts";
import { bookText, type KeptBook, readBook } from "../../../chain/addresses/kept.ts";
import type { Log } from "../../../ports/log.ts";
import type { Clock, Random } from "../../../ports/world.ts";
import { writeDurably } from "../../documents.ts";

const FILE = "addresses.txt";
const FILE_BYTES_MAX = 16_000_000;
const SECRET_BYTES = 16;

/** The address book of a node, and its file. What cannot be read in it is thrown away: it will be told again. */
export interface AddressFile extends KeptBook {
  /** Never rejects: without the file the next start begins with nobody. */
  keep(anchors: KeptBook["anchors"]): Promise<void>;
}
export function openAddresses(
  folder: string,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): AddressFile {
  const path = join(folder, FILE);
  const seed = random.bytes(SECRET_BYTES);
  const kept = read(path, seed, Math.floor(clock.now() / 1000), log);
  const { book, anchors } = kept ?? { book: addressBook(random.bytes(SECRET_BYTES), seed), anchors: [] };
  let last: Promise<void> = Promise.resolve();
  return {
    book,
    anchors,
    keep: (connected) => {
      const write = () =>
        writeDurably(path, bookText({ book, anchors: connected })).catch((error: unknown) =>
          log.warn("addresses of other nodes are not kept", { error: String(error) }),
        );
      last = last.then(write);
      return last;
    },
  };
}
function read(path: string, seed: Uint8Array, now: number, log: Log): KeptBook | undefined {
  if (!existsSync(path)) return undefined;
  const kept = readable(path) ? readBook(readFileSync(path, "utf8"), seed, now) : undefined;
  if (kept === undefined) log.warn("the kept addresses of other nodes are not whole, and thrown away", { path });
  return kept;
}
function readable(path: string): boolean {
  const { size } = statSync(path);
  return size <= FILE_BYTES_MAX;
}
