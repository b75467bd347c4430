import { mkdirSync, realpathSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { parseUtf8, utf8 } from "../../base/bytes.ts";
import { present } from "../../base/result.ts";
import { type RangeOptions, StoreCorrupt, type StoreEntry, type StoreRecord } from "../../ports/store.ts";
import { Refused } from "../sentences.ts";
import { type Enveloped, unwrap, wrap } from "./envelope.ts";
import { causeOf } from "./failed-commit.ts";
import { type Disk, groupCommit, type SequencedStore } from "./group-commit.ts";
import { type Holder, isAlive, thisProcess } from "./lease.ts";
import { isLmdbFolder } from "./lmdb-file.ts";

export interface EmbeddedOptions {
  /** A folder of its own; made when it is not there, for this user alone. */
  readonly path: string;
  /** Recorded at the first opening; a store of another network is refused ever after. */
  readonly network: string;
  /** Whose it is: recorded at the first opening as well. */
  readonly owner?: string;
  /** The highest sequence known from elsewhere: a store that has not come so far is an old copy and is refused. */
  readonly atLeast?: bigint;
  /**
   * Reads every record first. A node does not begin on a broken store: when it met the record later, what rests on it
   * might have moved already.
   */
  readonly readAll?: boolean;
}
/** Why a store is not opened, as a sentence for the operator. Nothing on the disk has changed. */
export class StoreRefused extends Refused {
  override readonly name = "StoreRefused";
  readonly code: "in_use" | "wrong_network" | "wrong_owner" | "old_copy" | "not_a_store";
  constructor(code: StoreRefused["code"], sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** Keys of the store itself. They sort before all others. */
const OWN = { network: " network", owner: " owner", sequence: " sequence", holder: " holder" } as const;
/** How many entries are read at a time: no reader stays open longer, as that would keep old pages alive. */
const PAGE_ENTRIES = 256;
const openHere = new Set<string>();

type Pages = RootDatabase<Uint8Array, string>;

/** The store of record on LMDB. Rejects with `StoreRefused` or `StoreCorrupt`, having changed nothing. */
export async function openEmbeddedStore(options: EmbeddedOptions): Promise<SequencedStore> {
  const { path } = options;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const place = realpathSync(path);
  if (openHere.has(place)) throw new StoreRefused("in_use", `The data in ${path} is in use by this very process.`);
  if (!isLmdbFolder(place)) throw new StoreRefused("not_a_store", `The data in ${path} is no store of a node.`);
  // Without overlapping syncs a write that was acknowledged is on the disk, not just on its way there.
  const pages: Pages = open<Uint8Array, string>({ path: place, overlappingSync: false, encoding: "binary" });
  openHere.add(place);
  try {
    const sequence = take(pages, options);
    return groupCommit(new LmdbDisk(pages, sequence, () => openHere.delete(place)));
  } catch (error) {
    await pages.close();
    openHere.delete(place);
    throw error;
  }
}

/** Takes the store for this process, in a transaction that no other process can be in at the same time. */
function take(pages: Pages, { path, network, owner, atLeast = 0n, readAll = false }: EmbeddedOptions): bigint {
  return pages.transactionSync(() => {
    const recorded = { network: readOwn(pages, OWN.network)?.text, owner: readOwn(pages, OWN.owner)?.text };
    if (recorded.network !== undefined && recorded.network !== network)
      throw new StoreRefused("wrong_network", `The data in ${path} is of ${recorded.network}, not of ${network}.`);
    if (recorded.owner !== undefined && owner !== undefined && recorded.owner !== owner)
      throw new StoreRefused("wrong_owner", `The data in ${path} is of node ${recorded.owner}, not of ${owner}.`);
    const holder = readOwn(pages, OWN.holder)?.text;
    const other = holder === undefined ? undefined : (JSON.parse(holder) as Holder);
    if (other !== undefined && isAlive(other) && other.pid !== process.pid)
      throw new StoreRefused("in_use", `The data in ${path} is in use by process ${other.pid}.`);
    const { sequence } = readOwn(pages, OWN.sequence) ?? { sequence: 0n };
    if (sequence < atLeast) {
      const known = `but write ${atLeast} is known to have happened`;
      throw new StoreRefused(
        "old_copy",
        recorded.network === undefined
          ? `There are no data in ${path}, ${known}.`
          : `The data in ${path} ends at write ${sequence}, ${known}: this is an old copy.`,
      );
    }
    if (readAll) for (const { key, value } of pages.getRange({ start: "!" })) check(key, value, sequence);
    if (recorded.network === undefined) writeOwn(pages, OWN.network, sequence, network);
    if (recorded.owner === undefined && owner !== undefined) writeOwn(pages, OWN.owner, sequence, owner);
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

/** What stands under a key, when it is what was written there, and by no later write than this. */
function check(key: string, bytes: Uint8Array, sequence: bigint): Enveloped {
  const enveloped = unwrap(key, bytes);
  if (enveloped.sequence > sequence) throw new StoreCorrupt(key, "it is newer than the store itself");
  return enveloped;
}

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
    return bytes === undefined ? undefined : check(key, bytes, this.#given).value;
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
        page.push({ key, value: check(key, value, this.#given).value });
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
