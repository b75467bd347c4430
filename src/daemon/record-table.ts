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
  /** The record that is durable until this change is. */
  readonly durable: Uint8Array | undefined;
}

export function recordTable<T>(store: Store, prefix: string, codec: Codec<T>): RecordTable<T> {
  const changing = new Map<string, Change<T>>();
  const read = (id: string, bytes: Uint8Array | undefined): T | undefined => {
    if (bytes === undefined) return undefined;
    const decoded = decode(codec, bytes);
    if (!decoded.ok) throw new StoreCorrupt(prefix + id, String(decoded.error));
    return decoded.value;
  };
  return {
    get(id) {
      const change = changing.get(id);
      return change === undefined ? read(id, store.get(prefix + id)) : change.value;
    },
    shown(id) {
      const change = changing.get(id);
      return read(id, change === undefined ? store.get(prefix + id) : change.durable);
    },
    put(turn, id, value) {
      const before = changing.get(id);
      const change = { value, durable: before === undefined ? store.get(prefix + id) : before.durable };
      changing.set(id, change);
      turn.put(prefix + id, value === undefined ? undefined : () => encode(codec, value));
      turn.afterwards(`records/${prefix}`, () => {
        if (changing.get(id) === change) changing.delete(id);
      });
    },
    list() {
      const found = new Map<string, Uint8Array | undefined>();
      for (const { key, value } of store.range(prefix)) found.set(key.slice(prefix.length), value);
      for (const [id, { durable }] of changing) found.set(id, durable);
      return [...found]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([id, bytes]) => {
          const value = read(id, bytes);
          return value === undefined ? [] : [{ id, value }];
        });
    },
  };
}
