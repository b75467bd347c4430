import type { NodeId, PaymentHash, Preimage } from "../base/ids.ts";
import type { Brand, Msat, UnixMs } from "../base/units.ts";

/** 32 bytes in hex, chosen at random by the payer. Whoever knows it may ask for the keys that it has paid for. */
export type SessionId = Brand<string, "SessionId">;

/** What a site asks for a stream; fixed for the life of a session. */
export interface StreamTerms {
  /** Of the site's catalogue. */
  readonly stream: string;
  readonly payee: NodeId;
  readonly pricePerUnit: Msat;
  /** Units (slots of time) in the stream; a live one has no end. */
  readonly units: number;
  readonly unitSeconds: number;
  /** The first units, whose keys are free. */
  readonly freeUnits: number;
  /** The most units that one tick may pay for. */
  readonly windowUnits: number;
  /** Every tick carries it in its final payload. 32 bytes. */
  readonly paymentSecret: Uint8Array;
  readonly minFinalCltvExpiryDelta: number;
}

/** A unit that a tick pays for: its index and its key, closed under the tick's preimage. */
export interface OfferedSlot {
  readonly slot: number;
  /** key XOR SHA-256(preimage | "wrap")[0..16]. 16 bytes. */
  readonly wrappedKey: Uint8Array;
}
/** A payment that the payee will take: one hash, under which the keys of one or several units are wrapped. */
export interface TickOffer {
  readonly sequence: bigint;
  /** Counts the hashes offered for one sequence. */
  readonly attempt: number;
  readonly slots: readonly OfferedSlot[];
  readonly amount: Msat;
  readonly paymentHash: PaymentHash;
}
/** Offers, signed by the payee's node key over their digest: the payer's evidence if a key turns out to be wrong. */
export interface SignedOffers {
  readonly offers: readonly TickOffer[];
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Paid and metered, from the first tick on. Both ends hold the same at the end. */
export interface Account {
  /** Of the next tick: the ticks paid so far. */
  readonly sequence: bigint;
  /** Units paid for. */
  readonly units: number;
  readonly paid: Msat;
  readonly firstPreimage: Preimage | undefined;
  readonly lastPreimage: Preimage | undefined;
}
export type SessionState = "open" | "paused" | "closed";
/** First and last slot of a run, both in it. */
export type SlotRange = readonly [first: number, last: number];

export interface SessionTimes {
  readonly openedAt: UnixMs;
  readonly closedAt: UnixMs | undefined;
}
