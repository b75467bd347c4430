import { blockHeight } from "../../src/base/units.ts";
import type { ChannelEnv } from "../env.ts";
import type { OfferedHtlc } from "../htlc.ts";
import type { Failed } from "../state.ts";
import type { Effect } from "../transition.ts";
import { BURIED_DEPTH, depthOf, htlcOf, type OutputProgress, type Progress } from "./progress.ts";

/**
 * HTLCs that we offered and that nobody can claim from us any more: only now may whoever they came from be told that they
 * failed. One whose preimage is known never is, whatever the chain holds. BOLT 5 §HTLC Output Handling: Local Commitment, Local Offers.
 */
export function failedOnChain(
  env: ChannelEnv,
  state: Failed,
  progress: Progress | undefined,
): { readonly givenUp: readonly bigint[]; readonly effects: readonly Effect[] } {
  const over = state.commitments.htlcs.filter(
    (htlc): htlc is OfferedHtlc =>
      htlc.side === "offered" &&
      htlc.preimage === undefined &&
      !state.givenUp.includes(htlc.id) &&
      isGone(env, htlc, progress),
  );
  return {
    givenUp: over.map(({ id }) => id),
    effects: over.map(({ id, origin }) => ({ tag: "HtlcFailed", id, origin, failure: { tag: "on_chain" } })),
  };
}

function isGone(env: ChannelEnv, htlc: OfferedHtlc, progress: Progress | undefined): boolean {
  // No signature of ours has ever covered it.
  if (htlc.step === "SENT_ADD_HTLC") return true;
  if (progress === undefined) return false;
  // What a commitment that we have never heard of still owes to whom, we cannot see: the peer may yet claim it.
  const depth = progress.publication.tag === "future" ? BURIED_DEPTH : env.policy.resolutionDepth;
  const isDeep = (height: Progress["spend"]["height"]): boolean => depthOf(env, height) >= depth;
  const own = progress.outputs.find(({ output }) => isOf(output, htlc));
  // Trimmed, or not in the commitment that was mined: it ends with that one.
  if (own === undefined) return isDeep(progress.spend.height);
  // We shall not take it back, but the peer may yet fetch it: as late as if we had, in the first block that could hold that.
  if (own.status.tag === "uneconomical") return isDeep(progress.spend.height) && isDeep(blockHeight(htlc.expiry + 1));
  return own.status.tag === "spent" && isDeep(own.status.height);
}
function isOf(output: OutputProgress["output"], { id }: OfferedHtlc): boolean {
  const htlc = htlcOf(output);
  return htlc?.side === "offered" && htlc.id === id;
}
