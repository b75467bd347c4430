import type { Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { entryOf, type Mempool, type MempoolEntry, relatives } from "./mempool.ts";

/** What a block template has left for transactions. */
export interface BlockRoom {
  readonly weight: number;
  readonly sigopCost: number;
}
/** A transaction with all ancestors that are not chosen yet: they can only be mined together. */
interface Package {
  readonly entry: MempoolEntry;
  /** Place in the mempool: ancestors have a lower one. */
  readonly order: number;
  readonly missing: Set<Txid>;
  fee: bigint;
  vsize: bigint;
  weight: number;
  sigopCost: number;
}

/**
 * The transactions that pay a miner most, parents before children: packages are taken by the feerate of a transaction
 * together with its unmined ancestors, so that a child can pay for its parent.
 */
export function selectPackages(pool: Mempool, room: BlockRoom): readonly MempoolEntry[] {
  const packages = new Map<Txid, Package>();
  for (const entry of pool.entries.values()) packages.set(entry.txid, packageOf(pool, entry, packages.size));
  const chosen: MempoolEntry[] = [];
  const left = { ...room };
  let queue = [...packages.values()].sort(byRate);
  for (let at = 0; at < queue.length; at++) {
    const best = queue[at] as Package;
    // Without a fee nothing is mined: what waits so, waits for a child that pays and takes away the dust in it.
    if (best.fee === 0n) continue;
    if (best.missing.size === 0 || best.weight > left.weight || best.sigopCost > left.sigopCost) continue;
    left.weight -= best.weight;
    left.sigopCost -= best.sigopCost;
    const taken = [...best.missing].map((txid) => present(packages.get(txid), "ancestors are in the mempool"));
    chosen.push(...taken.sort((a, b) => a.order - b.order).map(({ entry }) => entry));
    if (!discount(pool, packages, taken)) continue;
    // Some that were judged with their ancestors now stand alone, and higher.
    queue = queue.filter(({ missing }) => missing.size > 0).sort(byRate);
    at = -1;
  }
  return chosen;
}

function packageOf(pool: Mempool, entry: MempoolEntry, order: number): Package {
  const missing = new Set(entry.parents.size === 0 ? [entry.txid] : relatives(pool, [entry.txid], "parents"));
  const all: Package = { entry, order, missing, fee: 0n, vsize: 0n, weight: 0, sigopCost: 0 };
  for (const txid of missing) add(all, entryOf(pool, txid), 1);
  return all;
}
function add(to: Package, { fee, vsize, weight, sigopCost }: MempoolEntry, sign: 1 | -1): void {
  to.fee += BigInt(sign) * fee;
  to.vsize += BigInt(sign * vsize);
  to.weight += sign * weight;
  to.sigopCost += sign * sigopCost;
}

/** Takes what was chosen out of all packages. True when one is left that changed. */
function discount(pool: Mempool, packages: ReadonlyMap<Txid, Package>, taken: readonly Package[]): boolean {
  let changed = false;
  for (const { entry } of taken) {
    for (const txid of relatives(pool, [entry.txid], "children")) {
      const other = present(packages.get(txid), "descendants are in the mempool");
      if (!other.missing.delete(entry.txid)) continue;
      add(other, entry, -1);
      changed ||= other.missing.size > 0;
    }
  }
  return changed;
}

/** Most sat per virtual byte first; of equals what came first. */
function byRate(a: Package, b: Package): number {
  const difference = b.fee * a.vsize - a.fee * b.vsize;
  return difference === 0n ? a.order - b.order : difference > 0n ? 1 : -1;
}
