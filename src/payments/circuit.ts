import type { HtlcFailure, OfferRefusal } from "../../channels/index.ts";
import type { ForwardPayload } from "../../routing/index.ts";
import type { PaymentHash, Preimage, ShortChannelId } from "../base/ids.ts";
import type { CltvExpiry, Msat } from "../base/units.ts";
import type { SettleEffect } from "./invoice-record.ts";
import type { HtlcRef } from "./payment.ts";

/**
 * A forward: which incoming HTLC pays for which outgoing one. It is known by its incoming HTLC, which is also the origin
 * that the outgoing HTLC carries, and is durable before the `commitment_signed` that first covers the outgoing one.
 */
export interface Circuit {
  readonly incoming: HtlcRef & { readonly amount: Msat; readonly expiry: CltvExpiry };
  readonly outgoing: {
    /** As the onion asked for it. */
    readonly shortChannelId: ShortChannelId;
    readonly amount: Msat;
    readonly expiry: CltvExpiry;
  };
  readonly paymentHash: PaymentHash;
  /** Shared with the sender, for wrapping failures. 32 bytes. */
  readonly sharedSecret: Uint8Array;
  readonly status: CircuitStatus;
}
export type CircuitStatus =
  /** The outgoing HTLC may exist. */
  | { readonly tag: "Offered" }
  /** The preimage is known: upstream is owed nothing but it. */
  | { readonly tag: "Fulfilled"; readonly preimage: Preimage }
  /** The outgoing HTLC is irrevocably gone, or never was. */
  | { readonly tag: "Failed"; readonly reason: Uint8Array };

/** An incoming HTLC, irrevocably committed on both sides, whose onion names a next channel. */
export interface ForwardRequest extends HtlcRef {
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
  readonly sharedSecret: Uint8Array;
  readonly payload: ForwardPayload;
  /** For the next node. */
  readonly onion: Uint8Array;
}

export type RelayInput =
  /** The outgoing channel did not take it, or is not there; nothing has left this node. */
  | { readonly tag: "Refused"; readonly code: OfferRefusal["code"] | "no_channel" }
  /** The preimage is here, from a message or the chain, whatever the state of the commitments. */
  | { readonly tag: "Settled"; readonly preimage: Preimage }
  /** Its removal downstream is irrevocable on both sides. */
  | { readonly tag: "Failed"; readonly failure: HtlcFailure }
  /** The incoming HTLC is in no commitment any more. */
  | { readonly tag: "IncomingRemoved" };

export type RelayEffect =
  | SettleEffect
  | {
      readonly tag: "OfferForward";
      /** The origin that the outgoing HTLC carries. */
      readonly incoming: HtlcRef;
      readonly shortChannelId: ShortChannelId;
      readonly amount: Msat;
      readonly expiry: CltvExpiry;
      readonly paymentHash: PaymentHash;
      readonly onion: Uint8Array;
    }
  /** For the rolled-up history. */
  | { readonly tag: "Forwarded"; readonly circuit: Circuit; readonly outcome: "settled" | "failed" };
