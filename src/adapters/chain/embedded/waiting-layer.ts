import { ByteTable } from "../../../base/byte-table.ts";

/**
 * The newest values of one table that are not on the disk yet, in memory that the garbage collector need not look into. Keys and
 * values that it gives out are good until it changes.
 */
export interface WaitingLayer {
  /** About how much memory is taken. */
  readonly bytes: number;
  /** Null when it is to be removed; undefined when nothing waits under this key. */
  get(key: Uint8Array): Uint8Array | null | undefined;
  /** @param isNew  nothing is below this layer under this key: if it goes again, nothing was ever there */
  put(key: Uint8Array, value: Uint8Array, isNew: boolean): void;
  remove(key: Uint8Array): void;
  /** In about the order in which they came. */
  entries(): Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>;
  /** Empties it; its memory stays for what comes next. */
  clear(): void;
}

const CHANGED = 0;
const NEW = 1;
const REMOVED = 2;
const NOTHING = new Uint8Array(0);

/** @param seeds  of its table */
export function waitingLayer(seeds: Uint32Array): WaitingLayer {
  const table = new ByteTable(seeds);
  const markOf = (key: Uint8Array): number | undefined => {
    const place = table.find(key);
    return place === undefined ? undefined : table.markAt(place);
  };
  const valueAt = (place: number): Uint8Array | null => (table.markAt(place) === REMOVED ? null : table.valueAt(place));
  return {
    get bytes() {
      return table.bytes;
    },
    get: (key) => {
      const place = table.find(key);
      return place === undefined ? undefined : valueAt(place);
    },
    put: (key, value, isNew) => {
      const before = markOf(key);
      const neverBelow = before === undefined ? isNew : before === NEW;
      table.put(key, value, neverBelow ? NEW : CHANGED);
    },
    remove: (key) => {
      if (markOf(key) === NEW) table.delete(key);
      else table.put(key, NOTHING, REMOVED);
    },
    entries: function* () {
      for (const place of table.places()) yield [table.keyAt(place), valueAt(place)];
    },
    clear: () => table.clear(),
  };
}
