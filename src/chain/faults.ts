import type { TxFault } from "../bitcoin/check.ts";
import type { ScriptError } from "../bitcoin/interpreter/error.ts";
import { SCRIPT_ERROR_WORDS } from "../bitcoin/interpreter/error-words.ts";

/** Why a transaction cannot stand where it is; the words are Bitcoin Core's. */
export type InputFault =
  | "bad-txns-inputs-missingorspent"
  | "bad-txns-premature-spend-of-coinbase"
  | "bad-txns-inputvalues-outofrange"
  | "bad-txns-in-belowout"
  | "bad-txns-nonfinal";

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
  | "bad-cb-amount"
  | "block-script-verify-flag-failed";

export interface BlockFault extends Refusal {
  readonly code: BlockCode;
  /** The transaction at fault. */
  readonly index?: number;
}
/** Why a block or a transaction is refused, in Bitcoin Core's terms. */
export interface Refusal {
  readonly code: string;
  /** The rule of script execution that was broken, in words: part of the reason. */
  readonly rule?: string;
  /** Where, or by how much: for people. */
  readonly detail?: string;
}
/** The reason, as programs know it. */
export const reasonOf = ({ code, rule }: Refusal): string => (rule === undefined ? code : `${code} (${rule})`);
/** The reason with everything that is known besides. */
export const wordsOf = (refusal: Refusal): string =>
  refusal.detail === undefined ? reasonOf(refusal) : `${reasonOf(refusal)}, ${refusal.detail}`;
/** What a script error makes of a refusal. */
export const scriptRefusal = (input: number, error: ScriptError): Required<Omit<Refusal, "code">> => ({
  rule: SCRIPT_ERROR_WORDS[error],
  detail: `input ${input}: ${error}`,
});

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
