import { struct } from "../codec/codec.ts";
import { amountSat, bytesOf, channelId, signature, u16, u32 } from "../codec/primitives.ts";
import { tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** BOLT 2 §Closing Initiation: shutdown. */
export const Shutdown = message("shutdown", 38, { channel_id: channelId, scriptpubkey: bytesOf(u16) });
export type Shutdown = MessageOf<typeof Shutdown>;

/** BOLT 2 §Legacy Closing Negotiation: closing_signed. */
export const ClosingSigned = message(
  "closing_signed",
  39,
  { channel_id: channelId, fee_satoshis: amountSat, signature },
  { fee_range: tlv(1, struct({ min_fee_satoshis: amountSat, max_fee_satoshis: amountSat })) },
);
export type ClosingSigned = MessageOf<typeof ClosingSigned>;

const closingFields = {
  channel_id: channelId,
  closer_scriptpubkey: bytesOf(u16),
  closee_scriptpubkey: bytesOf(u16),
  fee_satoshis: amountSat,
  locktime: u32,
};
const closingTlvs = {
  closer_output_only: tlv(1, signature),
  closee_output_only: tlv(2, signature),
  closer_and_closee_outputs: tlv(3, signature),
};
/** BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export const ClosingComplete = message("closing_complete", 40, closingFields, closingTlvs);
export type ClosingComplete = MessageOf<typeof ClosingComplete>;
/** BOLT 2 §Closing Negotiation: closing_complete and closing_sig. */
export const ClosingSig = message("closing_sig", 41, closingFields, closingTlvs);
export type ClosingSig = MessageOf<typeof ClosingSig>;
