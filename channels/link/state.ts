import type { Txid } from "../../src/base/ids.ts";
import type { BlockHeight, Sat } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { CommitmentSigned } from "../../src/wire/updates.ts";
import type { CloseProposal, OfferedClose } from "../close/state.ts";
import type { Negotiation } from "../dual/state.ts";
import type { Signatures } from "../keys/signer.ts";
import type { SpliceWish, Splicing } from "../splice/state.ts";
import type { ClosingOutputs } from "../tx/closing-tx.ts";
import type { SimpleOutputs } from "../tx/simple-closing-tx.ts";

/** Where the connection to the peer stands. Never written: a channel is loaded `offline`. */
export type Link = Offline | Reestablishing | Online;
export interface Offline extends Begun {
  readonly tag: "offline";
}
/** What no new connection makes forgotten. */
export interface Begun {
  /** How often the peer has begun a splice at this height. */
  readonly splicesBegun?: { readonly height: BlockHeight; readonly count: number };
}
/** Our `channel_reestablish` has left, the peer's is awaited. */
export interface Reestablishing extends Begun {
  readonly tag: "reestablishing";
  /** The peer has said `channel_ready` before, and waits for ours. */
  readonly readyHeard?: true;
}
export interface Online extends Begun {
  readonly tag: "online";
  /** The host has been asked for a `Sign`. */
  readonly signSoon: boolean;
  readonly announcementSent: boolean;
  /** Our `shutdown` has left on this connection. */
  readonly shutdownSent: boolean;
  readonly shutdownReceived: boolean;
  /** The peer's has come while a splice waits to be locked. */
  readonly shutdownEarly?: true;
  /** The fees of our last `closing_signed` on this connection, and of the peer's that it answered. */
  readonly closingFee: Sat | undefined;
  readonly closingFeeReceived: Sat | undefined;
  /** Both have sent `closing_signed` for the same fee, `closingFee`, on this connection. */
  readonly closingAgreed: boolean;
  /** From which height on the `closing_sig` for our last `closing_complete` on this connection is awaited. */
  readonly closeOffered: BlockHeight | undefined;
  /** A `closing_complete` of the peer has been answered on this connection. */
  readonly closeAnswered: boolean;
  /** The peer's last `commitment_signed` on this connection brought no update. */
  readonly emptyCommitment: boolean;
  /** Signatures that have been asked for: the very next input brings them. */
  readonly signing: Signing | undefined;
  /** From the moment when either side wants silence. It ends with the connection. */
  readonly quiescence: Quiescence | undefined;
  /** A splice of ours that waits to begin, and the one that is being negotiated. */
  readonly spliceWish: SpliceWish | undefined;
  readonly splicing: Splicing | undefined;
  /** What has come of a batch that the peer has begun. BOLT 2 §Batching channel messages. */
  readonly batch: { readonly size: number; readonly messages: readonly CommitmentSigned[] } | undefined;
  /** Of a funding transaction that is to replace the one that waits. */
  readonly negotiation: Negotiation | undefined;
  /** The peer has given up on this connection what was not begun here, and was answered; or no answer is due, as we said so first. */
  readonly abortAnswered: boolean;
}
/** A commitment of the peer's on one of the channel's fundings, and our signatures on it. */
export interface SignedOn {
  readonly txid: Txid;
  readonly signatures: Signatures;
}
/** How far the two sides are on their way to silence. BOLT 2 §Channel Quiescence. */
export interface Quiescence {
  /** Our `stfu` has left: no update of ours is pending and none is sent any more. */
  readonly sent: boolean;
  readonly received: boolean;
  /** Who may say what the silence is for. */
  readonly initiator: "local" | "remote";
}
export type Signing =
  /** On one funding after the other; `signed` is what has been signed before. */
  | { readonly tag: "commitment"; readonly txid: Txid; readonly signed: readonly SignedOn[] }
  /** On the transaction of a splice, for the output that both spend. */
  | { readonly tag: "splice"; readonly txid: Txid }
  | {
      readonly tag: "closing";
      readonly fee: Sat;
      readonly outputs: ClosingOutputs;
      readonly tx: Tx;
      readonly complete: Uint8Array | undefined;
    }
  /** Our own closing transaction, in the forms that are still to be signed. */
  | { readonly tag: "closing_complete"; readonly offer: OfferedClose; readonly unsigned: readonly SimpleOutputs[] }
  /** The peer's, under which `signature` is its own. */
  | {
      readonly tag: "closing_sig";
      readonly proposal: CloseProposal;
      readonly outputs: SimpleOutputs;
      readonly signature: Uint8Array;
    };
export const OFFLINE: Offline = { tag: "offline" };
export const begun = ({ splicesBegun }: Link): Begun => (splicesBegun === undefined ? {} : { splicesBegun });
