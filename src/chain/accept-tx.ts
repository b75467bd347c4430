import type { Txid } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ClaimedTx } from "../bitcoin/tx.ts";
import type { Chain } from "./chain.ts";
import { examine, NOBODY, priceFault, scriptFault } from "./examine.ts";
import { entryOf, type Mempool, type MempoolEntry, relatives } from "./mempool.ts";
import type { MempoolFault } from "./mempool-fault.ts";
import { isSuperseded } from "./pending.ts";
import { replacedBy } from "./replace.ts";
import { type Arrival, admit } from "./room.ts";

export interface AcceptOptions {
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
  /** It was in a block before a reorganisation: its fee and its family are not judged again. */
  readonly resurrected?: true;
  /** When it came, where that is not now: the height of the tip. */
  readonly height?: number;
}
/** A transaction that was let in, or could be, with what leaves for it. */
export interface Accepted {
  readonly entry: MempoolEntry;
  readonly replaced: ReadonlySet<Txid>;
}

/**
 * Takes a transaction in, in place of what it replaces, or says why not. Cheap rules come first; signatures are looked at
 * last, and before anything is evicted.
 */
export function acceptTx(
  pool: Mempool,
  chain: Chain,
  tx: ClaimedTx,
  options: AcceptOptions,
): Result<Accepted, MempoolFault> {
  const judged = judgeTx(pool, chain, tx, options);
  if (!judged.ok) return judged;
  const { entry, replaced } = judged.value;
  return admit(pool, { entries: [entry], replaced, now: options.now }) ? judged : err({ code: "mempool full" });
}

/** The same up to the last step, which it leaves out: nothing is changed. */
export function judgeTx(
  pool: Mempool,
  chain: Chain,
  tx: ClaimedTx,
  { now, resurrected, height }: AcceptOptions,
): Result<Accepted, MempoolFault> {
  const examined = examine({ pool, chain, now, beside: NOBODY, resurrected, height }, tx);
  if (!examined.ok) return examined;
  const { entry, sibling } = examined.value;
  const price = resurrected ? undefined : priceFault(pool, entry, now);
  if (price !== undefined) return err({ code: price });
  if (isSuperseded(pool, entry.tx)) return err({ code: "sequence too low" });
  const replaced = replacedBy(pool, entry, sibling);
  if (!replaced.ok) return err({ code: replaced.error });
  if (isTooLong(pool, { entries: [entry], replaced: replaced.value })) return err({ code: "too-long-mempool-chain" });
  const scripts = scriptFault(chain, examined.value);
  return scripts === undefined ? ok({ entry, replaced: replaced.value }) : err(scripts);
}

/**
 * What one more child of a transaction that hangs on nothing may go beyond the bounds of its descendants by: where two parties can
 * spend of it, the one cannot keep the other from paying for it. Policy, not protocol.
 */
const LAST_CHILD = { count: 1, vsize: 10_000 };
const NO_MORE = { count: 0, vsize: 0 };

/**
 * Whether a chain of unconfirmed transactions would be too long with the arrivals in it and without what they replace.
 * Several count as if each were ancestor and descendant of all the others.
 */
export function isTooLong(pool: Mempool, { entries, replaced }: Omit<Arrival, "now">): boolean {
  const { chainCountMax, chainVsizeMax } = pool.policy;
  const own = entries.reduce((sum, { vsize }) => sum + vsize, 0);
  const exceeds = (others: readonly Txid[], more: typeof NO_MORE): boolean =>
    others.length + entries.length > chainCountMax + more.count ||
    vsizeOfAll(pool, others) + own > chainVsizeMax + more.vsize;
  const parents = entries.flatMap((entry) => [...entry.parents]).filter((txid) => pool.entries.has(txid));
  const ancestors = relatives(pool, parents, "parents");
  if (exceeds([...ancestors], NO_MORE)) return true;
  const isLastChild = entries.length === 1 && ancestors.size === 1 && own <= LAST_CHILD.vsize;
  for (const ancestor of ancestors) {
    const descendants = [...relatives(pool, [ancestor], "children")].filter((txid) => !replaced.has(txid));
    if (exceeds(descendants, isLastChild ? LAST_CHILD : NO_MORE)) return true;
  }
  return false;
}
function vsizeOfAll(pool: Mempool, txids: readonly Txid[]): number {
  let sum = 0;
  for (const txid of txids) sum += entryOf(pool, txid).vsize;
  return sum;
}
