import { concat, equalBytes } from "../../src/base/bytes.ts";
import { assert } from "../../src/base/result.ts";
import { cutBytes } from "../../src/base/slab.ts";
import { hmacSha256 } from "../../src/crypto/hash.ts";
import { keyStream } from "../../src/crypto/stream.ts";
import type { AttributionData } from "../../src/wire/updates.ts";
import { deriveKey, xorInto } from "./keys.ts";

/**
 * Who has held an HTLC for how long, and between whom its answer was changed: every node on the way back puts in its hold
 * time and one code for each place in the route that it may stand at, and hides all of it once more.
 * BOLT 4 §Initialization of `attribution_data`.
 */
const HOPS_MAX = 20;
const ITEM_BYTES = 4;
const HOLD_TIMES_BYTES = HOPS_MAX * ITEM_BYTES;
const HMACS_BYTES = ((HOPS_MAX * (HOPS_MAX + 1)) / 2) * ITEM_BYTES;
const HOLD_TIME_MAX = 0xffff_ffff;
/** An answer without a packet: the preimage is its own proof. */
export const FULFILLED: Uint8Array = new Uint8Array(0);

/** Where the codes of the node `x` steps downstream begin. */
const blockOf = (x: number): number => (x * HOPS_MAX - (x * (x - 1)) / 2) * ITEM_BYTES;
/** Where its code stands for the case that the answer was made `y` steps behind it. */
const placeOf = (x: number, y: number): number => blockOf(x) + (HOPS_MAX - 1 - x - y) * ITEM_BYTES;

/** All codes of the newest node: the case of the longest route first, as they are laid out. */
function hmacsOf(sharedSecret: Uint8Array, packet: Uint8Array, data: AttributionData): Uint8Array {
  const key = deriveKey("um", sharedSecret);
  const hmacs = new Uint8Array(HOPS_MAX * ITEM_BYTES);
  for (let y = 0; y < HOPS_MAX; y++) hmacs.set(hmacOf(key, packet, data, y), placeOf(0, y));
  return hmacs;
}
function hmacOf(key: Uint8Array, packet: Uint8Array, data: AttributionData, y: number): Uint8Array {
  const { truncated_hmacs: codes, htlc_hold_times } = data;
  const timesBytes = (y + 1) * ITEM_BYTES;
  const covered = cutBytes(packet.length + timesBytes + y * ITEM_BYTES);
  covered.set(packet);
  covered.set(htlc_hold_times.subarray(0, timesBytes), packet.length);
  let at = packet.length + timesBytes;
  for (let hop = 1; hop <= y; hop++) {
    const place = placeOf(hop, y - hop);
    for (let byte = place; byte < place + ITEM_BYTES; byte++) covered[at++] = codes[byte] as number;
  }
  return hmacSha256(key, covered).subarray(0, ITEM_BYTES);
}

/** One step further from the node that answered: what stood for a route that is now too long falls out. */
function shifted({ htlc_hold_times, truncated_hmacs }: AttributionData): AttributionData {
  const holdTimes = new Uint8Array(HOLD_TIMES_BYTES);
  holdTimes.set(htlc_hold_times.subarray(0, HOLD_TIMES_BYTES - ITEM_BYTES), ITEM_BYTES);
  const hmacs = new Uint8Array(HMACS_BYTES);
  for (let x = 0; x + 1 < HOPS_MAX; x++)
    hmacs.set(truncated_hmacs.subarray(blockOf(x) + ITEM_BYTES, blockOf(x + 1)), blockOf(x + 1));
  return { htlc_hold_times: holdTimes, truncated_hmacs: hmacs };
}
/** The step back, for the sender, who has read the newest node's part. */
function unshifted({ htlc_hold_times, truncated_hmacs }: AttributionData): AttributionData {
  const holdTimes = new Uint8Array(HOLD_TIMES_BYTES);
  holdTimes.set(htlc_hold_times.subarray(ITEM_BYTES));
  const hmacs = new Uint8Array(HMACS_BYTES);
  for (let x = 0; x + 1 < HOPS_MAX; x++)
    hmacs.set(truncated_hmacs.subarray(blockOf(x + 1), blockOf(x + 2)), blockOf(x) + ITEM_BYTES);
  return { htlc_hold_times: holdTimes, truncated_hmacs: hmacs };
}

/** Puts this node's layer on or takes it off. */
function hidden(sharedSecret: Uint8Array, data: AttributionData): AttributionData {
  const whole = concat(data.htlc_hold_times, data.truncated_hmacs);
  xorInto(whole, keyStream(deriveKey("ammagext", sharedSecret), whole.length));
  return {
    htlc_hold_times: whole.slice(0, HOLD_TIMES_BYTES),
    truncated_hmacs: whole.slice(HOLD_TIMES_BYTES),
  };
}

/**
 * This node's `attribution_data` for an answer on its way back.
 *
 * @param sharedSecret with the sender, from the HTLC's onion. 32 bytes
 * @param packet       of a failure: before this node's own layer is put on. `FULFILLED` for a preimage
 * @param held         how long the HTLC was here, in units of 100 ms; 0 where that is not known
 * @param downstream   what the next node sent with its answer; undefined where it sent nothing, or we answer ourselves
 *
 * Source: BOLT 4 §Update of `attribution_data`.
 */
export function attribute(
  sharedSecret: Uint8Array,
  packet: Uint8Array,
  held: number,
  downstream?: AttributionData,
): AttributionData {
  assert(Number.isSafeInteger(held) && held >= 0, "a hold time is a whole number");
  const { htlc_hold_times, truncated_hmacs } = shifted(downstream ?? NOTHING);
  new DataView(htlc_hold_times.buffer).setUint32(0, Math.min(held, HOLD_TIME_MAX));
  const data = { htlc_hold_times, truncated_hmacs };
  truncated_hmacs.set(hmacsOf(sharedSecret, packet, data));
  return hidden(sharedSecret, data);
}
const NOTHING: AttributionData = {
  htlc_hold_times: new Uint8Array(HOLD_TIMES_BYTES),
  truncated_hmacs: new Uint8Array(HMACS_BYTES),
};

/**
 * How far back along the route the answer can be followed: for each hop from the first the hold time that it reports, in
 * units of 100 ms, up to the first whose code does not fit. That hop, or the one before it, has changed something, or
 * does not take part.
 *
 * @param sharedSecrets of the route's hops in order
 * @param packets       of a failure: what each hop made its codes over. Empty ones for a preimage
 *
 * Source: BOLT 4 §Origin node.
 */
export function readAttribution(
  sharedSecrets: readonly Uint8Array[],
  packets: readonly Uint8Array[],
  received: AttributionData,
): readonly number[] {
  const holdTimes: number[] = [];
  let data = received;
  for (const [hop, secret] of sharedSecrets.entries()) {
    const y = sharedSecrets.length - 1 - hop;
    data = hidden(secret, data);
    if (y >= HOPS_MAX) break;
    const place = placeOf(0, y);
    const expected = hmacOf(deriveKey("um", secret), packets[hop] ?? FULFILLED, data, y);
    if (!equalBytes(expected, data.truncated_hmacs.subarray(place, place + ITEM_BYTES))) break;
    holdTimes.push(new DataView(data.htlc_hold_times.buffer).getUint32(0));
    data = unshifted(data);
  }
  return holdTimes;
}
