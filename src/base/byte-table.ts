import { assert } from "./result.ts";

/** Keys have at most so many bytes. */
export const KEY_BYTES_MAX = 40;
/** Random numbers that a table is made with, so that nobody outside can choose keys that fall together. */
export const TABLE_SEEDS = KEY_BYTES_MAX * 256;

/** Where an entry stands, until the next change of the table. */
export type EntryPlace = number;

const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;
/** Places count in steps of this, in which every entry begins. */
const STEP_BITS = 2;
const STEP = 1 << STEP_BITS;
const PLACE_BITS = CHUNK_BITS - STEP_BITS;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
/** Mark, length of the key, length of the value (2). */
const HEAD_BYTES = 4;
/** Longer ones stand beside the chunks. */
const SHORT_BYTES_MAX = 2_048;
const LONG = 0xffff;
/** The mark of a hole. */
const HOLE = 0xff;
const SIZES = (HEAD_BYTES + KEY_BYTES_MAX + SHORT_BYTES_MAX) / STEP + 1;
const SHARD_BITS = 6;
/** Of a slot: the place of its entry and one, or 0, and the hash of its key. */
const SLOT_NUMBERS = 2;
const SLOTS_MIN = 16;
/** What an entry takes in the index, more or less. */
const SLOT_BYTES = 16;

interface Shard {
  slots: Int32Array;
  used: number;
}

/**
 * Byte strings under byte strings, in large pieces of memory that the garbage collector neither copies nor looks into: a million
 * small entries cost it nothing. The index is many small ones, so that none takes long to grow. Mutable. What is given in is copied,
 * but for long values, which must not change any more.
 *
 * The place in the index follows from a hash by tabulation of secret random numbers, under which a search takes constant time on
 * average whatever the keys are.
 */
export class ByteTable {
  readonly #seeds: Uint32Array;
  readonly #shards: Shard[] = Array.from({ length: 1 << SHARD_BITS }, () => ({ slots: new Int32Array(0), used: 0 }));
  /** Filled one after the other; kept when the table is cleared. */
  readonly #chunks: Uint8Array[] = [];
  /** How far each is filled. */
  readonly #filled: number[] = [];
  /** The chunk that is being filled. */
  #current = 0;
  /** For each size in steps the newest hole, as a place and one, or 0. A hole holds the next of its size. */
  readonly #holes = new Int32Array(SIZES);
  readonly #long = new Map<EntryPlace, Uint8Array>();
  #longBytes = 0;
  #fill = 0;
  #size = 0;

  /** @param seeds  `TABLE_SEEDS` random numbers, which may be shared by tables */
  constructor(seeds: Uint32Array) {
    assert(seeds.length === TABLE_SEEDS, "a random number for each byte at each place of a key");
    this.#seeds = seeds;
  }
  /** Entries. */
  get size(): number {
    return this.#size;
  }
  /** About how much memory is in use. */
  get bytes(): number {
    return this.#fill + this.#longBytes + this.#size * SLOT_BYTES;
  }

  find(key: Uint8Array): EntryPlace | undefined {
    const hash = this.#hash(key);
    const { slots } = this.#shardOf(hash);
    const at = this.#slotOf(slots, key, hash);
    return at < 0 ? undefined : (slots[at] as number) - 1;
  }
  markAt(place: EntryPlace): number {
    return this.#chunkOf(place)[offsetOf(place)] as number;
  }
  /** Its own memory: good until the table changes. */
  keyAt(place: EntryPlace): Uint8Array {
    const chunk = this.#chunkOf(place);
    const offset = offsetOf(place);
    return chunk.subarray(offset + HEAD_BYTES, offset + HEAD_BYTES + (chunk[offset + 1] as number));
  }
  /** As with the key. */
  valueAt(place: EntryPlace): Uint8Array {
    const chunk = this.#chunkOf(place);
    const offset = offsetOf(place);
    const length = lengthAt(chunk, offset);
    if (length === LONG) return this.#long.get(place) as Uint8Array;
    const from = offset + HEAD_BYTES + (chunk[offset + 1] as number);
    return chunk.subarray(from, from + length);
  }
  /** @param mark  anything of the caller's from 0 to 254 */
  put(key: Uint8Array, value: Uint8Array, mark: number): void {
    assert(mark >= 0 && mark < HOLE, "a mark is a byte, and not that of a hole");
    const hash = this.#hash(key);
    const shard = this.#shardOf(hash);
    const at = this.#slotOf(shard.slots, key, hash);
    if (at >= 0) {
      this.#release((shard.slots[at] as number) - 1);
      shard.slots[at] = this.#store(key, value, mark) + 1;
      return;
    }
    // At three quarters full.
    if ((shard.used + 1) * SLOT_NUMBERS * 4 > shard.slots.length * 3) grow(shard);
    insert(shard.slots, this.#store(key, value, mark) + 1, hash);
    shard.used++;
    this.#size++;
  }
  /** Whether there was one. */
  delete(key: Uint8Array): boolean {
    const hash = this.#hash(key);
    const shard = this.#shardOf(hash);
    const at = this.#slotOf(shard.slots, key, hash);
    if (at < 0) return false;
    this.#release((shard.slots[at] as number) - 1);
    closeGap(shard.slots, at);
    shard.used--;
    if (--this.#size === 0) this.#forget();
    return true;
  }
  /** In the order in which they were put there, but for those in the holes that others left. Not while the table changes. */
  *places(): Iterable<EntryPlace> {
    for (const [number, chunk] of this.#chunks.entries()) {
      for (let offset = 0; offset < (this.#filled[number] as number); offset += sizeAt(chunk, offset)) {
        if (chunk[offset] !== HOLE) yield (number << PLACE_BITS) | (offset >> STEP_BITS);
      }
    }
  }
  /** Empties it. Its memory stays for what comes next. */
  clear(): void {
    for (const shard of this.#shards) {
      shard.slots.fill(0);
      shard.used = 0;
    }
    this.#size = 0;
    this.#forget();
  }

  /** No entry is left: the chunks are filled from the beginning again. */
  #forget(): void {
    this.#filled.fill(0);
    this.#holes.fill(0);
    this.#long.clear();
    this.#current = 0;
    this.#longBytes = 0;
    this.#fill = 0;
  }
  #hash(key: Uint8Array): number {
    assert(key.length <= KEY_BYTES_MAX, "a key is not too long");
    let hash = 0;
    for (let at = 0; at < key.length; at++) hash ^= this.#seeds[(at << 8) | (key[at] as number)] as number;
    return hash | 0;
  }
  #shardOf(hash: number): Shard {
    return this.#shards[hash >>> (32 - SHARD_BITS)] as Shard;
  }
  #chunkOf(place: EntryPlace): Uint8Array {
    return this.#chunks[place >>> PLACE_BITS] as Uint8Array;
  }
  /** -1 when there is none. */
  #slotOf(slots: Int32Array, key: Uint8Array, hash: number): number {
    if (slots.length === 0) return -1;
    for (let at = homeOf(slots, hash); slots[at] !== 0; at = (at + SLOT_NUMBERS) & (slots.length - 1)) {
      if (slots[at + 1] === hash && this.#hasKey((slots[at] as number) - 1, key)) return at;
    }
    return -1;
  }
  #hasKey(place: EntryPlace, key: Uint8Array): boolean {
    const chunk = this.#chunkOf(place);
    const offset = offsetOf(place);
    if (chunk[offset + 1] !== key.length) return false;
    for (let at = 0; at < key.length; at++) if (chunk[offset + HEAD_BYTES + at] !== key[at]) return false;
    return true;
  }
  #store(key: Uint8Array, value: Uint8Array, mark: number): EntryPlace {
    const isLong = value.length > SHORT_BYTES_MAX;
    const place = this.#room(sizeOf(key.length, isLong ? 0 : value.length));
    const chunk = this.#chunkOf(place);
    const offset = offsetOf(place);
    const length = isLong ? LONG : value.length;
    chunk[offset] = mark;
    chunk[offset + 1] = key.length;
    chunk[offset + 2] = length & 0xff;
    chunk[offset + 3] = length >> 8;
    chunk.set(key, offset + HEAD_BYTES);
    if (isLong) {
      this.#long.set(place, value);
      this.#longBytes += value.length;
    } else chunk.set(value, offset + HEAD_BYTES + key.length);
    return place;
  }
  #room(size: number): EntryPlace {
    const hole = (this.#holes[size >> STEP_BITS] as number) - 1;
    if (hole >= 0) {
      this.#holes[size >> STEP_BITS] = nextHole(this.#chunkOf(hole), offsetOf(hole));
      return hole;
    }
    if ((this.#filled[this.#current] ?? 0) + size > CHUNK_BYTES) this.#current++;
    this.#chunks[this.#current] ??= new Uint8Array(CHUNK_BYTES);
    const offset = this.#filled[this.#current] ?? 0;
    this.#filled[this.#current] = offset + size;
    this.#fill += size;
    return (this.#current << PLACE_BITS) | (offset >> STEP_BITS);
  }
  #release(place: EntryPlace): void {
    const chunk = this.#chunkOf(place);
    const offset = offsetOf(place);
    const size = sizeAt(chunk, offset);
    this.#longBytes -= this.#long.get(place)?.length ?? 0;
    this.#long.delete(place);
    chunk[offset] = HOLE;
    setNextHole(chunk, offset, this.#holes[size >> STEP_BITS] as number);
    this.#holes[size >> STEP_BITS] = place + 1;
  }
}

const offsetOf = (place: EntryPlace): number => (place & PLACE_MASK) << STEP_BITS;
const lengthAt = (chunk: Uint8Array, offset: number): number =>
  (chunk[offset + 2] as number) | ((chunk[offset + 3] as number) << 8);
/** Of an entry, in whole steps; at least one beside its head, for the next hole. */
const sizeOf = (key: number, value: number): number =>
  HEAD_BYTES + Math.max(STEP, (key + value + STEP - 1) & ~(STEP - 1));
function sizeAt(chunk: Uint8Array, offset: number): number {
  const length = lengthAt(chunk, offset);
  return sizeOf(chunk[offset + 1] as number, length === LONG ? 0 : length);
}
const viewOf = (chunk: Uint8Array): DataView => new DataView(chunk.buffer, chunk.byteOffset);
const nextHole = (chunk: Uint8Array, offset: number): number => viewOf(chunk).getInt32(offset + HEAD_BYTES);
const setNextHole = (chunk: Uint8Array, offset: number, next: number): void =>
  viewOf(chunk).setInt32(offset + HEAD_BYTES, next);

/** Where the search for a hash begins. */
const homeOf = (slots: Int32Array, hash: number): number => (hash * SLOT_NUMBERS) & (slots.length - 1);
function insert(slots: Int32Array, entry: number, hash: number): void {
  let at = homeOf(slots, hash);
  while (slots[at] !== 0) at = (at + SLOT_NUMBERS) & (slots.length - 1);
  slots[at] = entry;
  slots[at + 1] = hash;
}
function grow(shard: Shard): void {
  const before = shard.slots;
  shard.slots = new Int32Array(Math.max(SLOTS_MIN * SLOT_NUMBERS, before.length * 2));
  for (let at = 0; at < before.length; at += SLOT_NUMBERS) {
    if (before[at] !== 0) insert(shard.slots, before[at] as number, before[at + 1] as number);
  }
}
/** Empties a slot and moves up what a search could not find behind an empty one. */
function closeGap(slots: Int32Array, from: number): void {
  const mask = slots.length - 1;
  let gap = from;
  for (let at = (gap + SLOT_NUMBERS) & mask; slots[at] !== 0; at = (at + SLOT_NUMBERS) & mask) {
    const home = homeOf(slots, slots[at + 1] as number);
    // Between its home and itself lies the gap.
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots[gap] = slots[at] as number;
    slots[gap + 1] = slots[at + 1] as number;
    gap = at;
  }
  slots[gap] = 0;
}
