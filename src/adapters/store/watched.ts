import type { Store } from "../../ports/store.ts";

/**
 * A store that tells of its first refused write at once. Whoever appended hears of it too, and may be one who has no need to
 * stop; but a disk that has refused something is no ground to go on from. RELIABILITY P10.
 */
export function watched(store: Store, refused: (error: Error) => void): Store {
  let isRefused = false;
  return {
    append: (records) =>
      store.append(records).catch((error: Error) => {
        if (!isRefused) refused(error);
        isRefused = true;
        throw error;
      }),
    get: (key) => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    close: () => store.close(),
  };
}
