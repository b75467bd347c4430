import type { ChannelId, Outpoint, Preimage, ShortChannelId, Txid } from "../src/base/ids.ts";
import type { BlockHeight, CltvExpiry, Msat, Sat, SatPerKw } from "../src/base/units.ts";
import type { Tx } from "../src/bitcoin/tx.ts";
import type { ClosingComplete, ClosingSig, ClosingSigned, Shutdown } from "../src/wire/closing.ts";
import type { AnnouncementSignatures, ChannelAnnouncement } from "../src/wire/gossip.ts";
import type { TxAbort, TxAckRbf, TxInitRbf, TxSignatures } from "../src/wire/interactive-tx.ts";
import type {
  AcceptChannel,
  AcceptChannel2,
  ChannelReady,
  FundingCreated,
  FundingSigned,
  OpenChannel,
  OpenChannel2,
} from "../src/wire/opening.ts";
import type { SpliceAck, SpliceInit, SpliceLocked, Stfu } from "../src/wire/splicing.ts";
import type {
  ChannelReestablish,
  CommitmentSigned,
  RevokeAndAck,
  StartBatch,
  UpdateAddHtlc,
  UpdateFailHtlc,
  UpdateFailMalformedHtlc,
  UpdateFee,
  UpdateFulfillHtlc,
} from "../src/wire/updates.ts";
import type { Attributed, HtlcFailure, HtlcOrigin, IncomingHtlc } from "./htlc.ts";
import type { ConstructedTx } from "./interactive/constructed.ts";
import type { ConstructionMessage } from "./interactive/session.ts";
import type { SigningRequest } from "./keys/signer.ts";
import type { Claim } from "./onchain/claim.ts";
import type { ChannelState, DurableState, FailureCause } from "./state.ts";
import type { CommitmentHtlc } from "./tx/commitment.ts";
import type { CommitmentFormat } from "./tx/format.ts";

/**
 * Proposals: forgotten by both sides on reconnection, so they may leave before a write; what they rest on (attempt,
 * circuit) is durable no later than the group of the `commitment_signed` that first covers them.
 */
export type ProposalMessage =
  | OpenChannel
  | AcceptChannel
  | FundingCreated
  | OpenChannel2
  | AcceptChannel2
  | ConstructionMessage
  | TxInitRbf
  | TxAckRbf
  | TxAbort
  | SpliceInit
  | SpliceAck
  | UpdateAddHtlc
  | UpdateFailHtlc
  | UpdateFailMalformedHtlc
  | UpdateFee
  | Stfu
  | StartBatch
  | AnnouncementSignatures;
/** Promises: sending one before its state is durable can lose funds. A `channel_reestablish` promises that what it counts is on disk. */
export type BindingMessage =
  | FundingSigned
  | TxSignatures
  | SpliceLocked
  | ChannelReady
  | CommitmentSigned
  | RevokeAndAck
  | UpdateFulfillHtlc
  | ChannelReestablish
  | Shutdown
  | ClosingSigned
  | ClosingComplete
  | ClosingSig;

/** What may be done without a write: if it is lost, or done twice, nobody loses money. */
export type VolatileEffect =
  | { readonly tag: "Propose"; readonly message: ProposalMessage }
  /** The signatures, or the refusal, are the channel's very next input, in the same cascade. */
  | { readonly tag: "NeedSignatures"; readonly request: SigningRequest }
  /** Of `digest`, by the node key and by the channel's funding key. */
  | { readonly tag: "NeedAnnouncementSignatures"; readonly announcement: Uint8Array }
  /** Give `Sign` on the next turn of the loop. */
  | { readonly tag: "SignSoon" }
  /** Give `QuiescenceTimedOut` 60 seconds from now, in place of one that was to come earlier. BOLT 2 §Channel Quiescence. */
  | { readonly tag: "TimeQuiescence" }
  /** Nothing is pending on either side, and nothing may be sent but what the initiator begins. */
  | { readonly tag: "Quiescent"; readonly initiator: "local" | "remote" }
  /** Build a transaction with this output and answer with `FundingTx`, or with `AbortOpening`. */
  | { readonly tag: "NeedFunding"; readonly amount: Sat; readonly script: Uint8Array }
  /**
   * Coins for a transaction that both sides construct: `amount` sat, and the fee of what they add, of change and of
   * `besides` weight units. All of `spends` are among them. Answer with `Contribution` or `NothingToContribute`, then or
   * later; hold them for a minute, or until `NeedFundingWitnesses` or `ReleaseCoins`.
   */
  | {
      readonly tag: "NeedContribution";
      readonly format: CommitmentFormat;
      readonly amount: Sat;
      readonly feerate: SatPerKw;
      readonly besides: number;
      readonly confirmedOnly: boolean;
      readonly spends: readonly Outpoint[];
      /** The least that an output may hold. */
      readonly changeMin: Sat;
    }
  /** Whether a coin of the peer's is unspent and in a block: answer with `InputConfirmation`, then or later. */
  | { readonly tag: "NeedConfirmation"; readonly outpoint: Outpoint }
  /** Sign for our inputs, keep them for this transaction on disk, and answer with `FundingWitnesses` in the same cascade. */
  | { readonly tag: "NeedFundingWitnesses"; readonly constructed: ConstructedTx }
  /** What is held for this channel is free. */
  | { readonly tag: "ReleaseCoins" }
  /** This transaction was not signed by us and never will be: what is kept for it alone is free. */
  | { readonly tag: "ReleaseFunding"; readonly txid: Txid }
  /** We have signed this transaction and want its coins back: they are free if the peer never completed it, or no node takes it. */
  | { readonly tag: "GiveUpFunding"; readonly txid: Txid }
  /** We have signed this transaction, and a block holds another one in its place: its coins are free. */
  | { readonly tag: "FundingReplaced"; readonly txid: Txid }
  /** Give `AbortOpening` 60 seconds from now if our witnesses have not left by then. */
  | { readonly tag: "TimeSignatures" }
  /** A funding transaction, the first one or one that was to replace it, came to nothing. */
  | { readonly tag: "NegotiationFailed"; readonly reason: string }
  /** The peer has signed what may fund other channels too: answer with `FundingAllSigned` once their peers have, or with `AbortOpening`. */
  | { readonly tag: "FundingHeld" }
  /** The peer wants to close: answer with `Shutdown`. */
  | { readonly tag: "NeedCloseScript" }
  /** The offer was refused: nothing has been or will be sent for it. */
  | { readonly tag: "Refused"; readonly origin: HtlcOrigin; readonly reason: OfferRefusal }
  | { readonly tag: "CommandRefused"; readonly command: string; readonly reason: CommandRefusal }
  | { readonly tag: "WatchFunding"; readonly outpoint: Outpoint; readonly script: Uint8Array }
  /** Incoming, irrevocably committed on both sides: now it may be fulfilled, failed or forwarded. Told again by `Resume`. */
  | { readonly tag: "HtlcCommitted"; readonly htlc: IncomingHtlc }
  /** Usable from now on, under these names in HTLCs, the best one first. Told again on every reconnection. */
  | { readonly tag: "Ready"; readonly names: readonly ShortChannelId[] }
  /** The funding transaction left the chain: nothing received over this channel is certain until `Ready` comes again. */
  | { readonly tag: "NotReady" }
  /** All four signatures are there: to be given to gossip. */
  | { readonly tag: "Announced"; readonly announcement: ChannelAnnouncement }
  | { readonly tag: "SendWarning"; readonly channelId: ChannelId; readonly text: string; readonly disconnect: boolean }
  | { readonly tag: "SendError"; readonly channelId: ChannelId; readonly text: string }
  | { readonly tag: "PeerWarned"; readonly text: string }
  /** Tell of every spend of these, from their block on. */
  | { readonly tag: "WatchOutputs"; readonly outputs: readonly WatchedOutput[] }
  /**
   * All that can be spent for us now, and nothing else: for each a transaction is to be in the mempool at the feerate of
   * its height. A claim that is no longer among them is settled. Said again at every block.
   */
  | { readonly tag: "Claims"; readonly claims: readonly Claim[] }
  /** It has left before, with its state on disk, and no block holds it: the mempool may have lost it. */
  | {
      readonly tag: "Rebroadcast";
      readonly tx: Tx;
      readonly why: "funding" | "splice" | "mutual_close" | "commitment";
    }
  /** Answer with `RevokedHtlcs`: what was written for that commitment, or nothing. */
  | { readonly tag: "NeedRevokedHtlcs"; readonly number: bigint }
  /** Something that people look at has changed. */
  | { readonly tag: "NotifyUpdated" }
  /** The channel may be removed from memory and disk. */
  | { readonly tag: "Forget"; readonly reason: string };

/** An output whose fate decides about money of ours. */
export interface WatchedOutput {
  readonly outpoint: Outpoint;
  readonly script: Uint8Array;
  readonly minedAt: BlockHeight;
}

/** What needs its state on disk first. */
export type Effect = VolatileEffect | DurableEffect;
export type DurableEffect =
  | { readonly tag: "Bind"; readonly message: BindingMessage }
  | { readonly tag: "Broadcast"; readonly tx: Tx; readonly why: "funding" | "splice" | "mutual_close" | "commitment" }
  /** Offered by us, the preimage is known: at once, also where the removal is not yet committed. */
  | ({
      readonly tag: "HtlcSettled";
      readonly id: bigint;
      readonly origin: HtlcOrigin;
      readonly amount: Msat;
      readonly preimage: Preimage;
    } & Attributed)
  /** Offered by us, irrevocably gone without a preimage: from both commitments, or on the chain. */
  | { readonly tag: "HtlcFailed"; readonly id: bigint; readonly origin: HtlcOrigin; readonly failure: HtlcFailure }
  /** An append-only record in the same group: with it a revoked state can be punished to the last output. Never for a state without untrimmed HTLCs. */
  | { readonly tag: "RevokedHtlcs"; readonly number: bigint; readonly htlcs: readonly CommitmentHtlc[] }
  /** Both have signed a splice: its transaction is out. `isOurs`: we have begun it, as somebody here wanted. */
  | { readonly tag: "SpliceSigned"; readonly txid: Txid; readonly isOurs: boolean }
  | { readonly tag: "ChannelFailed"; readonly cause: FailureCause }
  /** The peer has published a commitment that it had revoked. */
  | { readonly tag: "Breach"; readonly txid: Txid; readonly number: bigint }
  /** Both funding keys have signed for a transaction that our record knows nothing of. */
  | { readonly tag: "UnknownSpend"; readonly txid: Txid }
  /** A transaction that divides the money is in the best chain. */
  | { readonly tag: "Closed"; readonly txid: Txid; readonly height: BlockHeight };

const DURABLE: { readonly [T in DurableEffect["tag"]]: true } = {
  Bind: true,
  Broadcast: true,
  HtlcSettled: true,
  HtlcFailed: true,
  RevokedHtlcs: true,
  SpliceSigned: true,
  ChannelFailed: true,
  Breach: true,
  UnknownSpend: true,
  Closed: true,
};
/** Whether an effect needs no write before it. */
export const isVolatile = (effect: Effect): effect is VolatileEffect => !(effect.tag in DURABLE);

/** Why an HTLC is not offered. */
export type OfferRefusal =
  | { readonly code: "not_connected" }
  | { readonly code: "not_open" }
  | { readonly code: "funding_not_confirmed" }
  | { readonly code: "shutting_down" }
  /** One side has asked for silence: soon again. */
  | { readonly code: "quiescing" }
  | { readonly code: "commitment_numbers_used_up" }
  | { readonly code: "amount_below_minimum"; readonly minimum: Msat; readonly requested: Msat }
  | { readonly code: "expiry_too_soon"; readonly height: BlockHeight; readonly requested: CltvExpiry }
  | { readonly code: "expiry_too_far"; readonly maximum: number; readonly requested: CltvExpiry }
  | { readonly code: "too_many_htlcs"; readonly maximum: number }
  | { readonly code: "in_flight_limit"; readonly maximum: bigint; readonly would: bigint }
  | { readonly code: "insufficient_balance"; readonly available: Msat; readonly requested: Msat }
  | { readonly code: "remote_cannot_pay_fee" }
  | { readonly code: "dust_exposure"; readonly maximum: Msat; readonly would: bigint };
/** Why another command is not carried out. */
export type CommandRefusal =
  | { readonly code: "wrong_state"; readonly state: ChannelState["tag"] }
  | { readonly code: "not_connected" }
  /** The peer does not offer the feature that it takes. */
  | { readonly code: "not_negotiated" }
  /** One side has asked for silence. */
  | { readonly code: "quiescing" }
  | { readonly code: "unknown_htlc"; readonly id: bigint }
  | { readonly code: "htlc_not_committed"; readonly id: bigint }
  /** The first settlement wins; the same one again is no refusal and does nothing. */
  | { readonly code: "htlc_already_removed"; readonly id: bigint }
  | { readonly code: "wrong_preimage"; readonly id: bigint }
  | { readonly code: "not_opener" }
  | { readonly code: "cannot_afford_feerate"; readonly requested: SatPerKw }
  | { readonly code: "feerate_out_of_range"; readonly requested: SatPerKw }
  | { readonly code: "dust_exposure"; readonly maximum: Msat }
  | { readonly code: "bad_script" }
  /** We have bound ourselves to another one at the opening. */
  | { readonly code: "another_script_promised" }
  | { readonly code: "already_shutting_down" }
  /** It would not take the place of what is out. */
  | { readonly code: "closing_fee_too_low"; readonly least: SatPerKw }
  | { readonly code: "capacity_out_of_range"; readonly minimum: Sat; readonly maximum: Sat }
  | { readonly code: "push_out_of_range" }
  | { readonly code: "channel_type_not_possible" }
  | { readonly code: "funding_output_missing" }
  /** Its funding transaction is not one that both sides construct. */
  | { readonly code: "not_replaceable" }
  | { readonly code: "too_many_attempts"; readonly maximum: number }
  | { readonly code: "feerate_too_low"; readonly minimum: SatPerKw }
  /** A splice waits to be locked: for so many blocks at least, or for the peer's word alone. */
  | { readonly code: "splice_pending"; readonly blocks: number }
  /** It has been locked by one side: nothing takes its place. */
  | { readonly code: "splice_locked" }
  /** A block holds it. */
  | { readonly code: "splice_confirmed" }
  | { readonly code: "funding_not_confirmed" }
  | { readonly code: "splice_exceeds_balance" }
  /** Another attempt is under way. */
  | { readonly code: "negotiating" }
  | { readonly code: "commitment_numbers_used_up" };

/**
 * The answer of a step. A `Bind` cannot stand in `stay` or `advance`: what is a promise to the peer leaves only with a
 * state that is durable before it.
 */
export type Transition =
  | { readonly kind: "stay"; readonly effects: readonly VolatileEffect[] }
  | { readonly kind: "advance"; readonly next: ChannelState; readonly effects: readonly VolatileEffect[] }
  | { readonly kind: "commit"; readonly next: DurableState; readonly effects: readonly Effect[] };

export const stay = (...effects: readonly VolatileEffect[]): Transition => ({ kind: "stay", effects });
export const advance = (next: ChannelState, ...effects: readonly VolatileEffect[]): Transition => ({
  kind: "advance",
  next,
  effects,
});
export const commit = (next: DurableState, ...effects: readonly Effect[]): Transition => ({
  kind: "commit",
  next,
  effects,
});
export const propose = (message: ProposalMessage): VolatileEffect => ({ tag: "Propose", message });
export const bind = (message: BindingMessage): Effect => ({ tag: "Bind", message });
