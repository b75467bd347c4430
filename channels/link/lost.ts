import { spliceLost } from "../splice/lost.ts";
import type { ChannelState } from "../state.ts";
import type { VolatileEffect } from "../transition.ts";

const REASON = "the connection was lost";

/** The connection goes, or the channel, and with it whatever is negotiated over it and not signed for: its coins are free. */
export const negotiationLost = (state: ChannelState): readonly VolatileEffect[] => [
  ...spliceLost(state, REASON),
  ...replacementLost(state),
];
/** A funding transaction that was to take the place of the one that waits. One that is given up already has freed its coins. */
function replacementLost(state: ChannelState): readonly VolatileEffect[] {
  if (!("commitments" in state) || state.link.tag !== "online") return [];
  const { negotiation } = state.link;
  if (negotiation === undefined || negotiation.stage === "aborting") return [];
  return [{ tag: "ReleaseCoins" }, { tag: "NegotiationFailed", reason: REASON }];
}
