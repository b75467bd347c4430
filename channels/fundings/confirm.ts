import { equalBytes } from "../../src/base/bytes.ts";
import { outpointKey, shortChannelId, type Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import type { BlockHeight } from "../../src/base/units.ts";
import { failWhatever } from "../close/failure.ts";
import { NO_ATTEMPTS } from "../dual/state.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput } from "../input.ts";
import { withoutAttempt } from "../splice/abort.ts";
import { lockDepth } from "../splice/rules.ts";
import { wholeByBlock } from "../splice/sign.ts";
import type { FundedState, FundingProgress } from "../state.ts";
import { commit, type Effect, stay, type Transition } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { isInDoubt, isRival, putInDoubt } from "./doubt.ts";
import { otherOf } from "./move.ts";
import { type FundingTerms, fundingTxOf, type OtherFunding } from "./other.ts";

/** Confirmations after which no reorganisation brings back what was replaced. BOLT 5 §General Nomenclature. */
const BURIED_DEPTH = 100;

/** Another funding of the channel is in the best chain. */
export function otherConfirmed(
  env: ChannelEnv,
  state: FundedState,
  { txid, height, txIndex, output, tx }: Extract<ChannelInput, { tag: "OtherFundingConfirmed" }>,
): Transition {
  const other = otherOf(state, txid);
  if (other === undefined || !isPaidBy(other.terms, output)) return stay();
  const scid = shortChannelId(height, txIndex, other.terms.outpoint.vout);
  const deep = isDeep(env, state, height);
  if (other.progress.confirmed?.shortChannelId === scid && other.progress.deep === deep) return stay();
  const whole = other.progress.tx ?? (other.made === undefined ? undefined : tx);
  const progress = { ...other.progress, confirmed: { height, shortChannelId: scid }, deep, tx: whole };
  const next = withProgress(state, other, progress);
  const completed = wholeByBlock(next, txid);
  if (completed !== undefined) return completed;
  const doubtful = putInDoubt(next, present(otherOf(next, txid), "it is mined"));
  if (doubtful !== undefined) return commit(doubtful.state, ...doubtful.effects, { tag: "NotifyUpdated" });
  const given = withoutAttempt(next) ?? { state: next, effects: [] };
  return commit(given.state, ...given.effects, { tag: "NotifyUpdated" });
}
const isDeep = (env: ChannelEnv, state: FundedState, height: BlockHeight): boolean =>
  env.height - height + 1 >= lockDepth(env, state);

/** The output on chain, to the sat and to the byte. BOLT 3 §Funding Transaction Output. */
function isPaidBy(
  { keys, capacity }: FundingTerms,
  output: Extract<ChannelInput, { tag: "OtherFundingConfirmed" }>["output"],
): boolean {
  const expected = fundingOutput(keys.local, keys.remote, capacity);
  return output !== undefined && output.amount === expected.amount && equalBytes(output.script, expected.script);
}

/** Its block is no longer in the best chain. */
export function otherReorged(state: FundedState, txid: Txid): Transition {
  const other = otherOf(state, txid);
  if (other?.progress.confirmed === undefined) return stay();
  const progress = { ...other.progress, confirmed: undefined, deep: false };
  // A channel that has failed goes by what the chain then holds.
  const isWanted = other.role === "active" && state.tag !== "Failed";
  const { tx } = other.progress;
  const again: readonly Effect[] = tx === undefined || !isWanted ? [] : [{ tag: "Broadcast", tx, why: "splice" }];
  return commit(withProgress(state, other, progress), ...again, { tag: "NotifyUpdated" });
}

function withProgress<S extends FundedState>(state: S, of: OtherFunding, progress: FundingProgress): S {
  const others = state.commitments.others.map((other) => (other === of ? { ...other, progress } : other));
  return { ...state, commitments: { ...state.commitments, others } };
}

/**
 * What was locked is in the chain no more, and deep in it another splice stands in its place: on that one no update has been
 * made since, or a close that both have signed spends what will never be there; or the peer is here and does not lock it. The
 * channel is over, on the newest commitments that its funding has. Undefined while it may still come back, or the channel go on.
 */
export function lockedGaveWay(env: ChannelEnv, state: FundedState): Transition | undefined {
  const { others } = state.commitments;
  if (others.length === 0 || state.tag === "Failed" || state.funding.confirmed !== undefined) return undefined;
  const doubtful = isInDoubt(state);
  const { resolutionDepth } = env.policy;
  const isLate = ({ role, locked }: OtherFunding, depth: number): boolean => {
    if (role === "past") return depth >= resolutionDepth;
    const isAlone = locked.local && !locked.remote && state.link.tag === "online";
    return doubtful && isAlone && depth >= lockDepth(env, state) + resolutionDepth;
  };
  const instead = others.some(
    (other) =>
      (other.made !== undefined || isRival(state)(other)) &&
      other.progress.confirmed !== undefined &&
      isLate(other, env.height - other.progress.confirmed.height + 1),
  );
  return instead
    ? failWhatever(state, { tag: "fault", text: "another splice is mined than the locked one" })
    : undefined;
}

/**
 * One more block: what was kept in case it should be mined after all, replaced by a splice or at the opening, has had its
 * time. Attempts go with the first funding that goes, as what became of one that is no other funding any more would pass for
 * one that may take the place of all. Undefined when nothing is kept, or when it still has to be.
 */
export function othersBuried(env: ChannelEnv, state: FundedState): Transition | undefined {
  const { attempts, commitments, funding } = state;
  if (!isUsed(state)) return undefined;
  const others = commitments.others.filter(isComeBackTo(env, state));
  const gone = others.length < commitments.others.length;
  if (!gone && (attempts.signed.length === 0 || !isBuried(env, funding))) return undefined;
  return commit({ ...state, attempts: NO_ATTEMPTS, commitments: { ...commitments, others } });
}
/** Both sides call it ready, and it has not failed: then it goes by what the chain holds. */
const isUsed = ({ tag }: FundedState): boolean =>
  tag === "Normal" || tag === "ShuttingDown" || tag === "Negotiating" || tag === "Closing";

/**
 * Whether a reorganisation may still bring another funding back. What was replaced stays no longer than what took its place needs
 * to be buried, however soon that is replaced itself: of a channel that is spliced again and again it would be ever more.
 */
function isComeBackTo(env: ChannelEnv, { commitments, funding }: FundedState): (other: OtherFunding) => boolean {
  if (isBuried(env, funding)) return ({ role }) => role !== "past";
  const buried = commitments.others.filter(({ progress }) => isBuried(env, progress));
  const spent = new Set(buried.flatMap(spentBy));
  return (other) =>
    other.role !== "past" ||
    (!spent.has(outpointKey(other.terms.outpoint)) &&
      (buried.includes(other) || !spentBy(other).some((outpoint) => spent.has(outpoint))));
}
const isBuried = (env: ChannelEnv, { confirmed }: FundingProgress): boolean =>
  confirmed !== undefined && env.height - confirmed.height + 1 >= BURIED_DEPTH;
const spentBy = (other: OtherFunding): readonly string[] =>
  fundingTxOf(other)?.inputs.map(({ prevout }) => outpointKey(prevout)) ?? [];
