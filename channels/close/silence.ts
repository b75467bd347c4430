import type { ChannelEnv } from "../env.ts";
import type { FundedState } from "../state.ts";
import type { Transition } from "../transition.ts";
import { punish } from "./failure.ts";

/** So many blocks a `closing_sig` may take. Policy, not protocol. */
const ANSWER_BLOCKS = 6;

/**
 * A peer that is there and does not answer: over a new connection what is proposed is said again. Undefined while there is
 * time. BOLT 2 §Channel Close.
 */
export function endSilence(env: ChannelEnv, state: FundedState): Transition | undefined {
  if ((state.tag !== "Negotiating" && state.tag !== "Closing") || state.link.tag !== "online") return undefined;
  const { closeOffered } = state.link;
  if (closeOffered === undefined || env.height < closeOffered + ANSWER_BLOCKS) return undefined;
  return punish(state, { code: "closing_unanswered" });
}
