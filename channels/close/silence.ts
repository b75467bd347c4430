import type { ChannelEnv } from "../env.ts";
import type { FundedState } from "../state.ts";
import type { Transition } from "../transition.ts";
import { punish } from "./failure.ts";

/** So many blocks a `closing_sig` may take, and a legacy negotiation over one connection. Policy, not protocol. */
const ANSWER_BLOCKS = 6;
const AGREEMENT_BLOCKS = 144;

/**
 * A peer that is there and does not close: over a new connection what is proposed is said again, and a fee on which there
 * is no agreement is left to the chain. Undefined while there is time. BOLT 2 §Channel Close.
 */
export function endSilence(env: ChannelEnv, state: FundedState): Transition | undefined {
  if ((state.tag !== "Negotiating" && state.tag !== "Closing") || state.link.tag !== "online") return undefined;
  const { closeOffered, closingSince } = state.link;
  if (closeOffered !== undefined && env.height >= closeOffered + ANSWER_BLOCKS)
    return punish(state, { code: "closing_unanswered" });
  const isAgreed = state.tag === "Closing" || closingSince === undefined;
  return isAgreed || env.height < closingSince + AGREEMENT_BLOCKS
    ? undefined
    : punish(state, { code: "closing_never_agreed" });
}
