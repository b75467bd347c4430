import { forgetUncommitted } from "../changes.ts";
import { type FundedState, OFFLINE } from "../state.ts";

/** The channel without its connection: the peer's uncommitted updates never were. BOLT 2 §Message Retransmission. */
export function offline<S extends FundedState>(state: S): S {
  return { ...state, link: OFFLINE, commitments: forgetUncommitted(state.commitments) };
}
