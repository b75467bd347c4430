import type { Signer } from "../../ports/signer.ts";
import type { Store } from "../../ports/store.ts";

/**
 * A store whose groups count only when the signer keeps what it remembered for them as well: so nothing leaves of which the
 * signer could not know later. The other way round, the signer never knows of more than the store: what was asked of it for
 * a group that did not become durable never left, and is asked anew.
 */
export const keptBySigner = (store: Store, signer: Pick<Signer, "mark" | "keep">): Store => ({
  append: async (records) => {
    // All turns of the group are over, and none of the next has begun.
    const mark = signer.mark();
    await store.append(records);
    await signer.keep(mark);
  },
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  close: () => store.close(),
});
