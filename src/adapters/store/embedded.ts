import { mkdirSync, realpathSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { parseUtf8, utf8 } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { type RangeOptions, StoreCorrupt, type StoreEntry, type StoreRecord } from "../../ports/store.ts";
import { type Enveloped, unwrap, wrap } from "./envelope.ts";
import { type Disk, groupCommit, type SequencedStore } from "./group-commit.ts";
import { type Holder, isAlive, thisProcess } from "./lease.ts";

export interface EmbeddedOptions {
  /** A folder of its own; made when it is not there, for this user alone. */
  readonly path: string;
  /** Recorded at the first opening; a store of another network is refused ever after. */
  readonly network: string;
  /** The highest sequence known from elsewhere: a store that has not come so far is an old copy and is refused. */
  readonly atLeast?: bigint;
}
/** Why a store is not opened, as a sentence for the operator. Nothing on the disk has changed. */
export class StoreRefused extends Error {
  override readonly name = "StoreRefused";
  readonly code: "in_use" | "wrong_network" | "old_copy";
  constructor(code: StoreRefused["code"], sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** Keys of the store itself. They sort before all others. */
const OWN = { network: " network", sequence: " sequence", holder: " holder" } as const;
/** How many entries are read at a time: no reader stays open longer, as that would keep old pages alive. */
const PAGE_ENTRIES = 256;
const openHere = new Set<string>();

type Pages = RootDatabase<Uint8Array, string>;

/** The store of record on LMDB. Rejects with `StoreRefused` or `StoreCorrupt`. */
export async function openEmbeddedStore({ path, network, atLeast = 0n }: EmbeddedOptions): Promise<SequencedStore> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const place = realpathSync(path);
  if (openHere.has(place)) throw new StoreRefused("in_use", `The data in ${path} is in use by this very process.`);
  // Without overlapping syncs a write that was acknowledged is on the disk, not just on its way there.
  const pages: Pages = open<Uint8Array, string>({ path: place, overlappingSync: false, encoding: "binary" });
  openHere.add(place);
  try {
    const sequence = take(pages, { path, network, atLeast });
    return groupCommit(new LmdbDisk(pages, sequence, () => openHere.delete(place)));
  } catch (error) {
    await pages.close();
    openHere.delete(place);
    throw error;
  }
}

/** Takes the store for this process, in a transaction that no other process can be in at the same time. */
function take(pages: Pages, { path, network, atLeast }: Required<EmbeddedOptions>): bigint {
  return pages.transactionSync(() => {
    const recorded = readOwn(pages, OWN.network)?.text;
    if (recorded !== undefined && recorded !== network)
      throw new StoreRefused("wrong_network", `The data in ${path} is of ${recorded}, not of ${network}.`);
    const holder = readOwn(pages, OWN.holder)?.text;
    const other = holder === undefined ? undefined : (JSON.parse(holder) as Holder);
    if (other !== undefined && isAlive(other) && other.pid !== process.pid)
      throw new StoreRefused("in_use", `The data in ${path} is in use by process ${other.pid}.`);
    const { sequence } = readOwn(pages, OWN.sequence) ?? { sequence: 0n };
    if (sequence < atLeast)
      throw new StoreRefused(
        "old_copy",
        `The data in ${path} ends at write ${sequence}, but write ${atLeast} is known to have happened: this is an old copy.`,
      );
    if (recorded === undefined) writeOwn(pages, OWN.network, sequence, network);
    writeOwn(pages, OWN.holder, sequence, JSON.stringify(thisProcess()));
    return sequence;
  });
}
function readOwn(pages: Pages, key: string): { readonly sequence: bigint; readonly text: string } | undefined {
  const bytes = pages.get(key);
  if (bytes === undefined) return undefined;
  const { sequence, value } = unwrap(key, bytes);
  return { sequence, text: present(parseUtf8(value), "what is checked is what we wrote") };
}
const writeOwn = (pages: Pages, key: string, sequence: bigint, text: string): void =>
  pages.putSync(key, wrap(key, { sequence, value: utf8(text) }));

class LmdbDisk implements Disk {
  readonly #pages: Pages;
  readonly #release: () => void;
  #failed = false;
  /** Of the newest group that was given to LMDB: a reader may see it before we hear that it is durable. */
  #given: bigint;
  sequence: bigint;

  constructor(pages: Pages, sequence: bigint, release: () => void) {
    this.#pages = pages;
    this.sequence = sequence;
    this.#given = sequence;
    this.#release = release;
  }

  async write(groups: readonly (readonly StoreRecord[])[]): Promise<void> {
    const last = this.sequence + BigInt(groups.length);
    this.#given = last;
    const parts: Promise<boolean>[] = [];
    const whole = this.#pages.batch(() => {
      for (const [index, records] of groups.entries())
        for (const { key, value } of records) parts.push(this.#put(key, value, this.sequence + BigInt(index) + 1n));
      parts.push(this.#put(OWN.sequence, new Uint8Array(0), last));
    });
    try {
      await Promise.all([whole, ...new Set(parts)]);
    } catch (error) {
      this.#failed = true;
      throw await causeOf(error);
    }
    this.sequence = last;
    // Readers keep a snapshot; the next read shall see this write.
    this.#pages.resetReadTxn();
  }
  #put(key: string, value: Uint8Array | undefined, sequence: bigint): Promise<boolean> {
    return value === undefined ? this.#pages.remove(key) : this.#pages.put(key, wrap(key, { sequence, value }));
  }

  get(key: string): Uint8Array | undefined {
    const bytes = this.#pages.get(key);
    return bytes === undefined ? undefined : this.#check(key, bytes).value;
  }
  #check(key: string, bytes: Uint8Array): Enveloped {
    const enveloped = unwrap(key, bytes);
    if (enveloped.sequence > this.#given) throw new StoreCorrupt(key, "it is newer than the store itself");
    return enveloped;
  }

  *range(prefix: string, { after, limit, reverse = false }: RangeOptions): Iterable<StoreEntry> {
    // The store's own keys stand below "!", and no key holds a character above "~".
    const [low, high] = [prefix === "" ? "!" : prefix, `${prefix}\u007f`];
    const isInside = after !== undefined && after >= low && after <= high;
    if (after !== undefined && !isInside && after > high !== reverse) return;
    let start = isInside ? after : reverse ? high : low;
    let exclusiveStart = isInside;
    for (let left = limit ?? Number.POSITIVE_INFINITY; left > 0; ) {
      const bounds = { start, end: reverse ? low : high, exclusiveStart, inclusiveEnd: true, reverse };
      const count = Math.min(left, PAGE_ENTRIES);
      const page: StoreEntry[] = [];
      for (const { key, value } of this.#pages.getRange({ ...bounds, limit: count }))
        page.push({ key, value: this.#check(key, value).value });
      yield* page;
      const last = page.at(-1);
      if (page.length < count || last === undefined) return;
      left -= count;
      start = last.key;
      exclusiveStart = true;
    }
  }

  async close(): Promise<void> {
    this.#release();
    // After a failed write LMDB is not touched again: it is not safe to. The holder's mark dies with the process.
    if (this.#failed) return;
    await this.#pages.remove(OWN.holder);
    await this.#pages.close();
  }
}

/** LMDB's binding says what went wrong in a second promise beside the error. */
async function causeOf(error: unknown): Promise<Error> {
  const { commitError } = error as { readonly commitError?: Promise<unknown> };
  try {
    await commitError;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
  return error instanceof Error ? error : new Error(String(error));
}
