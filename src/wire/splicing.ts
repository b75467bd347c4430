import { channelId, feerate, i64, point, txid, u8, u32 } from "../codec/primitives.ts";
import { presence, tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** "Something fundamental is under way": asks for, or grants, quiet. BOLT 2 §Channel Quiescence. */
export const Stfu = message("stfu", 2, { channel_id: channelId, initiator: u8 });
export type Stfu = MessageOf<typeof Stfu>;

/** BOLT 2 §The splice_init Message. */
export const SpliceInit = message(
  "splice_init",
  80,
  {
    channel_id: channelId,
    funding_contribution_satoshis: i64,
    funding_feerate_perkw: feerate,
    locktime: u32,
    funding_pubkey: point,
  },
  { require_confirmed_inputs: tlv(2, presence) },
);
export type SpliceInit = MessageOf<typeof SpliceInit>;

/** BOLT 2 §The splice_ack Message. */
export const SpliceAck = message(
  "splice_ack",
  81,
  { channel_id: channelId, funding_contribution_satoshis: i64, funding_pubkey: point },
  { require_confirmed_inputs: tlv(2, presence) },
);
export type SpliceAck = MessageOf<typeof SpliceAck>;

/** BOLT 2 §The splice_locked Message. */
export const SpliceLocked = message("splice_locked", 77, { channel_id: channelId, splice_txid: txid });
export type SpliceLocked = MessageOf<typeof SpliceLocked>;
