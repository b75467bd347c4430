import { parseHex, toHex } from "../base/bytes.ts";
import type { NodeId, PaymentHash, Preimage } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { type Brand, type Msat, ZERO_MSAT } from "../base/units.ts";

/** 32 bytes in hex, chosen at random by the payer. Whoever knows it may ask for the keys that it has paid for. */
export type SessionId = Brand<string, "SessionId">;
const SESSION_ID_BYTES = 32;
export function sessionId(bytes: Uint8Array): SessionId {
  assert(bytes.length === SESSION_ID_BYTES, "a session id has 32 bytes");
  return toHex(bytes) as SessionId;
}
export function parseSessionId(text: string): SessionId | undefined {
  const bytes = parseHex(text);
  return bytes?.length === SESSION_ID_BYTES ? sessionId(bytes) : undefined;
}

/** What a site asks for a stream; fixed for the life of a session. */
export interface StreamTerms {
  /** Of the site's catalogue. */
  readonly stream: string;
  readonly payee: NodeId;
  readonly pricePerUnit: Msat;
  /** Units (slots of time) in the stream. */
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
  /** 16 bytes. */
  readonly wrappedKey: Uint8Array;
}
/** A payment that the payee will take: one hash, under which the keys of one or several units are wrapped. */
export interface TickOffer {
  readonly sequence: bigint;
  /** Tells apart the hashes offered for one sequence. */
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
  /** Of the next tick: so many ticks are paid. */
  readonly sequence: bigint;
  /** Units paid for. */
  readonly units: number;
  readonly paid: Msat;
  readonly firstPreimage: Preimage | undefined;
  readonly lastPreimage: Preimage | undefined;
}
export const NEW_ACCOUNT: Account = {
  sequence: 0n,
  units: 0,
  paid: ZERO_MSAT,
  firstPreimage: undefined,
  lastPreimage: undefined,
};
export type SessionState = "open" | "paused" | "closed";
