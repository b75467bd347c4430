import { bytesOf, point, u16 } from "../codec/primitives.ts";
import { type MessageOf, message } from "./declare.ts";

/** BOLT 4 §The onion_message Message. */
export const OnionMessage = message("onion_message", 513, { path_key: point, onion_message_packet: bytesOf(u16) });
export type OnionMessage = MessageOf<typeof OnionMessage>;
