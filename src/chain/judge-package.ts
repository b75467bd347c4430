import { outpointKey, type Txid } from "../base/ids.ts";
import type { ClaimedTx } from "../bitcoin/tx.ts";
import { isTooLong, judgeTx } from "./accept-tx.ts";
import type { Chain } from "./chain.ts";
import { type Candidate, examineAll, priceFault, scriptFault } from "./examine.ts";
import type { Mempool } from "./mempool.ts";
import type { MempoolFault } from "./mempool-fault.ts";
import { packageFormFault } from "./package-form.ts";
import { effectiveFee, nameOf, type PackageVerdict, refusedFor, takenFor, unjudged } from "./verdict.ts";

/**
 * What would be said of transactions, and nothing changed. Of several, parents first, each has to pay for itself, and none
 * may take the place of what waits; beside a refused one the others are not judged.
 * @param now  seconds since 1970-01-01 UTC
 */
export function judgePackage(pool: Mempool, chain: Chain, txs: readonly ClaimedTx[], now: number): PackageVerdict {
  const form = packageFormFault(txs);
  if (form !== undefined) return unjudged(form, txs);
  const [only] = txs;
  if (only !== undefined && txs.length === 1) return judgeAlone(pool, chain, only, now);
  const candidates = examineAll({ pool, chain, now }, txs);
  if (!candidates.ok) {
    const { tx, fault } = candidates.error;
    const isOfAll = fault.code === "TRUC-violation";
    return isOfAll ? unjudged(fault.code, txs, fault.detail) : withRefused(txs, tx, fault);
  }
  for (const candidate of candidates.value) {
    const fault = faultOf(pool, chain, candidate, now);
    if (fault !== undefined) return withRefused(txs, candidate.entry.tx, fault);
  }
  const entries = candidates.value.map(({ entry }) => entry);
  if (isTooLong(pool, { entries, replaced: new Set<Txid>() })) return unjudged("package-mempool-limits", txs);
  return { fault: undefined, txs: entries.map((entry) => takenFor(entry, effectiveFee([entry]))), replaced: [] };
}

function judgeAlone(pool: Mempool, chain: Chain, tx: ClaimedTx, now: number): PackageVerdict {
  const judged = judgeTx(pool, chain, tx, { now });
  if (!judged.ok) return withRefused([tx], tx, judged.error);
  const { entry, replaced } = judged.value;
  return { fault: undefined, txs: [takenFor(entry, effectiveFee([entry]))], replaced: [...replaced] };
}

const withRefused = (txs: readonly ClaimedTx[], refused: ClaimedTx, fault: MempoolFault): PackageVerdict => ({
  fault: "transaction failed",
  txs: txs.map((tx) => (tx === refused ? refusedFor(tx, fault) : { ...nameOf(tx), tag: "Unjudged" })),
  replaced: [],
});

function faultOf(pool: Mempool, chain: Chain, candidate: Candidate, now: number): MempoolFault | undefined {
  const { entry } = candidate;
  const price = priceFault(pool, entry, now);
  if (price !== undefined) return { code: price };
  const conflicts = entry.tx.inputs.some(({ prevout }) => pool.spenders.has(outpointKey(prevout)));
  return conflicts ? { code: "bip125-replacement-disallowed" } : scriptFault(chain, candidate);
}
