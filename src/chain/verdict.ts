import type { Txid } from "../base/ids.ts";
import { type Sat, sat } from "../base/units.ts";
import { type ClaimedTx, txidOf, wtxidOf } from "../bitcoin/tx.ts";
import type { MempoolEntry } from "./mempool.ts";
import type { MempoolFault } from "./mempool-fault.ts";

/** What was said of transactions at the door of the mempool, in the terms of Bitcoin Core's `submitpackage`. */

/** The fee by which a transaction was judged: its own, or that of those which pay for it with what they pay for. */
export interface EffectiveFee {
  readonly fee: Sat;
  /** Virtual bytes of all of them. */
  readonly vsize: number;
  readonly wtxids: readonly Txid[];
}
export interface TxName {
  readonly txid: Txid;
  readonly wtxid: Txid;
}
export type TxVerdict = TxName &
  (
    | {
        /** It is in the mempool now, or could be where only that was asked. */
        readonly tag: "Taken";
        readonly fee: Sat;
        readonly vsize: number;
        readonly effective: EffectiveFee;
      }
    | {
        /** It has been waiting there. */
        readonly tag: "Known";
        readonly fee: Sat;
        readonly vsize: number;
      }
    | {
        /** The same with another witness has been waiting there, under this wtxid. */
        readonly tag: "OtherWitness";
        readonly other: Txid;
      }
    | (MempoolFault & {
        readonly tag: "Refused";
        /** When that fee was too low. */
        readonly effective?: EffectiveFee;
      })
    /** Not looked at, because something is wrong with its package. */
    | { readonly tag: "Unjudged" }
  );

/** What is wrong with a package as such, whatever each of its transactions may be; the words are Bitcoin Core's. */
export type PackageFault =
  | "package-too-many-transactions"
  | "package-too-large"
  | "package-contains-duplicates"
  | "package-not-sorted"
  | "conflict-in-package"
  | "package-not-child-with-parents"
  | "package-mempool-limits"
  | "package RBF failed"
  | "TRUC-violation"
  /** One at least was refused for itself. */
  | "transaction failed";

export interface PackageVerdict {
  /** Undefined when all of them wait in the mempool now, or could. */
  readonly fault: PackageFault | undefined;
  readonly detail?: string;
  /** In the order of the package. */
  readonly txs: readonly TxVerdict[];
  /** What had to leave the mempool for them, or would have to. */
  readonly replaced: readonly Txid[];
}

export const nameOf = (tx: ClaimedTx): TxName => ({ txid: txidOf(tx), wtxid: wtxidOf(tx) });
export const refusedFor = (tx: ClaimedTx, fault: MempoolFault): TxVerdict => ({
  ...nameOf(tx),
  tag: "Refused",
  ...fault,
});
export const takenFor = ({ txid, wtxid, fee, vsize }: MempoolEntry, effective: EffectiveFee): TxVerdict => ({
  txid,
  wtxid,
  tag: "Taken",
  fee,
  vsize,
  effective,
});
/** Nothing is said of any of them. */
export const unjudged = (fault: PackageFault, txs: readonly ClaimedTx[], detail?: string): PackageVerdict => ({
  fault,
  ...(detail === undefined ? {} : { detail }),
  txs: txs.map((tx) => ({ ...nameOf(tx), tag: "Unjudged" })),
  replaced: [],
});
/** What these pay together. */
export const effectiveFee = (entries: readonly MempoolEntry[]): EffectiveFee => ({
  fee: sat(entries.reduce((sum, { fee }) => sum + fee, 0n)),
  vsize: entries.reduce((sum, { vsize }) => sum + vsize, 0),
  wtxids: entries.map(({ wtxid }) => wtxid),
});
