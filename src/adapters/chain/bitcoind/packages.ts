import type { z } from "zod";
import { err, ok, type Result } from "../../../base/result.ts";
import { sat } from "../../../base/units.ts";
import { type Tx, txidOf, wtxidOf } from "../../../bitcoin/tx.ts";
import type { MempoolFault } from "../../../chain/mempool-fault.ts";
import type { ChainFault, EffectiveFee, PackageFault, PackageVerdict, TxVerdict } from "../../../ports/base-node.ts";
import type * as answers from "./answers.ts";
import { faultOf } from "./core.ts";
import type { RpcFault } from "./rpc-client.ts";

/** What a Bitcoin Core says of packages, in our words, which were its own. */
const PACKAGE_FAULTS: ReadonlySet<string> = new Set<PackageFault>([
  "package-too-many-transactions",
  "package-too-large",
  "package-contains-duplicates",
  "package-not-sorted",
  "conflict-in-package",
  "package-not-child-with-parents",
  "package-mempool-limits",
  "package RBF failed",
  "transaction failed",
]);
/** Also of a refusal, in whose text the fault stands. */
export const packageFaultIn = (text: string): PackageFault =>
  ([...PACKAGE_FAULTS].find((fault) => text.includes(fault)) as PackageFault | undefined) ?? "transaction failed";

type Code = MempoolFault["code"];
const OWN_WORDS: Readonly<Record<string, Code>> = { "missing-inputs": "bad-txns-inputs-missingorspent" };
/** Its words are not checked: they are shown to people, and nothing is decided by them. */
function refused(tx: Tx, text: string): TxVerdict {
  const [, reason = text, rule, detail] = /^([^,(]+?)(?: \((.*)\))?(?:, (.*))?$/s.exec(text) ?? [];
  const code = OWN_WORDS[reason] ?? (reason as Code);
  return {
    ...nameOf(tx),
    tag: "Refused",
    code,
    ...(rule !== undefined && { rule }),
    ...(detail !== undefined && { detail }),
  };
}
const nameOf = (tx: Tx) => ({ txid: txidOf(tx), wtxid: wtxidOf(tx) });

interface Paid {
  readonly vsize: number | undefined;
  readonly fees: z.output<typeof answers.accepted>[number]["fees"];
}
/** What those pay together which were judged together. */
function effectiveOf(own: string, paid: ReadonlyMap<string, Paid>): EffectiveFee {
  const wtxids = paid.get(own)?.fees?.["effective-includes"] ?? [];
  const all = wtxids.flatMap((each) => paid.get(each) ?? []);
  return {
    fee: sat(all.reduce((sum, { fees }) => sum + (fees?.base ?? 0n), 0n)),
    vsize: all.reduce((sum, { vsize }) => sum + (vsize ?? 0), 0),
    wtxids,
  };
}
function verdictOf(tx: Tx, paid: ReadonlyMap<string, Paid>): TxVerdict {
  const name = nameOf(tx);
  const { vsize, fees } = paid.get(name.wtxid) ?? { vsize: undefined, fees: undefined };
  if (vsize === undefined || fees === undefined) return { ...name, tag: "Unjudged" };
  if (fees["effective-includes"] === undefined) return { ...name, tag: "Known", fee: fees.base, vsize };
  return { ...name, tag: "Taken", fee: fees.base, vsize, effective: effectiveOf(name.wtxid, paid) };
}

export function acceptedVerdict(txs: readonly Tx[], found: z.output<typeof answers.accepted>): PackageVerdict {
  const paid = new Map(found.map(({ wtxid, vsize, fees }) => [wtxid as string, { vsize, fees }]));
  const verdicts = txs.map((tx, index): TxVerdict => {
    const reason = found[index]?.["reject-reason"];
    return reason === undefined ? verdictOf(tx, paid) : refused(tx, reason);
  });
  const fault = found.find((each) => each["package-error"] !== undefined)?.["package-error"];
  const failed = verdicts.some(({ tag }) => tag === "Refused" || tag === "Unjudged");
  return {
    fault: fault !== undefined ? packageFaultIn(fault) : failed ? "transaction failed" : undefined,
    txs: verdicts,
    replaced: [],
  };
}
export function packagedVerdict(txs: readonly Tx[], found: z.output<typeof answers.packaged>): PackageVerdict {
  const results = found["tx-results"];
  const paid = new Map(Object.entries(results).map(([wtxid, { vsize, fees }]) => [wtxid, { vsize, fees }]));
  const verdicts = txs.map((tx): TxVerdict => {
    const result = results[wtxidOf(tx)];
    if (result?.["other-wtxid"] !== undefined)
      return { ...nameOf(tx), tag: "OtherWitness", other: result["other-wtxid"] };
    if (result?.error === undefined) return verdictOf(tx, paid);
    return result.error === "package-not-validated" ? { ...nameOf(tx), tag: "Unjudged" } : refused(tx, result.error);
  });
  return {
    fault: found.package_msg === "success" ? undefined : packageFaultIn(found.package_msg),
    txs: verdicts,
    replaced: found["replaced-transactions"] ?? [],
  };
}

/** The refusal of a whole package, of which nothing was judged; or that nobody answers. */
export function unjudgedOr(fault: RpcFault, txs: readonly Tx[]): Result<PackageVerdict, ChainFault> {
  if (fault.tag === "Silent") return err(faultOf(fault));
  const verdicts = acceptedVerdict(txs, []).txs;
  return ok({ fault: packageFaultIn(fault.message), detail: fault.message, txs: verdicts, replaced: [] });
}
