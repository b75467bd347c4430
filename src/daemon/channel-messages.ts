import type { ChannelMessage } from "../../channels/index.ts";
import type { WireMessage } from "../wire/registry.ts";

const CHANNEL_MESSAGES: ReadonlySet<WireMessage["name"]> = new Set<ChannelMessage["name"]>([
  "open_channel",
  "accept_channel",
  "funding_created",
  "funding_signed",
  "open_channel2",
  "accept_channel2",
  "tx_add_input",
  "tx_add_output",
  "tx_remove_input",
  "tx_remove_output",
  "tx_complete",
  "tx_signatures",
  "tx_init_rbf",
  "tx_ack_rbf",
  "tx_abort",
  "channel_ready",
  "announcement_signatures",
  "update_add_htlc",
  "update_fulfill_htlc",
  "update_fail_htlc",
  "update_fail_malformed_htlc",
  "update_fee",
  "commitment_signed",
  "revoke_and_ack",
  "start_batch",
  "channel_reestablish",
  "shutdown",
  "closing_signed",
  "stfu",
  "error",
  "warning",
]);
/** Whether a message is about one channel, or about all of a peer. */
export const isChannelMessage = (message: WireMessage): message is ChannelMessage => CHANNEL_MESSAGES.has(message.name);
