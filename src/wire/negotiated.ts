import { FEATURES, hasFeature } from "./features.ts";
import { declarationOf, type MessageName } from "./registry.ts";

const OPENING_TOGETHER = ["option_dual_fund", "option_splice"] as const;

/** Messages that have a meaning only between two nodes that both offer one of these features. */
const NEEDS: Readonly<Partial<Record<MessageName, readonly string[]>>> = {
  stfu: ["option_quiesce"],
  peer_storage: ["option_provide_storage"],
  peer_storage_retrieval: ["option_provide_storage"],
  closing_complete: ["option_simple_close"],
  closing_sig: ["option_simple_close"],
  open_channel2: ["option_dual_fund"],
  accept_channel2: ["option_dual_fund"],
  tx_add_input: OPENING_TOGETHER,
  tx_add_output: OPENING_TOGETHER,
  tx_remove_input: OPENING_TOGETHER,
  tx_remove_output: OPENING_TOGETHER,
  tx_complete: OPENING_TOGETHER,
  tx_signatures: OPENING_TOGETHER,
  tx_init_rbf: OPENING_TOGETHER,
  tx_ack_rbf: OPENING_TOGETHER,
  tx_abort: OPENING_TOGETHER,
  splice_init: ["option_splice"],
  splice_ack: ["option_splice"],
  splice_locked: ["option_splice"],
  start_batch: ["option_splice"],
  onion_message: ["option_onion_messages"],
};

/**
 * What a message is between nodes that offer these. One of a feature that they do not share is as an unknown one: passed
 * over when its type is odd, the end of the connection when it is even. BOLT 1 §Lightning Message Format.
 */
export function standing(name: MessageName, ours: Uint8Array, theirs: Uint8Array): "known" | "ignored" | "refused" {
  const needed = NEEDS[name];
  if (needed === undefined) return "known";
  const shared = FEATURES.some(
    ({ name: feature, bit }) => needed.includes(feature) && hasFeature(ours, bit) && hasFeature(theirs, bit),
  );
  if (shared) return "known";
  return declarationOf(name).type % 2 === 1 ? "ignored" : "refused";
}
