import type { HtlcFailure } from "../../channels/index.ts";
import type { Blame, Exclusions, Route, RouteHintHop } from "../../routing/index.ts";
import type { ChannelId, NodeId, PaymentHash, Preimage, ShortChannelId } from "../base/ids.ts";
import type { CltvExpiry, Msat, UnixMs } from "../base/units.ts";
import type { UnknownRecord } from "../codec/tlv.ts";

/** What is to be paid, and within which limits. A payment is known by its hash: there is one record for each hash ever paid. */
export interface PaymentRequest {
  readonly paymentHash: PaymentHash;
  readonly payee: NodeId;
  readonly amount: Msat;
  /** 32 bytes. Undefined where no invoice gave one: some payees refuse a keysend that brings any. */
  readonly paymentSecret: Uint8Array | undefined;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly minFinalCltvExpiryDelta: number;
  readonly routeHints: readonly (readonly RouteHintHop[])[];
  /** The most that all hops together may take. */
  readonly maxFee: Msat;
  /** No attempt begins from here on; one under way is still waited for, as it may yet be paid. */
  readonly deadline: UnixMs;
  /** Records for the payee alone, with types of applications. */
  readonly customRecords: readonly UnknownRecord[];
  readonly purpose: PaymentPurpose;
}
export type PaymentPurpose =
  | { readonly tag: "Invoice"; readonly bolt11: string; readonly idempotencyKey: string }
  /** Nobody asked for it: we chose the preimage, and the payee finds it in the onion. bLIP 3. */
  | { readonly tag: "Keysend"; readonly preimage: Preimage }
  /** A tick of a stream; its record is removed once the session's record has taken it in. */
  | { readonly tag: "Tick"; readonly sessionId: string; readonly sequence: bigint };

/** One HTLC on its way. Durable before the `commitment_signed` that first covers it: without it no failure can be read. */
export interface Attempt {
  /** From 1, and never used twice for a hash. */
  readonly number: number;
  /** 32 bytes, of the onion. BOLT 4 §Packet Construction. */
  readonly sessionKey: Uint8Array;
  readonly route: Route;
}

interface Begun {
  readonly request: PaymentRequest;
  readonly createdAt: UnixMs;
  /** Attempts begun since the first payment of this hash. */
  readonly attempts: number;
}
interface Underway extends Begun {
  /** Attempts begun in earlier tries of this hash. */
  readonly attemptsBefore: number;
  /** What has failed in this try. */
  readonly excluded: Exclusions;
  /** Why the last attempt failed. */
  readonly lastFailure: PaymentFailure | undefined;
}
/** A route is being looked for; no HTLC is out. */
export interface Routing extends Underway {
  readonly tag: "Routing";
}
/** One HTLC is out, and until it is settled or irrevocably removed the payment may yet succeed. */
export interface InFlight extends Underway {
  readonly tag: "InFlight";
  readonly attempt: Attempt;
}
export interface Succeeded extends Begun {
  readonly tag: "Succeeded";
  readonly preimage: Preimage;
  readonly fee: Msat;
  readonly hops: number;
  readonly endedAt: UnixMs;
}
export interface Failed extends Begun {
  readonly tag: "Failed";
  readonly failure: PaymentFailure;
  readonly endedAt: UnixMs;
}
export type Payment = Routing | InFlight | Succeeded | Failed;
export type EndedPayment = Succeeded | Failed;

export interface PaymentFailure {
  readonly code: PaymentFailureCode;
  /** A sentence for a person. */
  readonly detail: string;
}
export type PaymentFailureCode =
  | "no_route"
  | "fee_too_high"
  /** The payee itself said no: `incorrect_or_unknown_payment_details` or one of its kind. */
  | "rejected_by_payee"
  | "timeout"
  | "attempts_exhausted"
  /** No block has come for so long that time on the chain may not be what we take it for. */
  | "stale_tip"
  /** So many wait for room in our channels that no more may. */
  | "too_many_waiting";

export type PaymentInput =
  /** `sessionKey`: 32 fresh random bytes. */
  | { readonly tag: "RouteFound"; readonly route: Route; readonly sessionKey: Uint8Array; readonly now: UnixMs }
  | { readonly tag: "NoRoute"; readonly failure: PaymentFailure; readonly now: UnixMs }
  /** The channel did not take the HTLC; nothing has left this node. */
  | { readonly tag: "HtlcRefused"; readonly attempt: number; readonly detail: string; readonly now: UnixMs }
  | { readonly tag: "HtlcSettled"; readonly attempt: number; readonly preimage: Preimage; readonly now: UnixMs }
  /** Its removal is irrevocable on both sides. */
  | { readonly tag: "HtlcFailed"; readonly attempt: number; readonly failure: HtlcFailure; readonly now: UnixMs }
  /** After a start of the node. `held`: some channel's durable state holds the HTLC of the attempt. */
  | { readonly tag: "Restarted"; readonly held: boolean; readonly now: UnixMs };

export type PaymentEffect =
  /** Answer with `RouteFound` or `NoRoute`. The first hop may be any channel of ours that is not excluded. */
  | { readonly tag: "FindRoute"; readonly request: PaymentRequest; readonly excluded: Exclusions }
  /** Offer it in the same turn in which the payment's record is put, with origin {payment, paymentHash, attempt}. */
  | {
      readonly tag: "OfferHtlc";
      readonly paymentHash: PaymentHash;
      readonly attempt: number;
      /** The first hop, over one of our own channels. */
      readonly shortChannelId: ShortChannelId;
      readonly amount: Msat;
      readonly expiry: CltvExpiry;
      readonly onion: Uint8Array;
    }
  /** For the memory of the path search: what an attempt taught. */
  | { readonly tag: "Learned"; readonly blame: Blame }
  /** The one end of this try. */
  | { readonly tag: "Finished"; readonly payment: EndedPayment };

/** One HTLC of one of our channels. */
export interface HtlcRef {
  readonly channelId: ChannelId;
  readonly htlcId: bigint;
}
