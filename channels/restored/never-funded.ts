import { type BlockHeight, blockHeight } from "../../src/base/units.ts";
import { commit, stay, type Transition } from "../transition.ts";
import { channelIdOf } from "../tx/funding-tx.ts";
import type { Restored } from "./state.ts";

/** As long as for a channel whose record is there. BOLT 2 §The channel_ready Message. */
const FUNDING_TIMEOUT_BLOCKS = 2_016;

/** From which block on it may be forgotten if none has held its funding transaction by then. */
export const neverFundedFrom = ({ since }: Restored): BlockHeight => blockHeight(since + FUNDING_TIMEOUT_BLOCKS);

/**
 * Whether no coin of ours can be in the transaction that was to fund it: the peer opened it, and its id is not one that both
 * made together. A transaction with coins of ours may be brought into the chain by whoever has it, years later: what a
 * backup tells of that is forgotten by nobody but its operator.
 */
export const isPeersAlone = ({ params, others }: Restored): boolean =>
  params.opener === "remote" && others.length === 0 && params.channelId === channelIdOf(params.funding);

/** No block holds, or ever held, what was to fund it. */
export function neverFunded(state: Restored): Transition {
  if (state.spends.length > 0) return stay();
  return commit(state, { tag: "Forget", reason: "the funding transaction did not confirm" });
}
