import type { ChannelEnv } from "../env.ts";
import { readyMessage } from "../open/confirm.ts";
import type { FundedState } from "../state.ts";
import { advance, bind, commit, stay, type Transition } from "../transition.ts";

/**
 * A `channel_ready` before the peer's `channel_reestablish`. It comes again where it counts; but some nodes say nothing of a
 * channel that no block holds, then this, and where they stand only when they have heard the same from us: both would wait for
 * each other. So they hear it as soon as the channel is ready here. BOLT 2 §Message Retransmission.
 */
export function receiveEarlyReady(env: ChannelEnv, state: FundedState): Transition {
  const { link, ready, commitments } = state;
  if (link.tag !== "reestablishing" || link.readyHeard === true) return stay();
  const heard = { ...state, link: { ...link, readyHeard: true as const } };
  // Later on it would be said of another commitment.
  const isUnused = commitments.local.number === 0n && commitments.others.length === 0;
  return ready.local && isUnused ? commit(heard, bind(readyMessage(env, heard))) : advance(heard);
}
