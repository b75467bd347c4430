import { listOf } from "../codec/codec.ts";
import { amountSat, bytesOf, channelId, feerate, i64, signature, txid, u16, u32, u64 } from "../codec/primitives.ts";
import { presence, tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** BOLT 2 §The tx_add_input Message. */
export const TxAddInput = message(
  "tx_add_input",
  66,
  { channel_id: channelId, serial_id: u64, prevtx: bytesOf(u16), prevtx_vout: u32, sequence: u32 },
  { shared_input_txid: tlv(0, txid) },
);
export type TxAddInput = MessageOf<typeof TxAddInput>;

/** BOLT 2 §The tx_add_output Message. */
export const TxAddOutput = message("tx_add_output", 67, {
  channel_id: channelId,
  serial_id: u64,
  sats: amountSat,
  script: bytesOf(u16),
});
export type TxAddOutput = MessageOf<typeof TxAddOutput>;

/** BOLT 2 §The tx_remove_input and tx_remove_output Messages. */
export const TxRemoveInput = message("tx_remove_input", 68, { channel_id: channelId, serial_id: u64 });
export type TxRemoveInput = MessageOf<typeof TxRemoveInput>;
/** BOLT 2 §The tx_remove_input and tx_remove_output Messages. */
export const TxRemoveOutput = message("tx_remove_output", 69, { channel_id: channelId, serial_id: u64 });
export type TxRemoveOutput = MessageOf<typeof TxRemoveOutput>;

/** BOLT 2 §The tx_complete Message. */
export const TxComplete = message("tx_complete", 70, { channel_id: channelId });
export type TxComplete = MessageOf<typeof TxComplete>;

/** Each witness is a whole serialized stack. BOLT 2 §The tx_signatures Message. */
export const TxSignatures = message(
  "tx_signatures",
  71,
  { channel_id: channelId, txid, witnesses: listOf(u16, bytesOf(u16)) },
  { shared_input_signature: tlv(0, signature) },
);
export type TxSignatures = MessageOf<typeof TxSignatures>;

const rbfTlvs = { funding_output_contribution: tlv(0, i64), require_confirmed_inputs: tlv(2, presence) };
/** BOLT 2 §The tx_init_rbf Message. */
export const TxInitRbf = message("tx_init_rbf", 72, { channel_id: channelId, locktime: u32, feerate }, rbfTlvs);
export type TxInitRbf = MessageOf<typeof TxInitRbf>;
/** BOLT 2 §The tx_ack_rbf Message. */
export const TxAckRbf = message("tx_ack_rbf", 73, { channel_id: channelId }, rbfTlvs);
export type TxAckRbf = MessageOf<typeof TxAckRbf>;

/** BOLT 2 §The tx_abort Message. */
export const TxAbort = message("tx_abort", 74, { channel_id: channelId, data: bytesOf(u16) });
export type TxAbort = MessageOf<typeof TxAbort>;
