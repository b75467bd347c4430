import { err, type Result } from "../base/result.ts";
import type { ChainFault } from "../ports/base-node.ts";

/** Why a command was refused; the API has a total table from code to status. `detail` is a sentence for a person. */
export interface CommandFault {
  readonly code:
    | "bad_request"
    | "not_found"
    | "insufficient_balance"
    | "no_route"
    | "fee_too_high"
    | "payment_failed"
    | "already_paid"
    | "invoice_unsupported"
    | "expired"
    | "channel_busy"
    | "peer_unreachable"
    | "peer_refused"
    | "session_closed"
    | "need_topup"
    | "quota_exceeded"
    | "chain_not_synced"
    | "chain_unavailable"
    | "stale_tip"
    | "too_many_waiting"
    | "wrong_network"
    | "not_possible"
    | "funds_channel"
    | "feerate_too_low"
    | "psbt_untrue"
    | "private_key"
    | "read_only";
  readonly detail: string;
  /** The request field at fault, as a JSON pointer. */
  readonly pointer?: string;
}

/** What it means for a command that the chain has no answer. */
const OF_CHAIN: { readonly [C in ChainFault["code"]]: CommandFault["code"] } = {
  not_offered: "not_possible",
  not_held: "not_found",
  unavailable: "chain_unavailable",
};
export const fromChain = <T>(answer: Result<T, ChainFault>): Result<T, CommandFault> =>
  answer.ok ? answer : err({ code: OF_CHAIN[answer.error.code], detail: answer.error.detail });
