import { fail } from "../close/failure.ts";
import type { ChannelEnv } from "../env.ts";
import type { Htlc } from "../htlc.ts";
import type { FundedState } from "../state.ts";
import type { Transition } from "../transition.ts";

/**
 * The first HTLC that only the chain can still decide: one that we offered and that the peer holds beyond its expiry, or
 * one whose preimage we gave and that the peer does not remove though its own time to take it back comes near.
 * BOLT 2 §cltv_expiry_delta Selection.
 */
function overdue(env: ChannelEnv, htlcs: readonly Htlc[]): Htlc | undefined {
  const { graceBlocks, fulfillmentDeadlineBlocks } = env.policy;
  return htlcs.find((htlc) => {
    if (htlc.side === "offered") return htlc.step !== "SENT_ADD_HTLC" && env.height >= htlc.expiry + graceBlocks;
    return htlc.removal?.tag === "fulfilled" && env.height >= htlc.expiry - fulfillmentDeadlineBlocks;
  });
}

/**
 * One more block. Undefined when every deadline is met. At a start the blocks that were missed come before any peer: an old
 * copy of the data holds HTLCs that are long over, and would publish what it has revoked for their sake. RELIABILITY P5.
 */
export function failOverdue(env: ChannelEnv, state: FundedState): Transition | undefined {
  if (state.tag === "Failed" || state.tag === "Closing" || env.isUnheard) return undefined;
  const late = overdue(env, state.commitments.htlcs);
  if (late === undefined) return undefined;
  const { side, id, expiry } = late;
  return fail(state, { tag: "deadline", side, id, expiry });
}
