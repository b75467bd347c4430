import type { CommandRefusal } from "../../channels/index.ts";

/** Why a channel does not do what it was asked to, for people. */
export function refusalText(reason: CommandRefusal): string {
  const text = reason.code.replaceAll("_", " ");
  return reason.code === "closing_fee_too_low" ? `${text}: at least ${reason.least} sat per 1,000 weight units` : text;
}
