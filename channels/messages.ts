import type { ChannelMessage } from "./input.ts";

/** Every message that a channel understands: one more does not compile before it stands here. */
const UNDERSTOOD: { readonly [N in ChannelMessage["name"]]: true } = {
  open_channel: true,
  accept_channel: true,
  funding_created: true,
  funding_signed: true,
  open_channel2: true,
  accept_channel2: true,
  tx_add_input: true,
  tx_add_output: true,
  tx_remove_input: true,
  tx_remove_output: true,
  tx_complete: true,
  tx_signatures: true,
  tx_init_rbf: true,
  tx_ack_rbf: true,
  tx_abort: true,
  splice_init: true,
  splice_ack: true,
  splice_locked: true,
  channel_ready: true,
  announcement_signatures: true,
  update_add_htlc: true,
  update_fulfill_htlc: true,
  update_fail_htlc: true,
  update_fail_malformed_htlc: true,
  update_fee: true,
  commitment_signed: true,
  revoke_and_ack: true,
  start_batch: true,
  channel_reestablish: true,
  shutdown: true,
  closing_signed: true,
  closing_complete: true,
  closing_sig: true,
  stfu: true,
  error: true,
  warning: true,
};
export const CHANNEL_MESSAGES = Object.keys(UNDERSTOOD) as readonly ChannelMessage["name"][];
/** Whether a message is about one channel, or about all of a peer. */
export const isChannelMessage = (message: { readonly name: string }): message is ChannelMessage =>
  Object.hasOwn(UNDERSTOOD, message.name);
