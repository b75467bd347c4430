import type { ChannelId, Outpoint, Txid } from "../../src/base/ids.ts";
import type { Msat, Sat, SatPerKw } from "../../src/base/units.ts";
import type { TxAckRbf } from "../../src/wire/interactive-tx.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../src/wire/opening.ts";
import type { ChannelType } from "../channel-type.ts";
import type { OpenDualInput } from "../input.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import type { TxSession } from "../interactive/session.ts";
import type { Witnesses } from "../interactive/signatures.ts";
import type { ReplacedTx } from "../interactive/terms.ts";
import type { Link } from "../link/state.ts";
import type { ChannelParams } from "../params.ts";

/** What one attempt at a funding transaction is agreed to be, before it is constructed. */
export interface FundingPlan {
  /** Of the construction; not always the opener. BOLT 2 §Fee bumping: tx_init_rbf and tx_ack_rbf. */
  readonly initiator: "local" | "remote";
  readonly feerate: SatPerKw;
  readonly locktime: number;
  readonly contribution: { readonly local: Sat; readonly remote: Sat };
  /** Whether a side asked that the other one's coins be confirmed. */
  readonly requiresConfirmed: { readonly local: boolean; readonly remote: boolean };
  /** All attempts for which we have signed. */
  readonly replaces: readonly ReplacedTx[];
}
/** A channel before it has a funding output. Capacity and reserves are those of this attempt. */
export interface DualProposal {
  readonly params: Omit<ChannelParams, "funding">;
  /** Of the commitments. */
  readonly feerate: SatPerKw;
  readonly remoteFirstPoint: Uint8Array;
  readonly plan: FundingPlan;
}

/** How far both sides are on the way to a funding transaction. Never written: who loses it has signed nothing. */
export type Negotiation =
  /** The host looks for coins. `answer` leaves with what it finds. */
  | { readonly stage: "funding"; readonly proposal: DualProposal; readonly answer: Answer | undefined }
  /** Our `tx_init_rbf` has left. */
  | { readonly stage: "asking"; readonly proposal: DualProposal }
  /** `checking`: the host is asked whether the peer's last input is confirmed. */
  | {
      readonly stage: "constructing";
      readonly proposal: DualProposal;
      readonly session: TxSession;
      readonly checking: bigint | undefined;
    }
  /** Our witnesses, then our signature on the peer's commitment, have been asked for. */
  | { readonly stage: "signing"; readonly attempt: Omit<FundingAttempt, "sent" | "received" | "remoteWitnesses"> }
  /** Our `tx_abort` has left: the peer's is awaited, and all else it said before is passed over. */
  | { readonly stage: "aborting" };
/** What we have to say once we know which coins there are. */
export type Answer =
  | {
      readonly tag: "accept";
      readonly open: OpenChannel2;
      readonly type: ChannelType;
      readonly accept: AcceptChannel2;
    }
  | { readonly tag: "ack"; readonly ack: TxAckRbf };

/** A constructed funding transaction with the first commitments that spend it. BOLT 2 §Channel Establishment v2. */
export interface FundingAttempt {
  readonly params: ChannelParams;
  readonly feerate: SatPerKw;
  readonly remoteFirstPoint: Uint8Array;
  readonly balance: { readonly local: Msat; readonly remote: Msat };
  readonly plan: FundingPlan;
  readonly constructed: ConstructedTx;
  /** The peer's commitment number 0 and our signature on it, which left in `commitment_signed`. */
  readonly sent: { readonly txid: Txid; readonly signature: Uint8Array };
  /** The peer's signature on ours. Without it nothing of ours may go into the transaction. */
  readonly received: Uint8Array | undefined;
  /** Of our inputs. They leave in `tx_signatures`, never before `received` is on disk. */
  readonly witnesses: Witnesses;
  /** Of the peer's inputs: with them the transaction is complete. */
  readonly remoteWitnesses: Witnesses | undefined;
}

/** Opener: `open_channel2` has left. */
export interface WaitForAcceptChannel2 {
  readonly tag: "WaitForAcceptChannel2";
  readonly request: OpenDualInput;
  readonly open: OpenChannel2;
}
/** Both messages are settled: the first funding transaction is being constructed. */
export interface ConstructingFunding {
  readonly tag: "ConstructingFunding";
  /** Under which the peer knows the channel by now. */
  readonly channelId: ChannelId;
  readonly negotiation: Negotiation;
}
/**
 * Our `commitment_signed` has left and is remembered; our witnesses have not, so the channel holds nothing of ours yet and
 * may be given up.
 */
export interface WaitForFundingSignatures {
  readonly tag: "WaitForFundingSignatures";
  readonly params: ChannelParams;
  readonly attempt: FundingAttempt;
  readonly link: Link;
}
/** What lives in memory alone. */
export type DualOpening = WaitForAcceptChannel2 | ConstructingFunding;

/** The funding transactions of a channel that both sides construct. Empty for all others. */
export interface FundingAttempts {
  /** All for which our witnesses have left: any may be mined. Oldest first, but for what the peer gave up: that stands before the one that waits. */
  readonly signed: readonly FundingAttempt[];
  /** A newer one for which they have not. */
  readonly next: FundingAttempt | undefined;
}
export const NO_ATTEMPTS: FundingAttempts = { signed: [], next: undefined };

export const fundingOf = ({ params }: FundingAttempt): Outpoint => params.funding;
