import type { CommandRefusal } from "../../../channels/index.ts";

/** Why a channel does not do what it was asked to, for people: the reason, and what would be possible where that is known. */
export function refusalText(reason: CommandRefusal): string {
  const text = reason.code.replaceAll("_", " ");
  const more = possible(reason);
  return more === undefined ? text : `${text}: ${more}`;
}

function possible(reason: CommandRefusal): string | undefined {
  switch (reason.code) {
    case "wrong_state":
      return `the channel is in state ${reason.state}`;
    case "not_negotiated":
      return "the peer does not offer it";
    case "quiescing":
    case "negotiating":
      return "again in a moment";
    case "capacity_out_of_range":
      return `from ${reason.minimum} to ${reason.maximum} sat`;
    case "push_out_of_range":
      return "no more than the channel holds";
    case "cannot_afford_feerate":
    case "feerate_out_of_range":
      return `${reason.requested} sat per 1,000 weight units`;
    case "feerate_too_low":
      return `at least ${reason.minimum} sat per 1,000 weight units`;
    case "closing_fee_too_low":
      return `at least ${reason.least} sat per 1,000 weight units`;
    case "too_many_attempts":
      return `${reason.maximum} at most`;
    case "not_replaceable":
      return "its funding transaction is not one that both sides made to be replaced";
    case "funding_not_confirmed":
      return "once the funding transaction is deep in the chain";
    case "splice_locked":
    case "splice_confirmed":
      return "nothing takes its place any more";
    case "splice_pending":
      return reason.blocks > 0
        ? `it can be closed by agreement once the splice is locked, in ${reason.blocks} blocks at the earliest`
        : "it can be closed by agreement once the peer has locked the splice";
    default:
      return undefined;
  }
}
