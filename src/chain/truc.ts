import { outpointKey, type Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Mempool, type MempoolEntry, relatives } from "./mempool.ts";

/**
 * Transactions that keep to a family of two until they confirm, and so can be replaced at a price that is known before:
 * those of version 3. BIP 431 §Specification.
 */
export const TRUC_VERSION = 3;
const VSIZE_MAX = 10_000;
const CHILD_VSIZE_MAX = 1_000;

export const isTruc = ({ tx }: Pick<MempoolEntry, "tx">): boolean => tx.version === TRUC_VERSION;

/** A transaction at the door, with its parents that wait: in the mempool or beside it. */
export interface Family {
  readonly entry: MempoolEntry;
  readonly parents: readonly MempoolEntry[];
  /** Others of its package, before it. */
  readonly beside: ReadonlyMap<Txid, MempoolEntry>;
}

/**
 * Whether a transaction keeps the rules of version 3, or says why not. The value is the one child of its parent whose
 * place it wants to take, though both could be mined: it has to pay for that as for a conflict.
 */
export function siblingOf(pool: Mempool, { entry, parents, beside }: Family): Result<Txid | undefined, string> {
  if (parents.some((parent) => isTruc(parent) !== isTruc(entry))) {
    return err(isTruc(entry) ? "spends an unconfirmed output of another version" : "spends unconfirmed version 3");
  }
  if (!isTruc(entry)) return ok(undefined);
  if (entry.vsize > VSIZE_MAX) return err(`more than ${VSIZE_MAX} virtual bytes`);
  const [parent] = parents;
  if (parent === undefined) return ok(undefined);
  if (parents.length > 1 || parent.parents.size > 0) return err("more than one unconfirmed ancestor");
  if (entry.vsize > CHILD_VSIZE_MAX) return err(`a child of more than ${CHILD_VSIZE_MAX} virtual bytes`);
  for (const other of beside.values()) if (other.parents.has(parent.txid)) return err(TOO_MANY_CHILDREN);
  return pool.entries.has(parent.txid) ? evicted(pool, entry, parent) : ok(undefined);
}
const TOO_MANY_CHILDREN = "its parent would have more than one unconfirmed descendant";

/** After a reorganisation there may be several; then nobody's place is taken. */
function evicted(pool: Mempool, { tx }: MempoolEntry, parent: MempoolEntry): Result<Txid | undefined, string> {
  const conflicts = tx.inputs.flatMap(({ prevout }) => pool.spenders.get(outpointKey(prevout)) ?? []);
  const going = relatives(pool, conflicts, "children");
  const staying = [...relatives(pool, [parent.txid], "children")].filter((txid) => txid !== parent.txid);
  const [sibling, ...more] = staying.filter((txid) => !going.has(txid));
  if (sibling === undefined) return ok(undefined);
  const isAlone = more.length === 0 && relatives(pool, [sibling], "parents").size === 2;
  return isAlone ? ok(sibling) : err(TOO_MANY_CHILDREN);
}
