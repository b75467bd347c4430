import { listToEnd } from "../codec/codec.ts";
import { blockHashCodec, bytesOf, channelId, rest, u16 } from "../codec/primitives.ts";
import { tlv } from "../codec/tlv.ts";
import { type MessageOf, message } from "./declare.ts";

/** Never fails a channel. BOLT 1 §The error and warning Messages. */
export const Warning = message("warning", 1, { channel_id: channelId, data: bytesOf(u16) });
export type Warning = MessageOf<typeof Warning>;

/** An all-zero channel id means every channel with the sender. BOLT 1 §The error and warning Messages. */
export const ErrorMessage = message("error", 17, { channel_id: channelId, data: bytesOf(u16) });
export type ErrorMessage = MessageOf<typeof ErrorMessage>;

/** The first message in each direction. Both feature fields are one set. BOLT 1 §The init Message. */
export const Init = message(
  "init",
  16,
  { globalfeatures: bytesOf(u16), features: bytesOf(u16) },
  { networks: tlv(1, listToEnd(blockHashCodec)), remote_addr: tlv(3, rest) },
);
export type Init = MessageOf<typeof Init>;

/** BOLT 1 §The ping and pong Messages. */
export const Ping = message("ping", 18, { num_pong_bytes: u16, ignored: bytesOf(u16) });
export type Ping = MessageOf<typeof Ping>;
/** BOLT 1 §The ping and pong Messages. */
export const Pong = message("pong", 19, { ignored: bytesOf(u16) });
export type Pong = MessageOf<typeof Pong>;
/** From this many asked-for bytes on a ping gets no answer. BOLT 1 §The ping and pong Messages. */
export const PONG_BYTES_LIMIT = 65_532;

/** BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
export const PeerStorage = message("peer_storage", 7, { blob: bytesOf(u16) });
export type PeerStorage = MessageOf<typeof PeerStorage>;
/** BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
export const PeerStorageRetrieval = message("peer_storage_retrieval", 9, { blob: bytesOf(u16) });
export type PeerStorageRetrieval = MessageOf<typeof PeerStorageRetrieval>;
