import { outpointKey } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import { type BlockHeight, blockHeight } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { localTerms } from "../commitments.ts";
import type { ChannelEnv } from "../env.ts";
import { fundingsAgain, restsOn } from "../fundings/again.ts";
import { localCommitmentRequest, type Signatures } from "../keys/signer.ts";
import type { Restored } from "../restored/state.ts";
import type { ChainSpend, Failed } from "../state.ts";
import { advance, commit, type Effect, isVolatile, stay, type Transition } from "../transition.ts";
import { lockScript } from "../tx/lock.ts";
import { fundingWitness, withWitness } from "../tx/witnesses.ts";
import { anchorClaim } from "./anchor.ts";
import { classify, currentLocal, isUnknown } from "./classify.ts";
import { decided, isFunding, signedOn, spendOf, spends } from "./decided.ts";
import { failedOnChain, isAllTold } from "./ends.ts";
import { learnPreimages } from "./preimages.ts";
import { isOver, type Progress, progressOf } from "./progress.ts";

/**
 * What a failed channel does at this height, whatever input it was: publishes its commitment until something spends the
 * funding output, claims what is ours, tells upstream what is over, and ends when nothing can come any more. All of it
 * follows from the state and the facts in it, so it may be said any number of times.
 */
export function followChain(env: ChannelEnv, failed: Failed, before: Before): Transition {
  const state = failed.failedAt === undefined ? { ...failed, failedAt: heightNow(env, failed) } : failed;
  const progress = progressOf(env, state);
  const answer = (next: Failed, ...effects: readonly Effect[]): Transition => {
    const all = [...before.effects, ...effects];
    // What was to be written still is, whatever the chain adds to it.
    return before.kind === "advance" && failed === next && all.every(isVolatile)
      ? advance(next, ...all)
      : commit(next, ...all);
  };
  if (progress?.publication.tag === "revoked" && state.revoked?.number !== progress.publication.number)
    return answer(state, { tag: "NeedRevokedHtlcs", number: progress.publication.number });
  const { givenUp, effects } = failedOnChain(env, state, progress);
  const next = givenUp.length === 0 ? state : { ...state, givenUp: [...state.givenUp, ...givenUp] };
  if (progress === undefined) {
    const word = before.kind === "advance" && failed === next ? "Rebroadcast" : "Broadcast";
    return answer(next, ...effects, ...publication(env, next, word));
  }
  if (isOver(env, progress) && isAllTold(next)) {
    const closingTxid = txidOf(progress.spend.tx);
    const closed = { tag: "Closed", params: state.params, closingTxid } as const;
    return commit(closed, ...before.effects, ...effects, { tag: "Forget", reason: "closed and buried" });
  }
  return answer(next, ...effects, ...watchAndClaim(progress));
}
/** The answer to the input itself, to which the chain adds. */
type Before = Pick<Exclude<Transition, { kind: "stay" }>, "kind" | "effects">;
/** A block tells what it spends before it counts itself. */
const heightNow = (env: ChannelEnv, { spends }: Failed): BlockHeight =>
  blockHeight(Math.max(env.height, ...spends.map(({ height }) => height)));

/** Ours to bring into the chain: what was agreed, or else our own commitment. Never after a proof that it is an old one. */
function publication(env: ChannelEnv, failed: Failed, word: "Broadcast" | "Rebroadcast"): readonly Effect[] {
  const state = decided(failed);
  if (state.cause.tag === "data_lost") return [];
  const { mutual, params } = state;
  // Of another funding that decides a block holds what our commitment spends; and a splice would take that commitment's place.
  const isCurrent = outpointKey(params.funding) === outpointKey(failed.params.funding);
  const fundings = isCurrent ? fundingsAgain(env, restsOn(failed)) : [];
  if (mutual !== undefined && spends(mutual, params.funding))
    return [...fundings, { tag: word, tx: mutual, why: "mutual_close" }];
  const commitment = signedOn(state);
  if (commitment !== undefined) {
    const anchor = anchorClaim(env, state);
    const claims = anchor === undefined ? [] : [anchor];
    return [...fundings, { tag: word, tx: commitment, why: "commitment" }, { tag: "Claims", claims }];
  }
  const request = localCommitmentRequest(localTerms(state.params), currentLocal(env, state));
  return [{ tag: "NeedSignatures", request }];
}

export function watchAndClaim({ spend, outputs }: Pick<Progress, "spend" | "outputs">): readonly Effect[] {
  const watched = outputs.map(({ output: { outpoint, lock }, minedAt }) => {
    return { outpoint, script: lockScript(lock), minedAt };
  });
  const claims = outputs.flatMap(({ status }) => (status.tag === "claimable" ? [status.claim] : []));
  assert(spend.height > 0, "nothing of ours is in the genesis block");
  return [
    { tag: "WatchOutputs", outputs: watched },
    { tag: "Claims", claims },
  ];
}

/** Our commitment with both signatures: from here on it may be in the chain at any time. */
export function commitmentSigned(env: ChannelEnv, state: Failed, { signature }: Signatures): Transition {
  const on = decided(state);
  const { params, commitments } = on;
  const witness = fundingWitness(
    { pubkey: params.local.basepoints.fundingPubkey, signature },
    { pubkey: params.remote.basepoints.fundingPubkey, signature: commitments.local.signatures.signature },
    localTerms(params).funding.witnessScript,
  );
  return commit({ ...state, commitment: withWitness(currentLocal(env, on).tx, witness) });
}

/**
 * A block of the best chain holds a transaction that spends the funding output, or something that followed from it. It is kept
 * once, whatever else it spends: a peer may put hundreds of HTLCs into one.
 */
export function spendConfirmed(env: ChannelEnv, state: Failed, spend: ChainSpend): Transition {
  const same = spendOf(state, spend.outpoint);
  if (same !== undefined && same.height === spend.height && txidOf(same.tx) === txidOf(spend.tx)) return stay();
  const { outpoint, tx, height } = spend;
  const spends = [...state.spends.filter((known) => known !== same), { outpoint, tx, height }];
  const learned = learnPreimages({ ...state, spends }, spend.tx);
  if (!isFunding(state, outpoint)) return commit(learned.state, ...learned.effects, { tag: "NotifyUpdated" });
  const ended = endedBy(env, learned.state, spend);
  return commit(ended.state, ...learned.effects, ...ended.effects, { tag: "NotifyUpdated" });
}

/** What it means that this transaction ended the channel. */
function endedBy(
  env: ChannelEnv,
  state: Failed,
  { tx, height }: ChainSpend,
): { readonly state: Failed; readonly effects: readonly Effect[] } {
  const txid = txidOf(tx);
  const closed: Effect = { tag: "Closed", txid, height };
  const publication = classify(env, decided(state), tx);
  if (publication.tag === "revoked") {
    return { state, effects: [closed, { tag: "Breach", txid, number: publication.number }] };
  }
  // Ahead of all that we have signed: whatever we hold is revoked by now.
  if (publication.tag === "future") {
    const cause = { tag: "data_lost" } as const;
    const news: readonly Effect[] = state.cause.tag === "data_lost" ? [] : [{ tag: "ChannelFailed", cause }];
    return { state: { ...state, cause }, effects: [closed, ...news] };
  }
  const unknown: readonly Effect[] = isUnknown(state, publication) ? [{ tag: "UnknownSpend", txid }] : [];
  return { state, effects: [closed, ...unknown] };
}

/** A transaction that waits to be mined: what it shows is known, what it does is not certain. RELIABILITY O1. */
export function spendSeen(state: Failed, tx: Tx): Transition {
  const learned = learnPreimages(state, tx);
  return learned.effects.length === 0 ? stay() : commit(learned.state, ...learned.effects);
}

/** Blocks from this height on are no longer in the best chain. Undefined when nothing of ours was in them. */
export function withoutSpendsFrom<S extends Failed | Restored>(state: S, height: ChainSpend["height"]): S | undefined {
  const spends = state.spends.filter((spend) => spend.height < height);
  return spends.length === state.spends.length ? undefined : { ...state, spends };
}

/** The answer to `NeedRevokedHtlcs`: what was written down when that commitment was revoked. */
export const revokedKnown = (state: Failed, { number, htlcs }: NonNullable<Failed["revoked"]>): Transition =>
  commit({ ...state, revoked: { number, htlcs } });
