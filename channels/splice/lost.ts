import type { ChannelState } from "../state.ts";
import type { VolatileEffect } from "../transition.ts";

/** The connection goes, and with it a splice of ours for which nothing was signed. */
export function spliceLost(state: ChannelState): readonly VolatileEffect[] {
  if (state.tag !== "Normal" || state.link.tag !== "online") return [];
  const { spliceWish, splicing } = state.link;
  const ours =
    splicing?.stage === "asking" ||
    (splicing !== undefined && "plan" in splicing && splicing.plan.initiator === "local");
  if (spliceWish === undefined && !ours) return [];
  return [{ tag: "ReleaseCoins" }, { tag: "NegotiationFailed", reason: "the connection was lost" }];
}
