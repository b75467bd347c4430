import { fromHex } from "../base/bytes.ts";
import { type Codec, listOf, optional, refine, struct } from "../codec/codec.ts";
import { amountMsat, bytes, nodeId, paymentHash, preimage, text, u8, u16, u32, u64 } from "../codec/primitives.ts";
import type { Account, SessionState, SignedOffers, StreamTerms, TickOffer } from "./session.ts";
import { type SessionId, sessionId } from "./session.ts";
import type { SlotSet } from "./slots.ts";

/** What the records of both ends of a session are made of. */
export const sessionIdCodec: Codec<SessionId> = refine("session_id", bytes(32), sessionId, fromHex);

const STATES: readonly SessionState[] = ["open", "paused", "closed"];
export const sessionState: Codec<SessionState> = refine(
  "session_state",
  u8,
  (number) => STATES[number],
  (state) => STATES.indexOf(state),
);
export const streamTerms: Codec<StreamTerms> = struct({
  stream: text,
  payee: nodeId,
  pricePerUnit: amountMsat,
  units: u32,
  unitSeconds: u32,
  freeUnits: u32,
  windowUnits: u16,
  paymentSecret: bytes(32),
  minFinalCltvExpiryDelta: u16,
});
export const account: Codec<Account> = struct({
  sequence: u64,
  units: u32,
  paid: amountMsat,
  firstPreimage: optional(preimage),
  lastPreimage: optional(preimage),
});
const slotRange: Codec<readonly [number, number]> = refine(
  "slot_range",
  struct({ first: u32, last: u32 }),
  ({ first, last }) => (first <= last ? ([first, last] as const) : undefined),
  ([first, last]) => ({ first, last }),
);
export const slotSet: Codec<SlotSet> = listOf(u32, slotRange);
export const tickOffer: Codec<TickOffer> = struct({
  sequence: u64,
  attempt: u32,
  slots: listOf(u16, struct({ slot: u32, wrappedKey: bytes(16) })),
  amount: amountMsat,
  paymentHash,
});
export const signedOffers: Codec<SignedOffers> = struct({ offers: listOf(u16, tickOffer), signature: bytes(64) });
