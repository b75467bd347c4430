import type { FinalPayload } from "../../routing/index.ts";
import type { PaymentHash, Preimage } from "../base/ids.ts";
import type { CltvExpiry, Msat, UnixMs } from "../base/units.ts";
import type { HtlcRef } from "./payment.ts";

/** An invoice of ours, from its making on. Its preimage settles final HTLCs that carry its secret, and is never used for a forward. */
export interface InvoiceRecord {
  readonly paymentHash: PaymentHash;
  readonly preimage: Preimage;
  /** 32 bytes. */
  readonly paymentSecret: Uint8Array;
  /** Undefined: the payer chooses. */
  readonly amount: Msat | undefined;
  readonly description: string;
  readonly bolt11: string;
  readonly externalId: string | undefined;
  readonly minFinalCltvExpiryDelta: number;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  readonly status: InvoiceStatus;
}
export type InvoiceStatus =
  | { readonly tag: "Open" }
  | {
      readonly tag: "Settled";
      readonly received: Msat;
      readonly settledAt: UnixMs;
      /** The one HTLC that paid it: seen again after a crash, it is fulfilled again. */
      readonly htlc: HtlcRef;
    }
  | { readonly tag: "Expired"; readonly at: UnixMs }
  | { readonly tag: "Canceled"; readonly at: UnixMs };

/** An HTLC, irrevocably committed on both sides, whose onion ends here. */
export interface FinalHtlc extends HtlcRef {
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
  readonly expiry: CltvExpiry;
  /** Shared with the sender, for encrypting a failure. 32 bytes. */
  readonly sharedSecret: Uint8Array;
  readonly payload: FinalPayload;
}
/** What a decision about an incoming HTLC asks of its channel. */
export type SettleEffect =
  /** Only in the group that also holds what the preimage was given for. */
  | ({ readonly tag: "FulfillHtlc"; readonly preimage: Preimage } & HtlcRef)
  /** `reason`: the encrypted failure, as `update_fail_htlc` carries it. */
  | ({ readonly tag: "FailHtlc"; readonly reason: Uint8Array } & HtlcRef);
