import type { Stfu } from "../../src/wire/splicing.ts";
import { STEP_INDEX } from "../changes.ts";
import type { Online, Quiescence } from "../link/state.ts";
import type { Commitments, Funded, Normal } from "../state.ts";
import { propose, type VolatileEffect } from "../transition.ts";
import type { Asking } from "./queue.ts";

/** BOLT 9 §Assigned Feature Flags. */
export const OPTION_QUIESCE = 34;

/** Whether new updates of ours have to wait: either side has asked for silence, or a splice is not signed by both. BOLT 2 §Channel Quiescence. */
export const isHolding = ({ link, commitments }: Funded): boolean =>
  (link.tag === "online" && link.quiescence !== undefined) || isSigningSplice(commitments);
/** Its transaction may be mined, or not, as soon as our signatures have left: until the peer's are here, no update is made. */
export const isSigningSplice = ({ others }: Commitments): boolean =>
  others.length > 0 && others.some(({ role }) => role === "signing");
/** Nothing is on its way in either direction and nothing may be sent. BOLT 2 §Channel Quiescence. */
export const isQuiescent = ({ quiescence }: Online): boolean =>
  quiescence?.sent === true && quiescence.received === true;

/** Whether an addition, a removal or a change of the fee by this side is not yet irrevocable for both. BOLT 2 §Channel Quiescence. */
export function hasPending(
  { htlcs, feeUpdates }: Commitments,
  side: "local" | "remote",
  opener: "local" | "remote",
): boolean {
  if (side === opener && feeUpdates.length > 0) return true;
  const own = side === "local" ? "offered" : "received";
  return htlcs.some((htlc) => {
    const index = STEP_INDEX[htlc.step];
    return htlc.side === own ? index < STEP_INDEX.SENT_ADD_ACK_REVOCATION : index >= STEP_INDEX.SENT_REMOVE_HTLC;
  });
}

/** Our `stfu`, once and as soon as it may leave. */
export function sayStfu(state: Normal): Asking<Normal> {
  const { link, commitments, params } = state;
  if (link.tag !== "online" || link.quiescence === undefined || link.quiescence.sent) return { state, effects: [] };
  if (hasPending(commitments, "local", params.opener)) return { state, effects: [] };
  const quiescence = { ...link.quiescence, sent: true };
  const initiator = quiescence.received ? 0 : 1;
  const message: Stfu = { name: "stfu", channel_id: params.channelId, initiator };
  return {
    state: { ...state, link: { ...link, quiescence } },
    effects: [propose(message), ...(quiescence.received ? [quiet(quiescence)] : [])],
  };
}
export const quiet = ({ initiator }: Quiescence): VolatileEffect => ({ tag: "Quiescent", initiator });
