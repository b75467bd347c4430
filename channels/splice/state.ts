import type { Sat, SatPerKw } from "../../src/base/units.ts";
import type { OtherFunding } from "../fundings/other.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import type { TxSession } from "../interactive/session.ts";
import type { Witnesses } from "../interactive/signatures.ts";
import type { Contribution, SharedInput, Side, TxTerms } from "../interactive/terms.ts";
import type { Signatures } from "../keys/signer.ts";

/** What we want to do with a channel's capacity. */
export interface SpliceRequest {
  /** Coins of the wallet go in, or some of our balance goes out to a script. */
  readonly change:
    | { readonly tag: "in"; readonly amount: Sat }
    | { readonly tag: "out"; readonly amount: Sat; readonly script: Uint8Array };
  readonly feerate: SatPerKw;
  /** Random numbers of 64 bits. */
  readonly serials: { readonly input: bigint; readonly output: bigint; readonly own: bigint };
}
/** A request with what it adds to the transaction, and what it adds to our balance, in sat. */
export interface SpliceOffer {
  readonly contribution: Contribution;
  readonly amount: bigint;
  readonly feerate: SatPerKw;
  readonly locktime: number;
}

/** What both sides have agreed on before the transaction is constructed. */
export interface SplicePlan {
  readonly initiator: Side;
  readonly feerate: SatPerKw;
  readonly locktime: number;
  /** In sat, what each side adds to its balance, or takes from it. */
  readonly contribution: { readonly local: bigint; readonly remote: bigint };
  /** Whether a side asked that the other one's coins be confirmed. */
  readonly requiresConfirmed: { readonly local: boolean; readonly remote: boolean };
  /** The funding output to come, all but where it stands. */
  readonly funding: Omit<OtherFunding["terms"], "outpoint">;
  readonly terms: TxTerms & { readonly sharedInput: SharedInput };
}

/** A splice of ours that has not begun. It ends with the connection. */
export type SpliceWish =
  /** The host looks for coins. */
  | { readonly stage: "funding"; readonly request: SpliceRequest }
  /** Silence is wanted for it, and then the initiator's part in it. */
  | { readonly stage: "wanted"; readonly offer: SpliceOffer };
/** How far both sides are on the way to a splice, or to one in its place. Never written: who loses it has signed nothing. */
export type Splicing =
  /** Our `splice_init` or `tx_init_rbf` has left. */
  | { readonly stage: "asking"; readonly offer: SpliceOffer }
  /** The peer wants confirmed coins, and the host looks for them in place of those that were offered. */
  | { readonly stage: "funding"; readonly plan: SplicePlan }
  /** `checking`: the host is asked whether the peer's last input is confirmed. */
  | {
      readonly stage: "constructing";
      readonly plan: SplicePlan;
      readonly session: TxSession;
      readonly checking: bigint | undefined;
    }
  /** Our witnesses, then our signature on the peer's commitment, have been asked for. */
  | {
      readonly stage: "signing";
      readonly plan: SplicePlan;
      readonly constructed: ConstructedTx;
      readonly witnesses: Witnesses;
    }
  /** Our `tx_abort` has left: the peer's is awaited, and all else it said before is passed over. */
  | { readonly stage: "aborting" };

/** Whether it is we who want it. */
export const isOurs = (splicing: Splicing | undefined): boolean =>
  splicing?.stage === "asking" || (splicing !== undefined && "plan" in splicing && splicing.plan.initiator === "local");

/** How the transaction of a splice comes about, for as long as it may have to be told again or replaced. */
export interface SpliceTx {
  readonly constructed: ConstructedTx;
  readonly feerate: SatPerKw;
  /** Ours on the peer's commitment, which left in `commitment_signed`. */
  readonly sent: Signatures;
  /** The peer's on ours are here. Without them nothing of ours may leave. */
  readonly received: boolean;
  /** Of our inputs. They leave in `tx_signatures`, with our signature for the output that both spend. */
  readonly witnesses: Witnesses;
  /** From when on it is there our `tx_signatures` may have left. */
  readonly signature: Uint8Array | undefined;
  readonly remote: { readonly witnesses: Witnesses; readonly signature: Uint8Array } | undefined;
}
/** Whether it is we who began it: who does adds what both spend. BOLT 2 §Splice Transaction Construction. */
export const isBegunByUs = ({ constructed }: Pick<SpliceTx, "constructed">): boolean =>
  constructed.inputs.some(({ shared, from }) => shared && from === "local");
