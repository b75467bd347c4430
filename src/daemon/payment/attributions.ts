import type { Attributed } from "../../../channels/index.ts";
import { attribute, attributeFailure, FULFILLED } from "../../../routing/index.ts";
import type { UnixMs } from "../../base/units.ts";
import type { HtlcRef } from "../../payments/payment.ts";
import type { AttributionData } from "../../wire/updates.ts";

/** The unit of a hold time. BOLT 4 §Initialization of `attribution_data`. */
const HOLD_UNIT_MS = 100;

interface Held {
  readonly sharedSecret: Uint8Array;
  readonly since: UnixMs;
  downstream?: AttributionData;
}

/**
 * How long each HTLC that came in has been here, and what came from downstream about the others on its route: what its
 * answer tells the sender. In memory only, and only for HTLCs of peers that take part: after a restart an answer says that
 * it was held for as long as this process knows of it.
 */
export class Attributions {
  readonly #held = new Map<string, Held>();

  arrived(ref: HtlcRef, sharedSecret: Uint8Array, now: UnixMs): void {
    const key = keyOf(ref);
    if (!this.#held.has(key)) this.#held.set(key, { sharedSecret, since: now });
  }
  heard(ref: HtlcRef, downstream: AttributionData | undefined): void {
    const held = this.#held.get(keyOf(ref));
    if (held !== undefined && downstream !== undefined) held.downstream = downstream;
  }
  /** What goes upstream beside the preimage. The HTLC is then forgotten. */
  ofFulfillment(ref: HtlcRef, now: UnixMs): Attributed {
    return this.#answer(ref, now, (held, time) => attribute(held.sharedSecret, FULFILLED, time, held.downstream));
  }
  /** What goes upstream beside the reason. The HTLC is then forgotten. */
  ofFailure(ref: HtlcRef, reason: Uint8Array, now: UnixMs): Attributed {
    return this.#answer(ref, now, (held, time) => attributeFailure(held.sharedSecret, reason, time, held.downstream));
  }
  #answer(ref: HtlcRef, now: UnixMs, make: (held: Held, time: number) => AttributionData): Attributed {
    const held = this.#held.get(keyOf(ref));
    if (held === undefined) return {};
    this.#held.delete(keyOf(ref));
    // The clock may have been put back.
    const time = Math.max(0, Math.floor((now - held.since) / HOLD_UNIT_MS));
    return { attribution: make(held, time) };
  }
}
const keyOf = ({ channelId, htlcId }: HtlcRef): string => `${channelId}/${htlcId}`;
