import type { ChannelId, ShortChannelId } from "../base/ids.ts";
import { formatShortChannelId } from "../base/ids.ts";
import { addMsat, type Msat, type UnixMs, ZERO_MSAT } from "../base/units.ts";
import type { Codec } from "../codec/codec.ts";
import { struct } from "../codec/codec.ts";
import { amountMsat, u32 } from "../codec/primitives.ts";
import type { Circuit } from "./circuit.ts";
import { versioned } from "./record-codecs.ts";

/**
 * The history of forwards, rolled up by pair of channels and hour: one record of 25 bytes, however many forwards it
 * counts. Fees earned are what came in less what went out.
 */
export interface ForwardTally {
  readonly settled: number;
  readonly failed: number;
  /** Of the settled ones. */
  readonly amountIn: Msat;
  readonly amountOut: Msat;
}
export const EMPTY_TALLY: ForwardTally = { settled: 0, failed: 0, amountIn: ZERO_MSAT, amountOut: ZERO_MSAT };
const HOUR_MS = 3_600_000;
const HOUR_DIGITS = 10;

/** Behind the prefix of all tallies: hour, incoming channel, outgoing channel. */
export function tallyKey(now: UnixMs, incoming: ChannelId, outgoing: ShortChannelId): string {
  const hour = Math.floor(now / HOUR_MS)
    .toString()
    .padStart(HOUR_DIGITS, "0");
  return `${hour}/${incoming}/${formatShortChannelId(outgoing)}`;
}
export function addForward(
  tally: ForwardTally,
  { incoming, outgoing }: Circuit,
  outcome: "settled" | "failed",
): ForwardTally {
  if (outcome === "failed") return { ...tally, failed: tally.failed + 1 };
  return {
    ...tally,
    settled: tally.settled + 1,
    amountIn: addMsat(tally.amountIn, incoming.amount),
    amountOut: addMsat(tally.amountOut, outgoing.amount),
  };
}
export const tallyRecord: Codec<ForwardTally> = versioned(
  1,
  struct({ settled: u32, failed: u32, amountIn: amountMsat, amountOut: amountMsat }),
);
