import { outpointKey, type Txid } from "../../src/base/ids.ts";
import type { BlockHeight } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChainSpend, Failed } from "../state.ts";
import type { CommitmentHtlc } from "../tx/commitment.ts";
import { type Claim, claimOf, type Standing } from "./claim.ts";
import { classify, type Publication } from "./classify.ts";
import { decided, spendOf } from "./decided.ts";
import { isWorthClaiming } from "./fee.ts";
import type { ChannelOutput } from "./output.ts";
import { matched, outputsOf, ownDelayed, revokedDelayed } from "./outputs.ts";
import { isAtStake } from "./stake.ts";

/** Confirmations after which a transaction that ended something is taken for final. BOLT 5 §General Nomenclature. */
export const BURIED_DEPTH = 100;

/** Where an output of a channel that has ended stands. */
export interface OutputProgress {
  readonly output: ChannelOutput;
  /** The block that holds it. */
  readonly minedAt: BlockHeight;
  readonly status: OutputStatus;
}
export type OutputStatus =
  /** Ours from a height on. */
  | { readonly tag: "waiting"; readonly until: BlockHeight }
  | { readonly tag: "claimable"; readonly claim: Claim }
  /** An HTLC that the peer offered: ours only with the preimage. */
  | { readonly tag: "no_preimage" }
  /** Worth less than the transaction that would claim it. */
  | { readonly tag: "uneconomical" }
  | { readonly tag: "spent"; readonly txid: Txid; readonly height: BlockHeight };

/** What the best chain has made of a channel, computed anew from the facts each time. */
export interface Progress {
  readonly spend: ChainSpend;
  readonly publication: Publication;
  readonly outputs: readonly OutputProgress[];
}

/** Undefined while nothing in the best chain spends the funding output. */
export function progressOf(env: ChannelEnv, failed: Failed): Progress | undefined {
  const state = decided(failed);
  const spend = spendOf(state, state.params.funding);
  if (spend === undefined) return undefined;
  const publication = classify(env, state, spend.tx);
  const outputs = outputsOf(env, state, publication, spend.tx).flatMap((output) =>
    follow(env, state, publication, { output, minedAt: spend.height }),
  );
  return { spend, publication, outputs };
}

/** An output and what came of it: a second stage that spends it makes another one, which goes the same way. */
function follow(
  env: ChannelEnv,
  state: Failed,
  publication: Publication,
  { output, minedAt }: Pick<OutputProgress, "output" | "minedAt">,
): readonly OutputProgress[] {
  const spend = spendOf(state, output.outpoint);
  if (spend === undefined) {
    const standing = { minedAt, ...standingOf(state, output) };
    return [{ output, minedAt, status: unspentStatus(env, output, standing) }];
  }
  const spent: OutputProgress = {
    output,
    minedAt,
    status: { tag: "spent", txid: txidOf(spend.tx), height: spend.height },
  };
  const at = { minedAt: spend.height };
  return [
    spent,
    ...secondStage(env, state, publication, output, spend).flatMap((next) =>
      follow(env, state, publication, { output: next, ...at }),
    ),
  ];
}

/** The output of a second stage: ours to wait for, or of a thief who was faster than the penalty. BOLT 5 §Penalty Transactions Weight Calculation. */
function secondStage(
  env: ChannelEnv,
  state: Failed,
  publication: Publication,
  { path, outpoint }: ChannelOutput,
  { tx }: ChainSpend,
): readonly ChannelOutput[] {
  const index = tx.inputs.findIndex(({ prevout }) => outpointKey(prevout) === outpointKey(outpoint));
  if (path.tag === "second_stage") return matched(tx, [ownDelayed(env, state, path.point)]).filter(isAt(index));
  if (path.tag !== "penalty" || path.branch !== "htlc" || publication.tag !== "revoked") return [];
  // Signed with SINGLE: the output belongs to the input at the same place, however many were put together.
  return matched(tx, [revokedDelayed(env, state, path.secret)]).filter(isAt(index));
}
const isAt =
  (index: number) =>
  ({ outpoint }: ChannelOutput): boolean =>
    outpoint.vout === index;

/** Of an output that nothing in the best chain spends. */
export function unspentStatus(
  env: ChannelEnv,
  output: ChannelOutput,
  standing: Standing,
): Exclude<OutputStatus, { tag: "spent" }> {
  const claim = claimOf(output, standing, env.height);
  if ("tag" in claim) return claim.tag === "wait" ? { tag: "waiting", until: claim.until } : { tag: "no_preimage" };
  return isWorthClaiming(claim) ? { tag: "claimable", claim } : { tag: "uneconomical" };
}

/** The HTLC that an output stands for, if it stands for one. */
export function htlcOf({ path }: ChannelOutput): CommitmentHtlc | undefined {
  return path.tag === "second_stage" || path.tag === "direct" || path.tag === "penalty" ? path.htlc : undefined;
}

/** Of an HTLC: the preimage, known once it was fulfilled on whatever path, and whether we may not be late with it. */
function standingOf({ commitments }: Failed, output: ChannelOutput): Omit<Standing, "minedAt"> {
  const htlc = htlcOf(output);
  const known = htlc && commitments.htlcs.find(({ side, id }) => side === htlc.side && id === htlc.id);
  const isFulfilled = known?.side === "received" && known.removal?.tag === "fulfilled";
  return {
    preimage: isFulfilled ? known.removal.preimage : undefined,
    isAtStake: known !== undefined && isAtStake(known),
  };
}

export const depthOf = (env: ChannelEnv, height: BlockHeight): number => env.height - height + 1;

/** From which on an HTLC of the peer's is never ours: its expiry, or that of the last one that was taken before the channel ended. */
const lastHeightOf = ({ policy }: ChannelEnv, spend: Progress["spend"], output: ChannelOutput): number =>
  Math.min(htlcOf(output)?.expiry ?? 0, spend.height + policy.expiryDeltaMax);

/**
 * Whether nothing can come any more: every output that is worth something is spent, 100 blocks deep, and so is what
 * spends the funding output. An HTLC whose preimage nobody gave us is the peer's from its expiry on, and one that
 * is beyond any that would have been taken always was.
 */
export function isOver(env: ChannelEnv, { spend, outputs }: Pick<Progress, "spend" | "outputs">): boolean {
  if (depthOf(env, spend.height) < BURIED_DEPTH) return false;
  return outputs.every(({ output, status }) => {
    if (status.tag === "spent") return depthOf(env, status.height) >= BURIED_DEPTH;
    if (status.tag === "no_preimage") return env.height >= lastHeightOf(env, spend, output) + BURIED_DEPTH;
    return status.tag === "uneconomical";
  });
}
