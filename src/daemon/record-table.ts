import { type Codec, decode, encode } from "../codec/codec.ts";
import { type Store, StoreCorrupt } from "../ports/store.ts";
import type { Turn } from "./turn.ts";

/**
 * Records of one kind. What a turn has changed is read back from memory until it is durable, and from the store
 * afterwards, so memory holds only what is on its way to the disk. Machines go on from the newest value; people are shown
 * what a power cut would leave, so that nobody is told of money that then was not there.
 */
export interface RecordTable<T> {
  /** The newest value, for the next step. */
  get(id: string): T | undefined;
  /** What is durable. */
  shown(id: string): T | undefined;
  /** Undefined removes the record. */
  put(turn: Turn, id: string, value: T | undefined): void;
  /** All that is durable, in order of id. */
  list(): readonly { readonly id: string; readonly value: T }[];
}
interface Change<T> {
  readonly value: T | undefined;
  /** The value that is durable until this change is. */
  readonly durable: () => T | undefined;
}

/** Policy, not protocol: more records than a full channel has payments under way. */
export const RECENT = 1_024;

/** @param recent see `OnDisk`: for tables all of whose changes go through their own `put`. None is kept otherwise. */
export function recordTable<T>(store: Store, prefix: string, codec: Codec<T>, recent = 0): RecordTable<T> {
  const changing = new Map<string, Change<T>>();
  const disk = new OnDisk(store, prefix, codec, recent);
  return {
    get(id) {
      const change = changing.get(id);
      return change === undefined ? disk.get(id) : change.value;
    },
    shown(id) {
      const change = changing.get(id);
      return change === undefined ? disk.get(id) : change.durable();
    },
    put(turn, id, value) {
      const change = { value, durable: changing.get(id)?.durable ?? disk.asNow(id) };
      changing.set(id, change);
      turn.put(prefix + id, value === undefined ? undefined : () => encode(codec, value));
      turn.afterwards(`records/${prefix}`, () => {
        if (changing.get(id) !== change) return;
        changing.delete(id);
        disk.remember(id, value);
      });
    },
    list() {
      const found = new Map<string, () => T | undefined>(disk.all());
      for (const [id, { durable }] of changing) found.set(id, durable);
      return [...found]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([id, durable]) => {
          const value = durable();
          return value === undefined ? [] : [{ id, value }];
        });
    },
  };
}

/**
 * The durable records of one kind, decoded. The `recent` that were read or written last, absent ones too, stay so in memory: each
 * step of a payment asks for its record again, and reading, checking and decoding it costs more than most steps.
 */
class OnDisk<T> {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #codec: Codec<T>;
  readonly #recent: number;
  readonly #remembered = new Map<string, { readonly value: T | undefined }>();

  constructor(store: Store, prefix: string, codec: Codec<T>, recent: number) {
    this.#store = store;
    this.#prefix = prefix;
    this.#codec = codec;
    this.#recent = recent;
  }
  get(id: string): T | undefined {
    const known = this.#remembered.get(id);
    if (known !== undefined) return known.value;
    const value = this.#decoded(id, this.#store.get(this.#prefix + id));
    this.remember(id, value);
    return value;
  }
  /** What the disk holds now, whatever is written later. Decoded when asked for: of most changes nobody asks. */
  asNow(id: string): () => T | undefined {
    const known = this.#remembered.get(id);
    if (known !== undefined) return () => known.value;
    const bytes = this.#store.get(this.#prefix + id);
    return () => this.#decoded(id, bytes);
  }
  /** Told of each value that has become durable. */
  remember(id: string, value: T | undefined): void {
    if (this.#recent === 0) return;
    this.#remembered.delete(id);
    this.#remembered.set(id, { value });
    if (this.#remembered.size <= this.#recent) return;
    const [oldest = id] = this.#remembered.keys();
    this.#remembered.delete(oldest);
  }
  *all(): Iterable<readonly [string, () => T | undefined]> {
    for (const { key, value } of this.#store.range(this.#prefix)) {
      const id = key.slice(this.#prefix.length);
      yield [id, () => this.#decoded(id, value)];
    }
  }
  #decoded(id: string, bytes: Uint8Array | undefined): T | undefined {
    if (bytes === undefined) return undefined;
    const decoded = decode(this.#codec, bytes);
    if (!decoded.ok) throw new StoreCorrupt(this.#prefix + id, String(decoded.error));
    return decoded.value;
  }
}
