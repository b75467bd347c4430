import { forgetUncommitted, releaseHeld } from "../changes.ts";
import type { FundedState } from "../state.ts";
import { OFFLINE } from "./state.ts";

/** The channel without its connection: the peer's uncommitted updates never were, and no silence holds ours. BOLT 2 §Message Retransmission. */
export function offline<S extends FundedState>(state: S): S {
  return { ...state, link: OFFLINE, commitments: releaseHeld(forgetUncommitted(state.commitments)) };
}
