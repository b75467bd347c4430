import type { ChannelId, NodeId, PaymentHash, Preimage, ShortChannelId } from "../base/ids.ts";
import type { CltvExpiry, Msat, UnixMs } from "../base/units.ts";
import type { UnknownRecord } from "../codec/tlv.ts";

/** One hop of a hint to a payee that the public graph does not show: the channel that starts at `nodeId`. BOLT 11 §Tagged Fields. */
export interface RouteHintHop {
  readonly nodeId: NodeId;
  readonly shortChannelId: ShortChannelId;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
}

/** What is to be paid, and within which limits. A payment is known by its hash: there is one record for each hash ever paid. */
export interface PaymentRequest {
  readonly paymentHash: PaymentHash;
  readonly payee: NodeId;
  readonly amount: Msat;
  /** 32 bytes. */
  readonly paymentSecret: Uint8Array;
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
  /** A tick of a stream; its record is removed once the session's record has taken it in. */
  | { readonly tag: "Tick"; readonly sessionId: string; readonly sequence: bigint };

/** The HTLC that reaches `nodeId` over the channel: what it carries and when it ends. The first is the one that we offer. */
export interface RouteHop {
  readonly nodeId: NodeId;
  readonly shortChannelId: ShortChannelId;
  readonly amount: Msat;
  readonly expiry: CltvExpiry;
}
export interface Route {
  readonly hops: readonly RouteHop[];
}

/** One direction of a channel, seen from the node that would forward over it. */
export interface Edge {
  readonly from: NodeId;
  readonly shortChannelId: ShortChannelId;
}
/** What the search must leave out, because it has failed this payment. */
export interface Exclusions {
  readonly edges: readonly Edge[];
  readonly nodes: readonly NodeId[];
}

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
/** A route is being looked for. */
export interface Routing extends Begun {
  readonly tag: "Routing";
  readonly excluded: Exclusions;
  /** Why the last attempt failed. */
  readonly lastFailure: PaymentFailure | undefined;
  /** Attempts before this try of the hash. */
  readonly attemptsBefore: number;
}
export interface InFlight extends Begun {
  readonly tag: "InFlight";
  readonly excluded: Exclusions;
  readonly attempt: Attempt;
  readonly attemptsBefore: number;
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
  | "insufficient_balance"
  /** The payee itself said no: `incorrect_or_unknown_payment_details` or one of its kind. */
  | "rejected_by_payee"
  | "timeout"
  | "attempts_exhausted";

/** How a peer removed an HTLC without paying it, as the channel tells it. */
export type HtlcFailure =
  | { readonly tag: "Failed"; readonly reason: Uint8Array }
  | { readonly tag: "Malformed"; readonly code: number };

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

/** Who or what is held responsible for a failed attempt. */
export type Blame =
  | { readonly tag: "Edge"; readonly edge: Edge; readonly permanent: boolean }
  | { readonly tag: "Node"; readonly nodeId: NodeId; readonly permanent: boolean }
  | { readonly tag: "Payee" }
  /** Unreadable, or from nobody on the route: any hop may be lying. */
  | { readonly tag: "Unknown" };

/** One HTLC of one of our channels. */
export interface HtlcRef {
  readonly channelId: ChannelId;
  readonly htlcId: bigint;
}
