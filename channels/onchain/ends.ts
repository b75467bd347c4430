import { blockHeight } from "../../src/base/units.ts";
import { localTerms, remoteTerms, tally, type View } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import type { OfferedHtlc } from "../htlc.ts";
import type { Failed, FundedState } from "../state.ts";
import type { Effect } from "../transition.ts";
import { isTrimmed } from "../tx/weights.ts";
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
  const over = awaited(state).filter((htlc) => isGone(env, state, htlc, progress));
  return { givenUp: over.map(({ id }) => id), effects: over.map(failedHtlc) };
}
/** HTLCs that we offered and of which whoever waits for them has not been told how they ended. */
const awaited = (state: FundedState): readonly OfferedHtlc[] =>
  state.commitments.htlcs.filter(
    (htlc): htlc is OfferedHtlc =>
      htlc.side === "offered" &&
      htlc.preimage === undefined &&
      !(state.tag === "Failed" && state.givenUp.includes(htlc.id)),
  );
const failedHtlc = ({ id, origin }: OfferedHtlc): Effect => ({
  tag: "HtlcFailed",
  id,
  origin,
  failure: { tag: "on_chain" },
});

/** All of those that are left, of a channel that nothing in the chain will ever hold. */
export const failedWithFunding = (state: FundedState): readonly Effect[] => awaited(state).map(failedHtlc);

/** Whether nobody waits for an HTLC any more: one that nobody fetches outlives all else. */
export const isAllTold = (state: Failed): boolean => awaited(state).length === 0;

function isGone(env: ChannelEnv, state: Failed, htlc: OfferedHtlc, progress: Progress | undefined): boolean {
  // No signature of ours has ever covered it.
  if (htlc.step === "SENT_ADD_HTLC") return true;
  if (isNowhere(env, state, htlc, progress)) return true;
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

/**
 * Passed on, out of time, and with an output in no commitment that is not revoked: the peer cannot fetch it, whatever is
 * mined. Upstream would close its channel for it in the end, so it is told no later than if the deadline had published a
 * commitment and the next block held that: a fee may be too low for any block. Not so where commitments may be in the chain
 * or with the peer that we do not know. BOLT 5 §HTLC Output Handling: Local Commitment, Local Offers.
 */
function isNowhere(env: ChannelEnv, state: Failed, htlc: OfferedHtlc, progress: Progress | undefined): boolean {
  const { graceBlocks, resolutionDepth } = env.policy;
  if (htlc.origin.tag !== "relay") return false;
  if (depthOf(env, blockHeight(htlc.expiry + graceBlocks + 1)) < resolutionDepth) return false;
  const mined = progress?.publication.tag;
  if (state.cause.tag === "data_lost" || mined === "future" || mined === "revoked") return false;
  return VALID.every((view) => !hasOutput(state, view, htlc));
}
/** Commitments that may be mined without a penalty. */
const VALID: readonly View[] = ["local", "remote", "remote_signed"];
function hasOutput({ params, commitments }: Failed, view: View, { id }: OfferedHtlc): boolean {
  const { htlcs, feerate } = tally(commitments, view);
  const side = view === "local" ? "offered" : "received";
  const { dustLimit, format } = view === "local" ? localTerms(params) : remoteTerms(params);
  return htlcs.some((htlc) => htlc.side === side && htlc.id === id && !isTrimmed(htlc, dustLimit, feerate, format));
}

function isOf(output: OutputProgress["output"], { id }: OfferedHtlc): boolean {
  const htlc = htlcOf(output);
  return htlc?.side === "offered" && htlc.id === id;
}
