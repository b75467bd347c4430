import type { TxFault } from "../bitcoin/check.ts";

/** Why a transaction cannot stand where it is; the words are Bitcoin Core's. */
export type InputFault =
  | "bad-txns-inputs-missingorspent"
  | "bad-txns-premature-spend-of-coinbase"
  | "bad-txns-inputvalues-outofrange"
  | "bad-txns-in-belowout"
  | "bad-txns-nonfinal"
  | "mandatory-script-verify-flag-failed";

export type BlockCode =
  | TxFault
  | InputFault
  | "bad-prevblk"
  | "bad-signet-blksig"
  | "bad-txnmrklroot"
  | "bad-txns-duplicate"
  | "bad-blk-length"
  | "bad-cb-missing"
  | "bad-cb-multiple"
  | "bad-blk-sigops"
  | "bad-cb-height"
  | "bad-witness-nonce-size"
  | "bad-witness-merkle-match"
  | "unexpected-witness"
  | "bad-blk-weight"
  | "bad-txns-BIP30"
  | "bad-txns-accumulated-fee-outofrange"
  | "bad-cb-amount";

export interface BlockFault {
  readonly code: BlockCode;
  /** The transaction at fault. */
  readonly index?: number;
  /** The script error, where one is. */
  readonly detail?: string;
}

/**
 * Faults of the data, which its hash does not fully commit to: someone on the way may have changed it. The same block
 * may yet come whole, so its hash must not be called invalid.
 */
const OF_THE_DATA: ReadonlySet<string> = new Set<BlockCode>([
  "bad-txnmrklroot",
  "bad-txns-duplicate",
  "bad-blk-length",
  "bad-cb-missing",
  "bad-witness-nonce-size",
  "bad-witness-merkle-match",
  "unexpected-witness",
]);
export const isMutation = ({ code }: { readonly code: string }): boolean => OF_THE_DATA.has(code);
