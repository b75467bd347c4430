import { type Codec, decode, encode } from "../codec/codec.ts";
import { type Store, StoreCorrupt } from "../ports/store.ts";
import type { Turn } from "./turn.ts";

/**
 * Records of one kind. What a turn has changed is read back from memory until it is durable, and from the store
 * afterwards, so memory holds only what is on its way to the disk.
 */
export interface RecordTable<T> {
  get(id: string): T | undefined;
  /** Undefined removes the record. */
  put(turn: Turn, id: string, value: T | undefined): void;
  /** In order of id. */
  list(): readonly { readonly id: string; readonly value: T }[];
}

export function recordTable<T>(store: Store, prefix: string, codec: Codec<T>): RecordTable<T> {
  const changing = new Map<string, { readonly value: T | undefined }>();
  const read = (key: string, bytes: Uint8Array): T => {
    const decoded = decode(codec, bytes);
    if (!decoded.ok) throw new StoreCorrupt(key, String(decoded.error));
    return decoded.value;
  };
  return {
    get(id) {
      const change = changing.get(id);
      if (change !== undefined) return change.value;
      const bytes = store.get(prefix + id);
      return bytes === undefined ? undefined : read(prefix + id, bytes);
    },
    put(turn, id, value) {
      const change = { value };
      changing.set(id, change);
      turn.put(prefix + id, value === undefined ? undefined : () => encode(codec, value));
      turn.afterwards(`records/${prefix}`, () => {
        if (changing.get(id) === change) changing.delete(id);
      });
    },
    list() {
      const found = new Map<string, T>();
      for (const { key, value } of store.range(prefix)) found.set(key.slice(prefix.length), read(key, value));
      for (const [id, { value }] of changing) {
        if (value === undefined) found.delete(id);
        else found.set(id, value);
      }
      return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, value]) => ({ id, value }));
    },
  };
}
