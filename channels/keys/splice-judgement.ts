import { equalBytes } from "../../src/base/bytes.ts";
import { type Sat, sat, sumSat } from "../../src/base/units.ts";
import { p2wshOf } from "../../src/bitcoin/templates.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Funding } from "../tx/funding-tx.ts";
import type { Basepoints } from "./commitment-keys.ts";
import { entitlementOf, type PeersCommitment, TRIMMED_MAX } from "./entitlement.ts";
import { type FeeRefusal, feeMax } from "./fee-bound.ts";

/** What we do in a splice. */
export interface SpliceShare {
  /** What it adds to our balance, in sat; below zero what it takes from it. */
  readonly contribution: bigint;
  /** What our own inputs hold, in sat. */
  readonly coins: Sat;
  /** What of all that we pay to miners. */
  readonly fee: Sat;
}
/** What a splice makes of a channel. */
export interface SpliceTerms {
  readonly tx: Tx;
  /** What it spends, and the funding output that it makes. */
  readonly funding: Funding;
  readonly next: Funding;
  readonly format: CommitmentFormat;
  /** The peer's newest commitments over the two: they say what is ours before and after. */
  readonly commitments: { readonly before: PeersCommitment; readonly after: PeersCommitment };
  readonly share: SpliceShare;
}

export type SpliceRefusal =
  /** The commitment over what it makes gives us less than that over what it spends and what we add, in sat. */
  | { readonly code: "splice_pays_less"; readonly due: Sat; readonly paid: Sat }
  /** What we bring or take out, less our fee, stands in no output, in sat. */
  | { readonly code: "splice_output_missing"; readonly due: Sat; readonly paid: Sat }
  /** HTLCs are not carried over as they are. */
  | { readonly code: "splice_changes_htlcs" }
  | FeeRefusal;
/** Whether it makes the funding output that it says. Behind that stands a key of ours, or no commitment over it is taken for one. */
export function makesFunding({ tx, next }: Pick<SpliceTerms, "tx" | "next">): boolean {
  const made = tx.outputs[next.outpoint.vout];
  return made !== undefined && made.amount === next.amount && equalBytes(made.script, p2wshOf(next.witnessScript));
}

/**
 * Why a splice is not signed: with what we bring and what we say that we take, we would have less after it, beyond a fee that
 * is bounded. Undefined when it is. Both commitments are those that were signed.
 */
export function judgeSplice(
  { tx, funding, next, format, commitments, share }: SpliceTerms,
  keys: Basepoints,
): SpliceRefusal | { readonly code: "malformed_request" } | undefined {
  const before = entitlementOf(commitments.before, { funding, format }, keys);
  const after = entitlementOf(commitments.after, { funding: next, format }, keys);
  if (before === undefined || after === undefined) return { code: "malformed_request" };
  // What pays more than there is can never be published, and says nothing of what is ours.
  if (sumOf(commitments.after.tx) > next.amount) return { code: "malformed_request" };
  const due = before.ours + share.contribution;
  // What is left out on either side is dust, or went to the fee of an opener who could pay no more.
  const slack = before.ours === 0n || after.ours === 0n ? TRIMMED_MAX : 0n;
  if (after.ours + slack < due) return { code: "splice_pays_less", due: sat(due), paid: after.ours };
  if (!isSame(before.htlcs, after.htlcs)) return { code: "splice_changes_htlcs" };
  // Change that would be dust for the peer goes to miners too.
  const most = sat(feeMax(tx) + TRIMMED_MAX);
  if (share.fee > most) return { code: "fee_too_high", most, fee: share.fee };
  const owed = share.coins - share.contribution - share.fee;
  const elsewhere = sat(sumOf(tx) - next.amount);
  return owed > elsewhere ? { code: "splice_output_missing", due: sat(owed), paid: elsewhere } : undefined;
}

const sumOf = ({ outputs }: Tx): Sat => sumSat(outputs.map(({ amount }) => amount));

/** Outputs of a commitment stand in an order that follows from them. BOLT 3 §Transaction Output Ordering. */
const isSame = (a: readonly TxOut[], b: readonly TxOut[]): boolean =>
  a.length === b.length &&
  a.every(({ amount, script }, at) => b[at]?.amount === amount && equalBytes(b[at].script, script));
