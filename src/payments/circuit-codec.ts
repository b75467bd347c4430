import type { Codec } from "../codec/codec.ts";
import { struct, union } from "../codec/codec.ts";
import {
  amountMsat,
  bytes,
  bytesOf,
  channelId,
  expiry,
  paymentHash,
  preimage,
  shortChannelId,
  u8,
  u16,
  u64,
} from "../codec/primitives.ts";
import type { Circuit } from "./circuit.ts";
import { versioned } from "./record-codecs.ts";

/** A forward as it stands in the store, under its incoming HTLC. */
export const circuitRecord: Codec<Circuit> = versioned(
  1,
  struct({
    incoming: struct({ channelId, htlcId: u64, amount: amountMsat, expiry }),
    outgoing: struct({ shortChannelId, amount: amountMsat, expiry }),
    paymentHash,
    sharedSecret: bytes(32),
    status: union(u8, {
      Offered: [1, struct({})],
      Fulfilled: [2, struct({ preimage })],
      Failed: [3, struct({ reason: bytesOf(u16) })],
    }),
  }),
);
