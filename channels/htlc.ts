import type { ChannelId, PaymentHash, Preimage } from "../src/base/ids.ts";
import type { CltvExpiry, Msat } from "../src/base/units.ts";
import type { AttributionData } from "../src/wire/updates.ts";

/** Why we offered an HTLC: what its end has to be told to. Durable with the HTLC. */
export type HtlcOrigin =
  | { readonly tag: "payment"; readonly paymentId: string; readonly attempt: number }
  /** Forwarded: the HTLC that came in, by its channel and id. */
  | { readonly tag: "relay"; readonly channelId: ChannelId; readonly htlcId: bigint };

/**
 * The life of an HTLC in 20 steps, seen from here: ten for one that we offered, ten for one that the peer offered. Each
 * `commitment_signed` or `revoke_and_ack`, sent or received, moves every HTLC that it concerns one step on. SENT and
 * RECEIVED say whose message brought it there. BOLT 2 §Normal Operation.
 */
export type OfferedStep =
  | "SENT_ADD_HTLC"
  | "SENT_ADD_COMMIT"
  | "RECEIVED_ADD_REVOCATION"
  | "RECEIVED_ADD_ACK_COMMIT"
  | "SENT_ADD_ACK_REVOCATION"
  | "RECEIVED_REMOVE_HTLC"
  | "RECEIVED_REMOVE_COMMIT"
  | "SENT_REMOVE_REVOCATION"
  | "SENT_REMOVE_ACK_COMMIT"
  | "RECEIVED_REMOVE_ACK_REVOCATION";
export type ReceivedStep =
  | "RECEIVED_ADD_HTLC"
  | "RECEIVED_ADD_COMMIT"
  | "SENT_ADD_REVOCATION"
  | "SENT_ADD_ACK_COMMIT"
  | "RECEIVED_ADD_ACK_REVOCATION"
  | "SENT_REMOVE_HTLC"
  | "SENT_REMOVE_COMMIT"
  | "RECEIVED_REMOVE_REVOCATION"
  | "RECEIVED_REMOVE_ACK_COMMIT"
  | "SENT_REMOVE_ACK_REVOCATION";
export type HtlcStep = OfferedStep | ReceivedStep;

/**
 * What tells the sender who has held an HTLC and for how long. Never written: lost in a crash it costs nobody money, and
 * records of channels with many HTLCs stay small. BOLT 4 §Initialization of `attribution_data`.
 */
export interface Attributed {
  readonly attribution?: AttributionData;
}
/** How an HTLC ends. */
export type Removal =
  | ({ readonly tag: "fulfilled"; readonly preimage: Preimage } & Attributed)
  /** `reason` is the encrypted failure packet. */
  | ({ readonly tag: "failed"; readonly reason: Uint8Array } & Attributed)
  | { readonly tag: "malformed"; readonly code: number; readonly sha256OfOnion: Uint8Array };
/** How an offered HTLC was paid. */
export type HtlcSettlement = Omit<Extract<Removal, { readonly tag: "fulfilled" }>, "tag">;
/** How an offered HTLC failed: what the sender of the payment, or the channel it came from, is told. */
export type HtlcFailure =
  | Exclude<Removal, { readonly tag: "fulfilled" }>
  /** The channel ended on the chain and the money came back: nobody downstream has said why. */
  | { readonly tag: "on_chain" };

/** In place of a packet that has done its work: most of what a pending HTLC would weigh on disk. */
export const NO_ONION = new Uint8Array(0);
interface HtlcTerms {
  /** Counts from 0 for each offering side, never reused. BOLT 2 §Adding an HTLC: update_add_htlc. */
  readonly id: bigint;
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
  /** The packet of 1,366 bytes, for as long as somebody needs it: the peer to acknowledge it, the host to decide on it. */
  readonly onion: Uint8Array;
  /** How it ends, from the step at which the removal is sent or received. */
  readonly removal: Removal | undefined;
}
export interface OfferedHtlc extends HtlcTerms {
  readonly side: "offered";
  readonly step: OfferedStep;
  readonly origin: HtlcOrigin;
  /** Learnt once, never forgotten, even when the message that brought it is taken back by a reconnection. */
  readonly preimage: Preimage | undefined;
}
export interface ReceivedHtlc extends HtlcTerms {
  readonly side: "received";
  readonly step: ReceivedStep;
  /** A path key came with it: it is part of a blinded route. */
  readonly blinded?: true;
}
/** One pending HTLC of a channel. `side` and `id` together name it. */
export type Htlc = OfferedHtlc | ReceivedHtlc;

/** An incoming HTLC as the payments room is told of it. Identified by (channelId, id). */
export interface IncomingHtlc {
  readonly channelId: ChannelId;
  readonly id: bigint;
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
  readonly onion: Uint8Array;
  /**
   * It has to be failed back, whatever it is for: its channel bears more dust than we put up with, or has failed, or it is
   * part of a blinded route, which this node takes no part in. The first two may come to be so after it was passed on, when
   * it is told again: then what is downstream decides.
   */
  readonly mustFail: "dust_exposure" | "channel_failed" | "blinded_route" | undefined;
}
