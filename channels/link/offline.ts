import { forgetUncommitted, releaseHeld } from "../changes.ts";
import type { Commitments, FundedState } from "../state.ts";
import { begun, OFFLINE } from "./state.ts";

/** The channel without its connection: the peer's uncommitted updates never were, and no silence holds ours. BOLT 2 §Message Retransmission. */
export function offline<S extends FundedState>(state: S): S {
  const link = { ...OFFLINE, ...begun(state.link) };
  return { ...state, link, commitments: released(forgetUncommitted(state.commitments)) };
}
/** While a splice is not signed by both, updates wait also over a reconnection. */
const released = (commitments: Commitments): Commitments =>
  commitments.others.some(({ role }) => role === "signing") ? commitments : releaseHeld(commitments);
