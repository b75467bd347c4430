import type { NodeId } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { type Msat, msat, type UnixMs, ZERO_MSAT } from "../base/units.ts";
import type { Codec } from "../codec/codec.ts";
import { struct } from "../codec/codec.ts";
import { amountMsat, text, u16, u32 } from "../codec/primitives.ts";
import { time, versioned } from "../payments/record-codecs.ts";
import type { StreamTerms } from "./session.ts";

/** A stream on sale at a site. */
export interface StreamListing {
  readonly id: string;
  readonly title: string;
  /** Where the ready HLS files are: a folder of the site's machine. */
  readonly source: string;
  readonly units: number;
  readonly unitSeconds: number;
  readonly pricePerUnit: Msat;
  readonly freeUnits: number;
  readonly windowUnits: number;
  readonly createdAt: UnixMs;
  /** By all its sessions, closed ones too. */
  readonly sessions: number;
  readonly earned: Msat;
}
export interface ListingRequest {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly units: number;
  readonly unitSeconds: number;
  readonly priceMsatPerSecond: Msat;
  readonly freeSeconds: number;
}
/** Policy, not protocol: the units that a viewer may buy with one tick. */
export const WINDOW_UNITS_DEFAULT = 4;

/** Prices are whole millisatoshis a second, so that every unit's price is exact. A unit that is free in part is free. */
export function newListing({ priceMsatPerSecond, freeSeconds, ...given }: ListingRequest, now: UnixMs): StreamListing {
  assert(given.units > 0 && given.unitSeconds > 0, "a stream has units, and each takes time");
  return {
    ...given,
    pricePerUnit: msat(priceMsatPerSecond * BigInt(given.unitSeconds)),
    freeUnits: Math.min(given.units, Math.ceil(freeSeconds / given.unitSeconds)),
    windowUnits: WINDOW_UNITS_DEFAULT,
    createdAt: now,
    sessions: 0,
    earned: ZERO_MSAT,
  };
}
/** The terms of a new session. `paymentSecret`: the session's own. */
export function termsOf(
  listing: StreamListing,
  payee: NodeId,
  paymentSecret: Uint8Array,
  minFinalCltvExpiryDelta: number,
): StreamTerms {
  const { id, pricePerUnit, units, unitSeconds, windowUnits } = listing;
  const freeUnits = pricePerUnit === 0n ? units : listing.freeUnits;
  return {
    stream: id,
    payee,
    pricePerUnit,
    units,
    unitSeconds,
    freeUnits,
    windowUnits,
    paymentSecret,
    minFinalCltvExpiryDelta,
  };
}

export const listingRecord: Codec<StreamListing> = versioned(
  1,
  struct({
    id: text,
    title: text,
    source: text,
    units: u32,
    unitSeconds: u32,
    pricePerUnit: amountMsat,
    freeUnits: u32,
    windowUnits: u16,
    createdAt: time,
    sessions: u32,
    earned: amountMsat,
  }),
);
