import type { Outpoint, ShortChannelId, Txid } from "../src/base/ids.ts";
import type { BlockHeight, CltvExpiry, Msat, SatPerKw } from "../src/base/units.ts";
import type { Tx } from "../src/bitcoin/tx.ts";
import type { AcceptChannel, OpenChannel } from "../src/wire/opening.ts";
import type { ClosePlan, SignedClose, SimpleClose } from "./close/state.ts";
import type { DualOpening, FundingAttempts, WaitForFundingSignatures } from "./dual/state.ts";
import type { OtherFunding } from "./fundings/other.ts";
import type { Htlc, OfferedStep, ReceivedStep } from "./htlc.ts";
import type { OpenChannelInput } from "./input.ts";
import type { SecretStore } from "./keys/commitment-secrets.ts";
import type { Signatures } from "./keys/signer.ts";
import type { Link } from "./link/state.ts";
import type { ChannelParams } from "./params.ts";
import type { Restored } from "./restored/state.ts";
import type { CommitmentHtlc } from "./tx/commitment.ts";

/** A change of the feerate on its way into both commitments: it takes the first five steps of an HTLC. */
export interface FeeUpdate {
  readonly feerate: SatPerKw;
  readonly step: OfferedStep | ReceivedStep;
}

/** One of our own updates, by what it changed: the message is made again from the state. */
export type UpdateRef =
  | { readonly tag: "add"; readonly id: bigint }
  | { readonly tag: "remove"; readonly id: bigint }
  | { readonly tag: "fee" };

/** A signed commitment of the peer whose predecessor is not yet revoked: at most one. BOLT 2 §Committing Updates So Far: commitment_signed. */
export interface SentCommitment {
  readonly txid: Txid;
  readonly signatures: Signatures;
  /** Our updates that it was the first to cover, in the order in which they were sent. */
  readonly updates: readonly UpdateRef[];
}

/**
 * What both sides hold. Every commitment transaction follows from `balance`, `feerate` and the steps of HTLCs and fee
 * updates, so nothing in here grows with the number of updates that have been made.
 */
export interface Commitments {
  /** As if no pending HTLC existed: each still counts for the side that offered it. The sum is the capacity, always. */
  readonly balance: { readonly local: Msat; readonly remote: Msat };
  /** The last feerate that is irrevocable. */
  readonly feerate: SatPerKw;
  readonly feeUpdates: readonly FeeUpdate[];
  readonly htlcs: readonly Htlc[];
  /** Ours, and what the peer signed for it. All before `number` are revoked. */
  readonly local: { readonly number: bigint; readonly signatures: Signatures };
  /** The oldest of the peer's that it has not revoked. */
  readonly remote: { readonly number: bigint; readonly point: Uint8Array; readonly txid: Txid };
  /** The peer's per-commitment point for `remote.number + 1`; undefined until its `channel_ready`. */
  readonly remoteNextPoint: Uint8Array | undefined;
  readonly sent: SentCommitment | undefined;
  /** Our updates that no `commitment_signed` of ours covers yet, in the order in which they were sent. */
  readonly proposed: readonly UpdateRef[];
  readonly nextOfferedId: bigint;
  readonly nextReceivedId: bigint;
  /** The peer's revealed secrets. */
  readonly secrets: SecretStore;
  /** Which of the two left last: retransmission keeps that order. BOLT 2 §Message Retransmission. */
  readonly lastSent: "neither" | "commitment_signed" | "revoke_and_ack";
  /** Other outputs that may turn out to hold the channel. Of most channels there are none. */
  readonly others: readonly OtherFunding[];
}

/** One node's two signatures under a `channel_announcement`. */
export interface AnnouncementSignaturePair {
  readonly nodeSignature: Uint8Array;
  readonly bitcoinSignature: Uint8Array;
}

/** What every channel has once its funding transaction is signed for. */
export interface Funded {
  readonly params: ChannelParams;
  readonly commitments: Commitments;
  readonly funding: FundingProgress;
  /** The transactions that may fund it, where both sides made them and none is buried. */
  readonly attempts: FundingAttempts;
  /** Our `channel_ready` has been sent, the peer's received. */
  readonly ready: { readonly local: boolean; readonly remote: boolean };
  /** By which name the peer also knows the channel. */
  readonly remoteAlias: ShortChannelId | undefined;
  readonly announcement: {
    readonly local: AnnouncementSignaturePair | undefined;
    readonly remote: AnnouncementSignaturePair | undefined;
  };
  readonly link: Link;
}
export interface FundingProgress {
  /** The height at which we began to wait for it. */
  readonly since: BlockHeight;
  /** Where it stands in the best chain. */
  readonly confirmed: { readonly height: BlockHeight; readonly shortChannelId: ShortChannelId } | undefined;
  /** It has the confirmations that were agreed on: the channel's money counts. A reorganisation takes that back. */
  readonly deep: boolean;
  /** Ours to broadcast, if we opened or both sides did: the newest that is complete. */
  readonly tx: Tx | undefined;
}

export interface Fresh {
  readonly tag: "Fresh";
}
/** Opener: `open_channel` has left. */
export interface WaitForAcceptChannel {
  readonly tag: "WaitForAcceptChannel";
  readonly request: OpenChannelInput;
  readonly open: OpenChannel;
}
/** What both messages have settled, before there is a funding outpoint. */
export interface Proposal {
  readonly params: Omit<ChannelParams, "channelId" | "funding">;
  readonly feerate: SatPerKw;
  readonly push: Msat;
  readonly remoteFirstPoint: Uint8Array;
}
/** Opener: the host is building the funding transaction. */
export interface WaitForFundingTx {
  readonly tag: "WaitForFundingTx";
  readonly proposal: Proposal;
}
/** Opener: signatures on the peer's first commitment have been asked for, then `funding_created` has left. */
export interface WaitForFundingSigned {
  readonly tag: "WaitForFundingSigned";
  readonly proposal: Proposal;
  readonly params: ChannelParams;
  readonly fundingTx: Tx;
  readonly remoteTxid: Txid;
  readonly signed: boolean;
  /** Other channels have their funding in the same transaction: it waits for all of them. */
  readonly isShared: boolean;
}
/** Opener: the peer has signed, and so must those of other channels that the same transaction funds. */
export interface FundingHeld extends Omit<WaitForFundingSigned, "tag" | "signed" | "isShared"> {
  readonly tag: "FundingHeld";
  readonly localSignatures: Signatures;
}
/** Accepter: `accept_channel` has left. */
export interface WaitForFundingCreated {
  readonly tag: "WaitForFundingCreated";
  readonly proposal: Proposal;
  readonly accept: AcceptChannel;
}
/** Accepter: the peer's signature is good, ours on its first commitment has been asked for. */
export interface SigningFunding {
  readonly tag: "SigningFunding";
  readonly proposal: Proposal;
  readonly params: ChannelParams;
  readonly remoteTxid: Txid;
  readonly localSignatures: Signatures;
}
/** The opening came to nothing before any money was at stake. */
export interface Aborted {
  readonly tag: "Aborted";
  readonly reason: string;
}

export interface WaitForFundingConfirmed extends Funded {
  readonly tag: "WaitForFundingConfirmed";
}
/** Deep enough for us: our `channel_ready` has left, the peer's is awaited. */
export interface WaitForChannelReady extends Funded {
  readonly tag: "WaitForChannelReady";
}
export interface Normal extends Funded {
  readonly tag: "Normal";
}
/** One side wants to close: no new HTLCs, the pending ones are resolved. BOLT 2 §Closing Initiation: shutdown. */
export interface ShuttingDown extends Funded {
  readonly tag: "ShuttingDown";
  readonly close: ClosePlan;
}
/** Nothing is pending: a closing transaction is being agreed on. BOLT 2 §Channel Close. */
export interface Negotiating extends Funded {
  readonly tag: "Negotiating";
  readonly close: ClosePlan;
  /** What we have signed of a legacy negotiation, oldest first. */
  readonly signed: readonly SignedClose[];
  readonly simple: SimpleClose;
}
/** Both have signed a transaction that can be mined: it is out, to be buried. */
export interface Closing extends Funded {
  readonly tag: "Closing";
  readonly close: ClosePlan;
  readonly signed: readonly SignedClose[];
  readonly simple: SimpleClose;
  /** Of all that can be mined the one that pays most, and from its block on the one that was. */
  readonly tx: Tx;
  readonly confirmed: { readonly txid: Txid; readonly height: BlockHeight } | undefined;
}
/** No update is made any more and no mutual close: the chain decides. BOLT 5 §Failing a Channel. */
export interface Failed extends Funded {
  readonly tag: "Failed";
  readonly cause: FailureCause;
  /** Undefined until the step that made it fail is done, and in records that did not say so yet. */
  readonly failedAt: BlockHeight | undefined;
  /** A mutual close that both had signed before, if it is what we want in the chain. */
  readonly mutual: Tx | undefined;
  /** Our own commitment with both signatures, from the moment when it may be published: no secret of it leaves any more. */
  readonly commitment: Tx | undefined;
  /**
   * What of the best chain spends the funding output, and outputs that follow from it. All that happens on the chain is
   * computed from these facts, so a reorganisation takes facts away and nothing has to be undone.
   */
  readonly spends: readonly ChainSpend[];
  /** The HTLCs with an output in the revoked commitment that stands in the chain. */
  readonly revoked: { readonly number: bigint; readonly htlcs: readonly CommitmentHtlc[] } | undefined;
  /** HTLCs that we offered and whose sender has been told that they failed. */
  readonly givenUp: readonly bigint[];
}
export interface ChainSpend {
  readonly outpoint: Outpoint;
  readonly tx: Tx;
  readonly height: BlockHeight;
}
export type FailureCause =
  /** Somebody who runs this node wants it. */
  | { readonly tag: "requested" }
  /** The peer broke the protocol, or it leads nowhere any more: `text` is what we tell it. */
  | { readonly tag: "fault"; readonly text: string }
  /** An HTLC that only the chain can decide in time. BOLT 2 §cltv_expiry_delta Selection. */
  | { readonly tag: "deadline"; readonly side: Htlc["side"]; readonly id: bigint; readonly expiry: CltvExpiry }
  | { readonly tag: "peer_error"; readonly text: string }
  /** The peer has proved that our state is old. Nothing of ours may ever be signed or broadcast. BOLT 2 §Message Retransmission. */
  | { readonly tag: "data_lost" }
  /** Somebody published a commitment transaction, or something unknown. */
  | { readonly tag: "funding_spent" };
/** Over and buried; kept only until the host has forgotten it. */
export interface Closed {
  readonly tag: "Closed";
  readonly params: ChannelParams;
  readonly closingTxid: Txid | undefined;
}

/** What exists only in memory: losing it loses no money. */
export type OpeningState =
  | Fresh
  | DualOpening
  | WaitForAcceptChannel
  | WaitForFundingTx
  | WaitForFundingSigned
  | FundingHeld
  | WaitForFundingCreated
  | SigningFunding
  | Aborted;
/** States in which HTLCs live. */
export type UpdatingState = Normal | ShuttingDown;
export type FundedState =
  | WaitForFundingConfirmed
  | WaitForChannelReady
  | Normal
  | ShuttingDown
  | Negotiating
  | Closing
  | Failed;
/** What may exist on disk is a type. */
export type DurableState = FundedState | WaitForFundingSignatures | Restored | Closed;
export type ChannelState = OpeningState | DurableState;

export const FRESH: Fresh = { tag: "Fresh" };
export const isDurable = (state: ChannelState): state is DurableState =>
  state.tag === "Closed" ||
  state.tag === "Restored" ||
  state.tag === "WaitForFundingSignatures" ||
  "commitments" in state;
