import { type Sat, sat, sumSat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { CommitmentFormat } from "../tx/format.ts";
import type { Funding } from "../tx/funding-tx.ts";
import type { Basepoints } from "./commitment-keys.ts";
import { entitlementOf, type PeersCommitment, paidTo } from "./entitlement.ts";
import { type FeeRefusal, feeMax } from "./fee-bound.ts";

/** What of a mutual close is ours. */
export interface ClosingShare {
  /** Rounded down, in sat. */
  readonly balance: Sat;
  /** What of it we pay to miners. */
  readonly fee: Sat;
  readonly script: Uint8Array;
  /** What is left of it may be left out below this. */
  readonly dustLimit: Sat;
}
/** A mutual close. */
export interface CloseTerms {
  readonly funding: Funding;
  readonly format: CommitmentFormat;
  readonly tx: Tx;
  /** The peer's newest: it says what is ours at least. */
  readonly commitment: PeersCommitment;
  readonly share: ClosingShare;
}
/** More than that is not dust, whatever whoever asks takes for it. BOLT 3 §Dust Limits. */
const CLOSING_DUST_MAX = 1_000n;

export type ClosingRefusal =
  /** A mutual close that leaves out what is ours, or some of it. */
  | { readonly code: "closing_pays_less"; readonly due: Sat; readonly paid: Sat }
  /** A mutual close would give the peer more than the newest commitment does, in sat. */
  | { readonly code: "closing_gives_away"; readonly most: Sat; readonly given: Sat }
  /** The newest commitment still holds HTLCs: whose they are is not decided. BOLT 2 §Closing Negotiation. */
  | { readonly code: "closing_with_htlcs" }
  | FeeRefusal;

/**
 * Why a mutual close is not signed: not by what is said to be ours, nor by the newest commitment. Undefined when it is. The
 * commitment is the one that was signed.
 */
export function judgeClosing(
  keys: Basepoints,
  terms: CloseTerms,
): ClosingRefusal | { readonly code: "malformed_request" } | undefined {
  const { funding, tx, commitment, share } = terms;
  const entitled = entitlementOf(commitment, terms, keys);
  if (entitled === undefined) return { code: "malformed_request" };
  const { ours, htlcs } = entitled;
  if (htlcs.length > 0) return { code: "closing_with_htlcs" };
  const most = feeMax(tx);
  if (share.fee > most) return { code: "fee_too_high", most, fee: share.fee };
  const given = sat(sumSat(tx.outputs.map(({ amount }) => amount)) - paidTo(tx, share.script));
  // The peer has at most what that commitment does not give us.
  const left = sat(funding.amount - ours);
  if (given > left) return { code: "closing_gives_away", most: left, given };
  return paysOurs(tx, { ...share, balance: share.balance > ours ? share.balance : ours });
}

/** Why a mutual close is not signed: it does not pay us what we have there. Undefined when it does. */
function paysOurs(
  { outputs }: Pick<Tx, "outputs">,
  { balance, fee, script, dustLimit }: ClosingShare,
): ClosingRefusal | undefined {
  const paid = paidTo({ outputs }, script);
  const due = sat(balance > fee ? balance - fee : 0n);
  const isDust = due < dustLimit && due < CLOSING_DUST_MAX;
  return paid >= due || isDust ? undefined : { code: "closing_pays_less", due, paid };
}
