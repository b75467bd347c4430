import type { Store } from "../../ports/store.ts";

/**
 * Reads every record once; throws `StoreCorrupt` at the first that is not what was written. A node does not begin on a
 * broken store: when it met the record later, what rests on it might have moved already.
 */
export function readAll(store: Store): number {
  let records = 0;
  for (const _ of store.range("")) records++;
  return records;
}
