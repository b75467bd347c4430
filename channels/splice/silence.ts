import { releaseHeld } from "../changes.ts";
import { proposedUpdates } from "../link/retransmit.ts";
import type { Online } from "../link/state.ts";
import { queueSign } from "../normal/queue.ts";
import { sayStfu } from "../normal/stfu.ts";
import type { Commitments, FundedState, Normal } from "../state.ts";
import { commit, type Effect, type Transition, type VolatileEffect } from "../transition.ts";
import { PEER_CLOSES, spliceLost } from "./lost.ts";

/** Silence is over: what was held leaves, and a wish of ours that has waited asks for silence anew. BOLT 2 §Channel Quiescence. */
export function resumed(state: OnlineNormal, effects: readonly Effect[]): Transition {
  const open = withoutSilence(state);
  if (state.link.spliceWish?.stage !== "wanted") return commit(open.state, ...effects, ...open.effects);
  const again = wished(open.state);
  return commit(again.state, ...effects, ...open.effects, ...again.effects);
}
type OnlineNormal = Normal & { readonly link: Online };
interface Open {
  readonly state: OnlineNormal;
  readonly effects: readonly Effect[];
}
function withoutSilence(state: OnlineNormal): Open {
  const open: OnlineNormal = {
    ...state,
    commitments: releaseHeld(state.commitments),
    link: { ...state.link, quiescence: undefined },
  };
  const held = proposedUpdates(open, state.commitments.proposed.length);
  const asked = queueSign(open);
  return { state: asked.state, effects: [...held, ...asked.effects] };
}

/** No update follows any more on a channel that is shut down like this. */
export const isEmpty = ({ htlcs, feeUpdates }: Commitments): boolean => htlcs.length === 0 && feeUpdates.length === 0;
/** Whether we want silence that the peer has not granted yet, and may go back on it: no update follows our `stfu`. BOLT 2 §Channel Quiescence. */
export function isSilenceWanted(state: FundedState): state is OnlineNormal {
  if (state.tag !== "Normal" || state.link.tag !== "online") return false;
  const { quiescence } = state.link;
  return quiescence?.received === false && (!quiescence.sent || isEmpty(state.commitments));
}
/**
 * The peer closes the channel, and may not have heard yet that we want silence: there will be none, and nothing of what we
 * wanted it for. BOLT 2 §Channel Quiescence.
 */
export function silenceForgone(state: OnlineNormal): Open {
  const open = withoutSilence({ ...state, link: { ...state.link, spliceWish: undefined } });
  return { state: open.state, effects: [...spliceLost(state, PEER_CLOSES), ...open.effects] };
}

/** From here on no new update of ours is made. */
export function wished(state: Normal): { readonly state: Normal; readonly effects: readonly VolatileEffect[] } {
  if (state.link.tag !== "online" || state.link.quiescence !== undefined) return { state, effects: [] };
  const quiescence = { sent: false, received: false, initiator: "local" as const };
  const said = sayStfu({ ...state, link: { ...state.link, quiescence } });
  return { state: said.state, effects: [{ tag: "TimeQuiescence" }, ...said.effects] };
}
