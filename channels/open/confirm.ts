import { equalBytes } from "../../src/base/bytes.ts";
import { type Outpoint, outpointKey, type ShortChannelId, shortChannelId } from "../../src/base/ids.ts";
import type { Tx, TxOut } from "../../src/bitcoin/tx.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { ChannelReady } from "../../src/wire/opening.ts";
import { punish } from "../close/failure.ts";
import { fundedWith, isWhole, settledAttempts, spendsOurCoins, withoutReplacement } from "../dual/chosen.ts";
import { replacedByBlock } from "../dual/freed.ts";
import type { ChannelEnv } from "../env.ts";
import { isSpliced } from "../fundings/doubt.ts";
import { fundingTxOf } from "../fundings/other.ts";
import type { ChannelInput } from "../input.ts";
import { announceWhenDue } from "../normal/announce.ts";
import { tellUnresolved } from "../normal/receive-revocation.ts";
import { failedWithFunding } from "../onchain/ends.ts";
import { lockDepth } from "../splice/rules.ts";
import type { Funded, FundedState, Normal, WaitForChannelReady } from "../state.ts";
import { advance, bind, commit, type Effect, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { fundingOutput, fundingScript } from "../tx/funding-tx.ts";

/** An accepter may forget a channel that was not funded for this long. BOLT 2 §The channel_ready Message. */
const FUNDING_TIMEOUT_BLOCKS = 2016;

/** The output on chain, to the sat and to the byte: amount, script and index. BOLT 2 §The channel_ready Message. */
function isFundedBy(state: Funded, output: TxOut | undefined): boolean {
  const { params } = state;
  const keys = [params.local.basepoints.fundingPubkey, params.remote.basepoints.fundingPubkey] as const;
  const expected = fundingOutput(...keys, params.capacity);
  return output !== undefined && output.amount === expected.amount && equalBytes(output.script, expected.script);
}

/** The funding transaction is in the best chain. What it holds is checked before anything is built on it. */
export function fundingConfirmed(
  env: ChannelEnv,
  state: FundedState,
  input: Extract<ChannelInput, { tag: "FundingConfirmed" }>,
): Transition {
  const { state: alone, effects } = withoutReplacement(state);
  return confirmedWith(env, alone, input, effects);
}
/** Another transaction than the newest that was to fund it is in the best chain. Undefined when it is none of those. */
export function attemptConfirmed(
  env: ChannelEnv,
  state: FundedState,
  input: Extract<ChannelInput, { tag: "OtherFundingConfirmed" }>,
): Transition | undefined {
  const chosen = fundedWith(state, input.txid);
  return chosen && confirmedWith(env, chosen.state, input, chosen.effects);
}

function confirmedWith(
  env: ChannelEnv,
  state: FundedState,
  { height, txIndex, output, tx }: Omit<Extract<ChannelInput, { tag: "FundingConfirmed" }>, "tag">,
  before: readonly Effect[],
): Transition {
  if (!isFundedBy(state, output)) return punish(state, { code: "funding_output_wrong" });
  const scid = shortChannelId(height, txIndex, state.params.funding.vout);
  const known = state.funding.confirmed?.shortChannelId;
  if (known === scid) return deepEnough(env, state, []);
  const moved = known !== undefined;
  const announcement = moved ? { local: undefined, remote: undefined } : state.announcement;
  const confirmed = { height, shortChannelId: scid };
  const funding = { ...state.funding, confirmed, tx: state.funding.tx ?? (isMadeByBoth(state) ? tx : undefined) };
  const next: FundedState = { ...state, announcement, funding };
  const named = isReady(next) && next.funding.deep ? [readyEffect(next)] : [];
  return deepEnough(env, next, [...before, ...replacedByBlock(next), ...named, { tag: "NotifyUpdated" }]);
}
/** Then it is ours too to bring into the chain again, if its block is taken away. */
const isMadeByBoth = ({ attempts }: FundedState): boolean => attempts.signed.length > 0;
const isReady = ({ tag }: FundedState): boolean => tag === "Normal" || tag === "ShuttingDown";

/** How many blocks hold the funding transaction up; 0 when none does. */
export const fundingDepth = (env: ChannelEnv, { funding }: Funded): number =>
  funding.confirmed === undefined ? 0 : env.height - funding.confirmed.height + 1;

/** What a channel was spliced into is trusted like any other, also where what it was opened with needed no block (RELIABILITY U8). */
const depthNeeded = (env: ChannelEnv, state: Funded): number =>
  isSpliced(state) ? lockDepth(env, state) : state.params.minimumDepth;

/** What a new depth of the funding transaction makes possible; of a channel that needs none at once. */
export function deepEnough(env: ChannelEnv, state: FundedState, effects: readonly Effect[]): Transition {
  const reached = !state.funding.deep && isWhole(state) && fundingDepth(env, state) >= depthNeeded(env, state);
  if (reached) return nowDeep(env, { ...state, funding: { ...state.funding, deep: true } }, effects);
  if (state.tag === "Normal") {
    const due = announceWhenDue(env, state);
    if (effects.length > 0) return commit(due.state, ...effects, ...due.effects);
    return due.effects.length > 0 ? advance(due.state, ...due.effects) : stay();
  }
  return effects.length === 0 ? stay() : commit(state, ...effects);
}

/** For the first time, or again after a reorganisation. */
function nowDeep(env: ChannelEnv, state: FundedState, effects: readonly Effect[]): Transition {
  switch (state.tag) {
    case "WaitForFundingConfirmed": {
      const ready: WaitForChannelReady = {
        ...state,
        tag: "WaitForChannelReady",
        ready: { ...state.ready, local: true },
      };
      return whenBothReady(env, ready, [...effects, ...sayReady(env, ready)]);
    }
    case "WaitForChannelReady":
      return whenBothReady(env, state, effects);
    case "Normal":
    case "ShuttingDown": {
      const due = state.tag === "Normal" ? announceWhenDue(env, state) : { state, effects: [] };
      return commit(due.state, ...effects, readyEffect(state), ...tellUnresolved(env, state), ...due.effects);
    }
    default:
      return commit(state, ...effects);
  }
}

/**
 * Nothing of ours is in it and nobody has funded it, whatever has been said of it since: failed, shutting down or closed by
 * agreement, it would stay for ever.
 */
function isGhost(env: ChannelEnv, state: FundedState): boolean {
  const unfunded = !holdsOurCoins(state) && isUnfunded(state) && isNobodys(state);
  return unfunded && env.height - state.funding.since >= FUNDING_TIMEOUT_BLOCKS;
}
/** A transaction that spends coins of ours may put them into the channel at any time, until they are spent otherwise. */
export const holdsOurCoins = ({ params, attempts }: FundedState): boolean =>
  attempts.signed.length === 0 ? params.opener === "local" : spendsOurCoins(attempts);
/** Before it is ready it is; one that was used unconfirmed may hold money of ours, should its transaction come after all. */
const isNobodys = ({ ready, commitments }: FundedState): boolean =>
  !ready.local || (commitments.balance.local === 0n && commitments.htlcs.length === 0);
/** Not on the chain, nor anything that came of it, nor another output that holds what this one was to. */
const isUnfunded = (state: FundedState): boolean =>
  state.funding.confirmed === undefined &&
  !standsElsewhere(state) &&
  !(state.tag === "Failed" && state.spends.length > 0);
/** A splice of the funding is mined with it or not at all; what it was spliced from, or a rival of it, without it. */
const standsElsewhere = ({ params, commitments }: Funded): boolean =>
  commitments.others.some((other) => {
    const spent = fundingTxOf(other)?.inputs.map(({ prevout }) => outpointKey(prevout));
    return spent?.includes(outpointKey(params.funding)) !== true;
  });

/**
 * The peer has named an output that is behind another script than was agreed on, as what spends it shows: an output of
 * somebody else's, whose commitments say nothing of ours. RELIABILITY C29.
 */
export function isSomebodyElses({ params, funding }: Funded, outpoint: Outpoint, { inputs }: Tx): boolean {
  if (funding.confirmed !== undefined || outpointKey(outpoint) !== outpointKey(params.funding)) return false;
  const spending = inputs.find(({ prevout }) => outpointKey(prevout) === outpointKey(outpoint));
  const keys = [params.local.basepoints.fundingPubkey, params.remote.basepoints.fundingPubkey] as const;
  return !equalBytes(spending?.witness.at(-1) ?? new Uint8Array(0), fundingScript(...keys));
}

/** Nothing that the channel holds will ever be there. */
export function neverFunded(state: FundedState, text: string): Transition {
  const { params } = state;
  return commit(
    { tag: "Closed", params, closingTxid: undefined },
    ...failedWithFunding(state),
    { tag: "SendError", channelId: params.channelId, text },
    { tag: "Forget", reason: text },
  );
}

/**
 * Our own coins went another way, as when a claim that it had given up was mined after all: its channel can never
 * open, and nothing of it is at stake.
 */
export const fundingConflictBuried = (state: FundedState): Transition =>
  holdsOurCoins(state) && isUnfunded(state) ? neverFunded(state, "the funding transaction can never confirm") : stay();

/** One more block. Undefined when it changes nothing. */
export function fundingDeeper(env: ChannelEnv, state: FundedState): Transition | undefined {
  if (isGhost(env, state)) return neverFunded(state, "the funding transaction did not confirm");
  const deeper = deepEnough(env, state, []);
  return deeper.kind === "stay" ? undefined : deeper;
}

const sayReady = (env: ChannelEnv, state: Funded): readonly Effect[] =>
  state.link.tag === "online" || (state.link.tag === "reestablishing" && state.link.readyHeard === true)
    ? [bind(readyMessage(env, state))]
    : [];

export const readyMessage = (env: ChannelEnv, state: Funded): ChannelReady => ({
  name: "channel_ready",
  channel_id: state.params.channelId,
  second_per_commitment_point: env.keys.commitmentPoint(1n),
  ...(state.params.localAlias !== undefined && { short_channel_id: state.params.localAlias }),
});

/**
 * Under which names HTLCs may ask for the channel, the best one first: where it stands in the chain, unless that is
 * between both sides alone, and our alias; where it stood before a splice is remembered by the network for a while.
 * BOLT 2 §The channel_ready Message.
 */
export function namesOf({ params, funding, commitments }: Funded): readonly ShortChannelId[] {
  const { type, localAlias } = params;
  const before = commitments.others.flatMap(({ role, progress }) => (role === "past" ? [progress.confirmed] : []));
  const [real, ...past] = [funding.confirmed, ...before].map((place) => place?.shortChannelId);
  const names = type.scidAlias ? [localAlias] : [real, localAlias, ...past];
  return names.filter((name) => name !== undefined);
}

export const readyEffect = (state: Funded): VolatileEffect => ({ tag: "Ready", names: namesOf(state) });

function whenBothReady(env: ChannelEnv, state: WaitForChannelReady, effects: readonly Effect[]): Transition {
  if (!state.ready.remote || !state.funding.deep) return commit(state, ...effects);
  const normal: Normal = { ...state, tag: "Normal", attempts: settledAttempts(state.attempts) };
  const announced = announceWhenDue(env, normal);
  return commit(announced.state, ...effects, readyEffect(normal), { tag: "NotifyUpdated" }, ...announced.effects);
}

/** The peer calls the channel ready, perhaps before we do, perhaps again, perhaps with a new alias. BOLT 2 §The channel_ready Message. */
export function receiveReady(env: ChannelEnv, state: FundedState, message: ChannelReady): Transition {
  const remoteAlias = message.short_channel_id ?? state.remoteAlias;
  if (state.ready.remote) {
    if (remoteAlias === state.remoteAlias) return stay();
    // Told again, so that what is said to the peer of the channel is said by its new name.
    const named = { ...state, remoteAlias };
    const told: readonly Effect[] = isReady(named) && named.funding.deep ? [readyEffect(named)] : [];
    return commit(named, ...told, { tag: "NotifyUpdated" });
  }
  const remoteNextPoint = message.second_per_commitment_point;
  if (!secp256k1.isPoint(remoteNextPoint)) return punish(state, { code: "bad_point" });
  const commitments = { ...state.commitments, remoteNextPoint };
  const { state: settled, effects } = withoutReplacement(state);
  const next = { ...settled, remoteAlias, commitments, ready: { ...state.ready, remote: true } };
  if (next.tag === "WaitForChannelReady") return whenBothReady(env, next, effects);
  return commit(next, ...effects, { tag: "NotifyUpdated" });
}

/** The block with the funding transaction is no longer in the best chain: nothing that rests on it is certain. */
export function fundingReorged(state: FundedState): Transition {
  if (state.funding.confirmed === undefined) return stay();
  // What was trusted before any block held it is trusted again.
  const deep = state.params.minimumDepth === 0 && !isSpliced(state) && state.funding.deep;
  const funding = { ...state.funding, confirmed: undefined, deep };
  const announcement = { local: undefined, remote: undefined };
  const next: FundedState = { ...state, funding, announcement };
  const { tx } = state.funding;
  const again: readonly Effect[] = tx === undefined ? [] : [{ tag: "Broadcast", tx, why: "funding" }];
  const gone: readonly Effect[] = deep ? [] : [{ tag: "NotReady" }];
  return commit(next, ...gone, ...again, { tag: "NotifyUpdated" });
}
