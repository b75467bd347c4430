/**
 * What a peer can do wrong, and what we do about it. Nothing a peer sends makes a step throw: it is a value of this
 * union, and the table says what follows.
 */
export type PeerFault =
  /** Out of turn: not in this state, or before `channel_reestablish`. */
  | { readonly code: "unexpected_message"; readonly message: string; readonly state: string }
  | { readonly code: "bad_opening"; readonly rule: OpeningRule }
  | { readonly code: "bad_funding_outpoint" }
  | { readonly code: "funding_output_wrong" }
  | { readonly code: "funding_never_confirmed" }
  | { readonly code: "bad_tx_signatures"; readonly reason: string }
  | { readonly code: "other_funding_expected" }
  | { readonly code: "bad_point" }
  | { readonly code: "bad_commitment_signature" }
  | { readonly code: "bad_htlc_signature"; readonly index: number }
  | { readonly code: "wrong_htlc_signature_count"; readonly expected: number; readonly received: number }
  | { readonly code: "commitment_without_updates" }
  | { readonly code: "splice_exceeds_balance" }
  | { readonly code: "unknown_splice" }
  /** An update although a splice is not signed by both. */
  | { readonly code: "splice_not_signed" }
  | { readonly code: "batch_too_large"; readonly maximum: number }
  | { readonly code: "batch_interrupted" }
  | { readonly code: "batch_without_funding_txid" }
  | { readonly code: "commitment_without_batch" }
  | { readonly code: "commitment_missing"; readonly funding: string }
  | { readonly code: "wrong_htlc_id"; readonly expected: bigint; readonly received: bigint }
  | { readonly code: "unknown_htlc"; readonly id: bigint }
  | { readonly code: "htlc_not_removable"; readonly id: bigint }
  | { readonly code: "wrong_preimage"; readonly id: bigint }
  | { readonly code: "not_badonion"; readonly failureCode: number }
  | { readonly code: "htlc_below_minimum" }
  | { readonly code: "htlc_amount_zero" }
  | { readonly code: "htlc_expiry_not_a_height" }
  | { readonly code: "too_many_htlcs"; readonly maximum: number }
  | { readonly code: "in_flight_limit"; readonly maximum: bigint }
  | { readonly code: "htlc_not_affordable" }
  | { readonly code: "update_after_shutdown" }
  | { readonly code: "update_after_stfu" }
  | { readonly code: "stfu_with_pending_updates" }
  | { readonly code: "update_fee_not_opener" }
  | { readonly code: "feerate_out_of_range"; readonly feerate: number }
  | { readonly code: "feerate_not_affordable"; readonly feerate: number }
  | { readonly code: "feerate_exposes_dust"; readonly feerate: number }
  | { readonly code: "unexpected_revocation" }
  | { readonly code: "wrong_revocation_secret" }
  | { readonly code: "commitment_numbers_used_up" }
  /** Until an HTLC that we offered behind it has run out of time. */
  | { readonly code: "commitment_not_acknowledged" }
  /** It says so by an `error`, and does not mean to end the channel. */
  | { readonly code: "trouble_of_its_own" }
  | { readonly code: "bad_announcement_signature" }
  | { readonly code: "bad_shutdown_script" }
  | { readonly code: "shutdown_script_changed" }
  | { readonly code: "bad_closing_signature" }
  | { readonly code: "bad_closing_fee" }
  /** Beyond what both sides had said they accept. */
  | { readonly code: "closing_fee_out_of_range" }
  /** It pays us where we did not ask to be paid, or no more: both sides may have changed their scripts at once. */
  | { readonly code: "closing_to_another_script" }
  | { readonly code: "bad_closer_script" }
  /** Signatures under forms of a closing transaction that do not answer, or cannot be answered. */
  | { readonly code: "wrong_closing_forms" }
  | { readonly code: "closing_sig_of_another" }
  | { readonly code: "too_many_closings" }
  /** No `closing_sig` for what we have proposed. */
  | { readonly code: "closing_unanswered" }
  /** Nor an end of it in all the time that a peer has to close. */
  | { readonly code: "closing_never_agreed" }
  /** A closing transaction that nobody would relay. */
  | { readonly code: "closing_output_is_dust" }
  | { readonly code: "reestablish_lost_state" }
  | { readonly code: "reestablish_wrong_secret" }
  | { readonly code: "reestablish_unproven_future" };

/** The rules for `open_channel` and `accept_channel`, by what they look at. BOLT 2 §The open_channel Message. */
export type OpeningRule =
  | "chain_hash"
  | "temporary_channel_id"
  | "channel_type"
  | "capacity"
  | "push_msat"
  | "feerate"
  | "funding_feerate"
  | "locktime"
  | "dust_limit"
  | "reserve_below_dust"
  | "reserve_too_high"
  | "max_accepted_htlcs"
  | "max_htlc_value_in_flight"
  | "htlc_minimum"
  | "to_self_delay"
  | "minimum_depth"
  | "public_key"
  | "shutdown_script"
  /** Where we want to be paid the peer cannot pay. */
  | "own_shutdown_script"
  | "zero_conf_not_trusted"
  | "zero_conf_exposure"
  | "unaffordable_fee"
  | "both_below_reserve";

/**
 * - `ignore`: as if it had not come.
 * - `warn`: told, nothing else.
 * - `warn-and-disconnect`: what is not committed is forgotten by both; the channel lives on after a reconnection.
 * - `error-and-fail`: the channel is over; before any money is in it, only the opening is.
 */
export type Severity = "ignore" | "warn" | "warn-and-disconnect" | "error-and-fail";

/** Total: a new fault does not compile before it has a consequence. */
export const SEVERITY: { readonly [C in PeerFault["code"]]: Severity } = {
  unexpected_message: "warn-and-disconnect",
  bad_opening: "error-and-fail",
  bad_funding_outpoint: "error-and-fail",
  funding_output_wrong: "error-and-fail",
  funding_never_confirmed: "error-and-fail",
  bad_tx_signatures: "warn-and-disconnect",
  other_funding_expected: "error-and-fail",
  bad_point: "error-and-fail",
  bad_commitment_signature: "error-and-fail",
  bad_htlc_signature: "error-and-fail",
  wrong_htlc_signature_count: "error-and-fail",
  commitment_without_updates: "warn-and-disconnect",
  splice_exceeds_balance: "warn-and-disconnect",
  unknown_splice: "warn-and-disconnect",
  splice_not_signed: "warn-and-disconnect",
  batch_too_large: "warn-and-disconnect",
  batch_interrupted: "warn-and-disconnect",
  batch_without_funding_txid: "error-and-fail",
  commitment_without_batch: "error-and-fail",
  commitment_missing: "error-and-fail",
  wrong_htlc_id: "warn-and-disconnect",
  unknown_htlc: "warn-and-disconnect",
  htlc_not_removable: "warn-and-disconnect",
  wrong_preimage: "error-and-fail",
  not_badonion: "warn-and-disconnect",
  htlc_below_minimum: "warn-and-disconnect",
  htlc_amount_zero: "warn-and-disconnect",
  htlc_expiry_not_a_height: "warn-and-disconnect",
  too_many_htlcs: "warn-and-disconnect",
  in_flight_limit: "warn-and-disconnect",
  htlc_not_affordable: "warn-and-disconnect",
  update_after_shutdown: "warn-and-disconnect",
  update_after_stfu: "warn-and-disconnect",
  stfu_with_pending_updates: "warn-and-disconnect",
  update_fee_not_opener: "error-and-fail",
  feerate_out_of_range: "warn-and-disconnect",
  feerate_not_affordable: "warn-and-disconnect",
  feerate_exposes_dust: "warn-and-disconnect",
  unexpected_revocation: "error-and-fail",
  wrong_revocation_secret: "error-and-fail",
  commitment_numbers_used_up: "error-and-fail",
  commitment_not_acknowledged: "warn-and-disconnect",
  trouble_of_its_own: "warn-and-disconnect",
  bad_announcement_signature: "warn-and-disconnect",
  bad_shutdown_script: "warn",
  shutdown_script_changed: "warn-and-disconnect",
  bad_closing_signature: "warn-and-disconnect",
  bad_closing_fee: "warn-and-disconnect",
  closing_fee_out_of_range: "error-and-fail",
  closing_to_another_script: "warn-and-disconnect",
  bad_closer_script: "warn-and-disconnect",
  wrong_closing_forms: "warn-and-disconnect",
  closing_sig_of_another: "warn-and-disconnect",
  too_many_closings: "warn",
  closing_unanswered: "warn-and-disconnect",
  closing_never_agreed: "error-and-fail",
  closing_output_is_dust: "error-and-fail",
  reestablish_lost_state: "error-and-fail",
  reestablish_wrong_secret: "error-and-fail",
  reestablish_unproven_future: "error-and-fail",
};

/** One line for the peer's operator: the code and its data, nothing secret. */
export function describeFault(fault: PeerFault): string {
  const details = Object.entries(fault)
    .filter(([name]) => name !== "code")
    .map(([name, value]) => `${name} ${String(value)}`);
  return [fault.code.replaceAll("_", " "), ...details].join(", ");
}
