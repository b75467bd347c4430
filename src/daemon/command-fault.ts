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
    | "wrong_network"
    | "not_possible"
    | "read_only";
  readonly detail: string;
  /** The request field at fault, as a JSON pointer. */
  readonly pointer?: string;
}
