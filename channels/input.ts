import type { ChannelId, Outpoint, PaymentHash, Preimage, Txid } from "../src/base/ids.ts";
import type { BlockHeight, CltvExpiry, Msat, Sat, SatPerKw } from "../src/base/units.ts";
import type { Tx, TxOut } from "../src/bitcoin/tx.ts";
import type { ClosingComplete, ClosingSig, ClosingSigned, Shutdown } from "../src/wire/closing.ts";
import type { AnnouncementSignatures } from "../src/wire/gossip.ts";
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
import type { ErrorMessage, Warning } from "../src/wire/setup.ts";
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
import type { ChannelType } from "./channel-type.ts";
import type { Attributed, HtlcOrigin } from "./htlc.ts";
import type { ConstructionMessage } from "./interactive/session.ts";
import type { Witnesses } from "./interactive/signatures.ts";
import type { Contribution } from "./interactive/terms.ts";
import type { Signatures, SigningRefusal } from "./keys/signer.ts";
import type { RestoredParams } from "./params.ts";
import type { RestoredFunding } from "./restored/state.ts";
import type { SpliceRequest } from "./splice/state.ts";
import type { CommitmentHtlc } from "./tx/commitment.ts";

/** The peer's messages that a channel understands. The host has matched them to the channel by id and by peer. */
export type ChannelMessage =
  | OpenChannel
  | AcceptChannel
  | FundingCreated
  | FundingSigned
  | OpenChannel2
  | AcceptChannel2
  | ConstructionMessage
  | TxSignatures
  | TxInitRbf
  | TxAckRbf
  | TxAbort
  | SpliceInit
  | SpliceAck
  | SpliceLocked
  | ChannelReady
  | AnnouncementSignatures
  | UpdateAddHtlc
  | UpdateFulfillHtlc
  | UpdateFailHtlc
  | UpdateFailMalformedHtlc
  | UpdateFee
  | CommitmentSigned
  | RevokeAndAck
  | StartBatch
  | ChannelReestablish
  | Shutdown
  | ClosingSigned
  | ClosingComplete
  | ClosingSig
  | Stfu
  | ErrorMessage
  | Warning;

/** We fund a channel. The random bytes and the feerate come with it. */
export interface OpenChannelInput {
  readonly tag: "Open";
  readonly temporaryChannelId: ChannelId;
  readonly capacity: Sat;
  readonly push: Msat;
  /** Of the commitments; at least the policy's minimum. */
  readonly feerate: SatPerKw;
  readonly announce: boolean;
  readonly type: ChannelType;
  /** Where a mutual close must pay us; the policy's unless given. */
  readonly shutdownScript?: Uint8Array | undefined;
}
/** We open a channel that the peer may help to fund. The id is `temporaryDualId` of our keys. */
export interface OpenDualInput {
  readonly tag: "OpenDual";
  readonly temporaryChannelId: ChannelId;
  /** Where our part of a mutual close must go; the policy's when it is not said. */
  readonly shutdownScript?: Uint8Array | undefined;
  /** What we put in. */
  readonly contribution: Sat;
  /** Of the commitments, and of the funding transaction. */
  readonly feerate: SatPerKw;
  readonly fundingFeerate: SatPerKw;
  readonly announce: boolean;
  readonly type: ChannelType;
}
/** Everything that a channel can be told. */
export type ChannelInput =
  | OpenChannelInput
  | OpenDualInput
  /** Answers `NeedContribution`: coins that are held for this channel. */
  | { readonly tag: "Contribution"; readonly contribution: Contribution }
  /** Answers `NeedContribution`: there are none. */
  | { readonly tag: "NothingToContribute"; readonly reason: string }
  /** Answers `NeedConfirmation`. */
  | { readonly tag: "InputConfirmation"; readonly outpoint: Outpoint; readonly confirmed: boolean }
  /** Answers `NeedFundingWitnesses`, in the same cascade: the coins are kept for that transaction. */
  | { readonly tag: "FundingWitnesses"; readonly witnesses: Witnesses }
  /** Puts coins into the channel or takes some out; while a splice waits, another one in its place. */
  | { readonly tag: "Splice"; readonly request: SpliceRequest }
  /** Replaces a funding transaction that waits by one that pays this much. */
  | { readonly tag: "BumpFunding"; readonly feerate: SatPerKw }
  /** Answers `NeedFunding`: complete and signed by the wallet, not broadcast. */
  | {
      readonly tag: "FundingTx";
      readonly tx: Tx;
      readonly vout: number;
      /** It funds other channels too: nothing is to be broadcast before the peer of each has signed. */
      readonly isShared?: boolean;
    }
  /** Answers `FundingHeld`: so have all the others that the same transaction funds. */
  | { readonly tag: "FundingAllSigned" }
  /** A channel that a static backup tells of, and nothing else does. `since` is the block from which on it may be funded. */
  | {
      readonly tag: "Restore";
      readonly params: RestoredParams;
      readonly others: readonly RestoredFunding[];
      readonly since: BlockHeight;
    }
  /** Of a restored channel: no block of the best chain holds, or ever held, its funding transaction. */
  | { readonly tag: "NeverFunded" }
  /** The opening will not go on: no funds, or the user changed its mind. */
  | { readonly tag: "AbortOpening"; readonly reason: string }
  | { readonly tag: "PeerMessage"; readonly message: ChannelMessage }
  /** `init` has been exchanged. */
  | { readonly tag: "Connected" }
  | { readonly tag: "Disconnected" }
  /** Once, after loading from disk: says again what the host may have missed. */
  | { readonly tag: "Resume" }
  | OfferHtlcInput
  | ({ readonly tag: "FulfillHtlc"; readonly id: bigint; readonly preimage: Preimage } & Attributed)
  /** `reason` is the encrypted failure packet. */
  | ({ readonly tag: "FailHtlc"; readonly id: bigint; readonly reason: Uint8Array } & Attributed)
  | {
      readonly tag: "FailMalformedHtlc";
      readonly id: bigint;
      readonly code: number;
      readonly sha256OfOnion: Uint8Array;
    }
  /** Answers `SignSoon`, on the next turn of the loop: signs all that has queued until then. */
  | { readonly tag: "Sign" }
  /** Answers `NeedSignatures`, in the same cascade. */
  | { readonly tag: "Signatures"; readonly signatures: Signatures }
  | { readonly tag: "SigningRefused"; readonly refusal: SigningRefusal }
  | { readonly tag: "UpdateFee"; readonly feerate: SatPerKw }
  /** Asks the peer for silence. `Quiescent` tells when it is there. */
  | { readonly tag: "Quiesce" }
  /** Answers `TimeQuiescence`, when the time is over. */
  | { readonly tag: "QuiescenceTimedOut" }
  /** Amid a batch for this channel the peer has sent a message for another one. */
  | { readonly tag: "BatchInterrupted" }
  /** Closes by agreement; also answers `NeedCloseScript`. Given again it raises the fee where option_simple_close is negotiated. */
  | { readonly tag: "Shutdown"; readonly script: Uint8Array; readonly feerate: SatPerKw }
  /** At each block: from which height on a close by agreement has waited for the peer alone, as `closeAwaited` tells. */
  | { readonly tag: "CloseAwaited"; readonly since: BlockHeight }
  /** The host has proof that this state is an old one: nothing of it is signed or published any more. */
  | { readonly tag: "DataLost" }
  /** Closes without the peer: our commitment goes to the chain. */
  | { readonly tag: "ForceClose" }
  /** Answers `NeedAnnouncementSignatures`, 64 bytes compact each. */
  | {
      readonly tag: "AnnouncementSignatures";
      readonly nodeSignature: Uint8Array;
      readonly bitcoinSignature: Uint8Array;
    }
  | { readonly tag: "BlockConnected"; readonly height: BlockHeight }
  /** The transaction with the funding txid is in the best chain; `output` is what it has at our index, if anything. */
  | {
      readonly tag: "FundingConfirmed";
      readonly height: BlockHeight;
      readonly txIndex: number;
      readonly output: TxOut | undefined;
      /** As the block holds it: with the witnesses that a peer may have kept to itself. */
      readonly tx?: Tx;
    }
  | { readonly tag: "FundingReorged" }
  /** As both, of another funding of the channel, named by its transaction. */
  | {
      readonly tag: "OtherFundingConfirmed";
      readonly txid: Txid;
      readonly height: BlockHeight;
      readonly txIndex: number;
      readonly output: TxOut | undefined;
      readonly tx?: Tx;
    }
  | { readonly tag: "OtherFundingReorged"; readonly txid: Txid }
  /** A block that is buried holds another transaction with a coin that the funding transaction, ours, was to spend. */
  | { readonly tag: "FundingConflictBuried" }
  /** A block of the best chain spends the funding output, or another of the channel's fundings. */
  | { readonly tag: "FundingSpent"; readonly tx: Tx; readonly height: BlockHeight }
  /** A block of the best chain spends an output of `WatchOutputs`. */
  | { readonly tag: "OutputSpent"; readonly outpoint: Outpoint; readonly tx: Tx; readonly height: BlockHeight }
  /** Blocks from this height on have left the best chain, and with them what they spent of ours. */
  | { readonly tag: "SpendsReorged"; readonly height: BlockHeight }
  /** A transaction that is not mined yet spends the funding output or one of `WatchOutputs`. */
  | { readonly tag: "SpendSeen"; readonly tx: Tx }
  /** Answers `NeedRevokedHtlcs`. */
  | { readonly tag: "RevokedHtlcs"; readonly number: bigint; readonly htlcs: readonly CommitmentHtlc[] };

export interface OfferHtlcInput {
  readonly tag: "OfferHtlc";
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
  /** 1,366 bytes. */
  readonly onion: Uint8Array;
  readonly origin: HtlcOrigin;
}
