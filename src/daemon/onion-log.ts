import { toHex } from "../base/bytes.ts";
import type { HtlcRef } from "../payments/payment.ts";

/** Policy, not protocol: onions that are remembered. Those of forwards under way are remembered in any case, on disk. */
const ONIONS_MAX = 20_000;

/**
 * Which HTLC brought an onion first. A node on the way that offers an onion once more, with another HTLC, learns from what
 * we do with it where the payment goes, so only the first is forwarded. BOLT 4 §Onion Decryption.
 */
export interface OnionLog {
  /** Notes the onion, by its shared secret (32 bytes). True when another HTLC has brought it before. */
  isReplay(sharedSecret: Uint8Array, htlc: HtlcRef): boolean;
}

export function createOnionLog(max = ONIONS_MAX): OnionLog {
  const seen = new Map<string, string>();
  return {
    isReplay(sharedSecret, { channelId, htlcId }) {
      const onion = toHex(sharedSecret);
      const htlc = `${channelId}/${htlcId}`;
      const first = seen.get(onion);
      if (first !== undefined) return first !== htlc;
      seen.set(onion, htlc);
      for (const oldest of seen.keys()) {
        if (seen.size <= max) break;
        seen.delete(oldest);
      }
      return false;
    },
  };
}
