import type { Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { type ClaimedTx, txidOf } from "../bitcoin/tx.ts";
import { acceptTx, isTooLong } from "./accept-tx.ts";
import type { Chain } from "./chain.ts";
import { examineAll, priceFault, scriptFault } from "./examine.ts";
import type { Mempool } from "./mempool.ts";
import { CURABLE, type MempoolFault } from "./mempool-fault.ts";
import { isChildWithParents, packageFormFault } from "./package-form.ts";
import { isSuperseded } from "./pending.ts";
import { replacedByPackage } from "./replace.ts";
import { admit } from "./room.ts";
import { isTruc } from "./truc.ts";
import {
  effectiveFee,
  nameOf,
  type PackageFault,
  type PackageVerdict,
  refusedFor,
  type TxVerdict,
  takenFor,
  unjudged,
} from "./verdict.ts";

interface PackageOptions {
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
}

/**
 * Takes a child with its parents, the child last. Each is tried alone first, so that a child never pays for one which
 * does not need it; those that another one could help are then judged by what they pay together.
 */
export function acceptPackage(
  pool: Mempool,
  chain: Chain,
  txs: readonly ClaimedTx[],
  options: PackageOptions,
): PackageVerdict {
  const form = packageFormFault(txs) ?? (isChildWithParents(txs) ? undefined : "package-not-child-with-parents");
  if (form !== undefined) return unjudged(form, txs);
  const verdicts = new Map<ClaimedTx, TxVerdict>();
  const replaced: Txid[] = [];
  for (const tx of txs) verdicts.set(tx, takeAlone(pool, chain, tx, { ...options, replaced }));
  const refused = txs.filter((tx) => verdicts.get(tx)?.tag === "Refused");
  const faults: Pick<PackageVerdict, "fault" | "detail">[] = [];
  if (refused.length > 1 && refused.every((tx) => isCurable(verdicts.get(tx)))) {
    const { about, replaced: more, ...fault } = takeTogether(pool, chain, refused, options);
    for (const [tx, verdict] of about) verdicts.set(tx, verdict);
    replaced.push(...more);
    faults.push(fault);
  }
  const last = txs.map((tx) => stillWaiting(pool, present(verdicts.get(tx), "each was tried alone")));
  if (last.some(({ tag }) => tag === "Refused")) faults.push({ fault: "transaction failed" });
  return { fault: undefined, ...faults.find(({ fault }) => fault !== undefined), txs: last, replaced };
}
const isCurable = (verdict: TxVerdict | undefined): boolean => verdict?.tag === "Refused" && CURABLE.has(verdict.code);

/** What was taken may have had to leave again for one that came after it. */
function stillWaiting(pool: Mempool, verdict: TxVerdict): TxVerdict {
  const gone = verdict.tag === "Taken" && !pool.entries.has(verdict.txid);
  return gone ? { txid: verdict.txid, wtxid: verdict.wtxid, tag: "Refused", code: "mempool full" } : verdict;
}

function takeAlone(
  pool: Mempool,
  chain: Chain,
  tx: ClaimedTx,
  { now, replaced }: PackageOptions & { readonly replaced: Txid[] },
): TxVerdict {
  const known = pool.entries.get(txidOf(tx));
  if (known !== undefined) {
    const { fee, vsize, wtxid } = known;
    const own = nameOf(tx);
    return wtxid === own.wtxid ? { ...own, tag: "Known", fee, vsize } : { ...own, tag: "OtherWitness", other: wtxid };
  }
  const accepted = acceptTx(pool, chain, tx, { now });
  if (!accepted.ok) return refusedFor(tx, accepted.error);
  replaced.push(...accepted.value.replaced);
  return takenFor(accepted.value.entry, effectiveFee([accepted.value.entry]));
}

/** What became of transactions that were to be taken all or not at all. */
interface Together {
  readonly fault: PackageFault | undefined;
  readonly detail?: string;
  /** Those about which there is more to say than when they were tried alone. */
  readonly about: ReadonlyMap<ClaimedTx, TxVerdict>;
  readonly replaced: Iterable<Txid>;
}
const failed = (tx: ClaimedTx, fault: MempoolFault): Together => ({
  fault: "transaction failed",
  about: new Map([[tx, refusedFor(tx, fault)]]),
  replaced: [],
});

function takeTogether(pool: Mempool, chain: Chain, txs: readonly ClaimedTx[], { now }: PackageOptions): Together {
  const none = { about: new Map<ClaimedTx, TxVerdict>(), replaced: new Set<Txid>() };
  const candidates = examineAll({ pool, chain, now }, txs);
  if (!candidates.ok) {
    const { tx, fault } = candidates.error;
    const { code, detail } = fault;
    return code === "TRUC-violation" && detail !== undefined ? { ...none, fault: code, detail } : failed(tx, fault);
  }
  const entries = candidates.value.map(({ entry }) => entry);
  // What pays for it now may be replaced and leave it behind: what relay costs at any time each has to pay by itself,
  // unless so little can hang on it that nobody gains by that.
  const poor = entries.find((entry) => !isTruc(entry) && priceFault(pool, entry, now) === "min relay fee not met");
  if (poor !== undefined) return failed(poor.tx, { code: "min relay fee not met" });
  if (isTooLong(pool, { entries, replaced: none.replaced })) return { ...none, fault: "package-mempool-limits" };
  const effective = effectiveFee(entries);
  const code = priceFault(pool, effective, now);
  if (code !== undefined) {
    const about = txs.map((tx): [ClaimedTx, TxVerdict] => [tx, { ...nameOf(tx), tag: "Refused", code, effective }]);
    return { ...none, fault: "transaction failed", about: new Map(about) };
  }
  const old = entries.find(({ tx }) => isSuperseded(pool, tx));
  if (old !== undefined) return failed(old.tx, { code: "sequence too low" });
  const replaced = replacedByPackage(pool, entries);
  if (!replaced.ok) return { ...none, fault: "package RBF failed", detail: replaced.error };
  for (const candidate of candidates.value) {
    const fault = scriptFault(chain, candidate);
    if (fault !== undefined) return failed(candidate.entry.tx, fault);
  }
  admit(pool, { entries, replaced: replaced.value, now });
  const about = new Map(entries.map((entry) => [entry.tx, takenFor(entry, effective)]));
  return { fault: undefined, about, replaced: replaced.value };
}
