import type { ChannelState } from "../state.ts";
import type { VolatileEffect } from "../transition.ts";
import { isOurs } from "./state.ts";

export const PEER_CLOSES = "the peer closes the channel";

/** The connection goes, or the channel, and with it a splice of ours for which nothing was signed. */
export function spliceLost(state: ChannelState, reason = "the connection was lost"): readonly VolatileEffect[] {
  if (state.tag !== "Normal" || state.link.tag !== "online") return [];
  const { spliceWish, splicing } = state.link;
  if (spliceWish === undefined && !isOurs(splicing)) return [];
  return [{ tag: "ReleaseCoins" }, { tag: "NegotiationFailed", reason }];
}
