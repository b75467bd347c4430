import { outpointKey, type Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { sat } from "../base/units.ts";
import type { Tx } from "../bitcoin/tx.ts";
import { INCREMENTAL_RELAY_FEE } from "./floor.ts";
import { entryOf, feeAt, type Mempool, type MempoolEntry, relatives } from "./mempool.ts";

/** Why a transaction may not take the place of others; the words are Bitcoin Core's. */
export type ReplaceFault =
  | "insufficient fee"
  | "too many potential replacements"
  | "replacement-adds-unconfirmed"
  | "bad-txns-spends-conflicting-tx";

/** Policy, not protocol: transactions that one may throw out. */
const REPLACED_MAX = 100;

/**
 * The transactions that would have to go for this one: those that spend the same coins and a sibling that may not stay
 * beside it (the conflicts), and all that hang on them. Empty when nothing conflicts. Nothing is changed.
 *
 * The rules are those of Bitcoin Core 28 to 30: BIP 125 §Implementation Details, but for its first, since a transaction may
 * be replaced whether it says so or not, and with one on feerates besides. Bitcoin Core 31 has no rule on unconfirmed
 * inputs any more, and in place of both compares what could be mined before and after.
 *
 * @param entry  measured, and not in the mempool
 */
export function replacedBy(
  pool: Mempool,
  entry: MempoolEntry,
  sibling?: Txid,
): Result<ReadonlySet<Txid>, ReplaceFault> {
  const conflicts = new Set([...conflictsOf(pool, entry.tx), ...(sibling === undefined ? [] : [sibling])]);
  if (conflicts.size === 0) return ok(conflicts);
  const ancestors = relatives(pool, entry.parents, "parents");
  for (const txid of conflicts) if (ancestors.has(txid)) return err("bad-txns-spends-conflicting-tx");
  // Whoever mines is better off with it at once, not only in the end.
  for (const txid of conflicts) if (!hasMoreRate(entry, entryOf(pool, txid))) return err("insufficient fee");
  const replaced = withDescendants(pool, conflicts);
  if (replaced === undefined) return err("too many potential replacements");
  if (addsUnconfirmed(pool, entry, replaced)) return err("replacement-adds-unconfirmed");
  return entry.fee < priceOf(pool, entry, replaced) ? err("insufficient fee") : ok(replaced);
}

function conflictsOf({ spenders }: Mempool, { inputs }: Tx): ReadonlySet<Txid> {
  const found = inputs.flatMap(({ prevout }) => spenders.get(outpointKey(prevout)) ?? []);
  return new Set(found);
}

type Paid = Pick<MempoolEntry, "fee" | "vsize">;
const hasMoreRate = (entry: Paid, than: Paid): boolean =>
  entry.fee * BigInt(than.vsize) > than.fee * BigInt(entry.vsize);

/** Undefined when they are too many. */
function withDescendants(pool: Mempool, conflicts: ReadonlySet<Txid>): ReadonlySet<Txid> | undefined {
  const found = new Set(conflicts);
  // A set being iterated over also visits what is added meanwhile.
  for (const txid of found) {
    if (found.size > REPLACED_MAX) return undefined;
    for (const child of entryOf(pool, txid).children) found.add(child);
  }
  return found;
}

/** It may hang on what its victims hung on. What waits elsewhere could be poor, and hold back what was to be mined soon. */
function addsUnconfirmed(pool: Mempool, { parents }: MempoolEntry, replaced: ReadonlySet<Txid>): boolean {
  const known = new Set<Txid>();
  for (const txid of replaced) for (const parent of entryOf(pool, txid).parents) known.add(parent);
  return [...parents].some((parent) => !known.has(parent));
}

/** All that is lost with the victims, and the way through the network once more: else relay would be free. Sat. */
function priceOf(pool: Mempool, { vsize }: Pick<MempoolEntry, "vsize">, replaced: ReadonlySet<Txid>): bigint {
  let lost = 0n;
  for (const txid of replaced) lost += entryOf(pool, txid).fee;
  return lost + feeAt(INCREMENTAL_RELAY_FEE, vsize);
}

/**
 * The same for transactions that pay together, as the last of them pays for the others: a parent that pays too little and
 * one child may take the place of what conflicts with either. The error says which rule is broken.
 *
 * Bitcoin Core compares what could be mined before and after. Here the two together must pay more for their size than
 * everything that they throw out, which is enough for that, and simpler.
 *
 * @param entries  parents before children, measured, and not in the mempool
 */
export function replacedByPackage(pool: Mempool, entries: readonly MempoolEntry[]): Result<ReadonlySet<Txid>, string> {
  const conflicts = new Set(entries.flatMap(({ tx }) => [...conflictsOf(pool, tx)]));
  if (conflicts.size === 0) return ok(conflicts);
  const [parent, child] = entries;
  if (parent === undefined || child === undefined || entries.length > 2 || !child.parents.has(parent.txid)) {
    return err("package must be 1-parent-1-child");
  }
  if (parent.parents.size + child.parents.size > 1) return err("new transaction cannot have mempool ancestors");
  const replaced = withDescendants(pool, conflicts);
  if (replaced === undefined) return err("too many potential replacements");
  const both = { fee: sat(parent.fee + child.fee), vsize: parent.vsize + child.vsize };
  if (both.fee < priceOf(pool, both, replaced)) return err("insufficient anti-DoS fees");
  // Else the child would not pay for its parent, and has to do without it.
  if (!hasMoreRate(both, parent)) return err("package feerate is less than or equal to parent feerate");
  const isBetter = [...replaced].every((txid) => hasMoreRate(both, entryOf(pool, txid)));
  return isBetter ? ok(replaced) : err("insufficient feerate");
}
