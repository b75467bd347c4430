import { releaseHeld } from "../changes.ts";
import { proposedUpdates } from "../link/retransmit.ts";
import type { Online } from "../link/state.ts";
import { queueSign } from "../normal/queue.ts";
import { sayStfu } from "../normal/stfu.ts";
import type { Normal } from "../state.ts";
import { commit, type Effect, type Transition, type VolatileEffect } from "../transition.ts";

/** Silence is over: what was held leaves, and a wish of ours that has waited asks for silence anew. BOLT 2 §Channel Quiescence. */
export function resumed(state: Normal & { readonly link: Online }, effects: readonly Effect[]): Transition {
  const { spliceWish } = state.link;
  const open: Normal = {
    ...state,
    commitments: releaseHeld(state.commitments),
    link: { ...state.link, quiescence: undefined },
  };
  const held = proposedUpdates(open, state.commitments.proposed.length);
  const asked = queueSign(open);
  if (spliceWish?.stage !== "wanted") return commit(asked.state, ...effects, ...held, ...asked.effects);
  const again = wished(asked.state);
  return commit(again.state, ...effects, ...held, ...asked.effects, ...again.effects);
}

/** From here on no new update of ours is made. */
export function wished(state: Normal): { readonly state: Normal; readonly effects: readonly VolatileEffect[] } {
  if (state.link.tag !== "online" || state.link.quiescence !== undefined) return { state, effects: [] };
  const quiescence = { sent: false, received: false, initiator: "local" as const };
  const said = sayStfu({ ...state, link: { ...state.link, quiescence } });
  return { state: said.state, effects: [{ tag: "TimeQuiescence" }, ...said.effects] };
}
