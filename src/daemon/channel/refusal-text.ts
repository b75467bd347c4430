import type { CommandRefusal } from "../../../channels/index.ts";

/** Why a channel does not do what it was asked to, for people; where waiting helps, for what. */
export function refusalText(reason: CommandRefusal): string {
  const text = reason.code.replaceAll("_", " ");
  switch (reason.code) {
    case "closing_fee_too_low":
      return `${text}: at least ${reason.least} sat per 1,000 weight units`;
    case "splice_pending":
      return reason.blocks > 0
        ? `${text}: it can be closed by agreement once the splice is locked, in ${reason.blocks} blocks at the earliest`
        : `${text}: it can be closed by agreement once the peer has locked the splice`;
    default:
      return text;
  }
}
