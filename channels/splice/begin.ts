import { feeForWeightCeil, type Sat, type SatPerKw, sat } from "../../src/base/units.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { hasFeature } from "../../src/wire/features.ts";
import type { TxAckRbf, TxInitRbf } from "../../src/wire/interactive-tx.ts";
import type { SpliceAck, SpliceInit } from "../../src/wire/splicing.ts";
import { punish } from "../close/failure.ts";
import type { ChannelEnv, ChannelPolicy } from "../env.ts";
import type { OtherFunding } from "../fundings/other.ts";
import { isLockedTooLong } from "../interactive/locktime.ts";
import { nextFeerate, ownNextFeerate } from "../interactive/replacement.ts";
import { type Contribution, NOTHING } from "../interactive/terms.ts";
import { COMMON_WEIGHT, inputWeight, outputWeight } from "../interactive/weight.ts";
import type { Asking } from "../normal/queue.ts";
import { isQuiescent, isSigningSplice, OPTION_QUIESCE } from "../normal/stfu.ts";
import type { ChannelState, Funded, Normal } from "../state.ts";
import { advance, type CommandRefusal, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { fundingOutput } from "../tx/funding-tx.ts";
import { abortSplice, givenUp, type OnlineNormal, onlineNormal, withSplicing } from "./abort.ts";
import { startConstruction } from "./construct.ts";
import {
  BEGUN_MAX,
  balanceOf,
  CANDIDATES_MAX,
  pendingSplices,
  planFault,
  REPLACED_AFTER_BLOCKS,
  splicePlan,
} from "./rules.ts";
import { wished } from "./silence.ts";
import type { SpliceOffer, SplicePlan, SpliceRequest } from "./state.ts";

/** BOLT 9 §Assigned Feature Flags. */
export const OPTION_SPLICE = 62;

/** What the initiator pays for besides what it adds itself: common fields, what both spend, and what comes of it. */
function sharedWeight({ params }: Funded): number {
  const keys = [params.local.basepoints.fundingPubkey, params.remote.basepoints.fundingPubkey] as const;
  const spends = fundingOutput(...keys, params.capacity);
  // Another funding output has the same length.
  return COMMON_WEIGHT + inputWeight({ shared: true, spends }) + outputWeight({ output: spends });
}

/** Somebody here wants to put coins into the channel or take some out of it; while a splice waits, to replace it. */
export function splice(env: ChannelEnv, state: ChannelState, request: SpliceRequest): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: "Splice", reason });
  if (state.tag !== "Normal") return refuse({ code: "wrong_state", state: state.tag });
  const online = onlineNormal(state);
  if (online === undefined) return refuse({ code: "not_connected" });
  const reason = spliceRefusal(env, online, request);
  if (reason !== undefined) return refuse(reason);
  if (request.change.tag === "in") {
    const next: Normal = { ...online, link: { ...online.link, spliceWish: { stage: "funding", request } } };
    return advance(next, needCoins(state, request.change.amount, request.feerate, false));
  }
  const offer = offerOut(env, online, request, request.change);
  if (balanceOf(state, "local") + offer.amount < 0n) return refuse({ code: "splice_exceeds_balance" });
  return wanted(online, offer);
}
function needCoins(state: Normal, amount: Sat, feerate: SatPerKw, confirmedOnly: boolean): VolatileEffect {
  const { type, remote } = state.params;
  const spends = ownCoins(state);
  const need = { format: type.format, amount, feerate, besides: sharedWeight(state), confirmedOnly, spends };
  return { tag: "NeedContribution", ...need, changeMin: remote.dustLimit };
}
/** Coins of ours that the last attempt spends: spent again, what was paid in is not paid twice. */
const ownCoins = (state: Funded) =>
  (pendingSplices(state).at(-1)?.made?.constructed.inputs ?? [])
    .filter(({ from, shared }) => from === "local" && !shared)
    .map(({ outpoint }) => outpoint);

function spliceRefusal(
  env: ChannelEnv,
  state: OnlineNormal,
  { feerate }: Pick<SpliceRequest, "feerate">,
): CommandRefusal | undefined {
  const { commitments, link, params } = state;
  // It begins with silence, which is a feature of its own.
  if (![OPTION_SPLICE, OPTION_QUIESCE].every((bit) => hasFeature(env.features, bit))) return { code: "not_negotiated" };
  if (!state.funding.deep) return { code: "funding_not_confirmed" };
  if (link.spliceWish !== undefined || link.splicing !== undefined) return { code: "negotiating" };
  if (isSigningSplice(commitments)) return { code: "negotiating" };
  const { feerateMin, feerateMax } = env.policy;
  if (feerate < feerateMin || feerate > feerateMax) return { code: "feerate_out_of_range", requested: feerate };
  const pending = pendingSplices(state);
  const last = pending.at(-1)?.made;
  if (last === undefined) return undefined;
  if (pending.some(({ locked }) => locked.local || locked.remote)) return { code: "splice_locked" };
  if (pending.some(isInBlock)) return { code: "splice_confirmed" };
  if (params.type.zeroConf) return { code: "not_replaceable" };
  if (pending.length >= CANDIDATES_MAX) return { code: "too_many_attempts", maximum: CANDIDATES_MAX };
  const minimum = ownNextFeerate(last.feerate);
  return feerate < minimum ? { code: "feerate_too_low", minimum } : undefined;
}

/** Nothing takes its place any more, unless the block goes. BOLT 2 §The tx_init_rbf Message. */
const isInBlock = ({ progress }: OtherFunding): boolean => progress.confirmed !== undefined;

/** Of our balance: what goes out, and the fee of the whole transaction, as we begin it. */
function offerOut(
  env: ChannelEnv,
  state: OnlineNormal,
  { feerate, serials }: SpliceRequest,
  { amount, script }: { readonly amount: Sat; readonly script: Uint8Array },
): SpliceOffer {
  const output = { amount, script };
  const fee = feeForWeightCeil(feerate, sharedWeight(state) + outputWeight({ output }));
  const contribution: Contribution = {
    inputs: [],
    outputs: [{ serialId: serials.own, output }],
    shared: { input: serials.input, output: serials.output },
  };
  return { contribution, amount: -(amount + fee), feerate, locktime: env.height };
}

/** Answers `NeedContribution`: coins of ours go in. */
export function spliceContributed(env: ChannelEnv, state: OnlineNormal, contribution: Contribution): Transition {
  const { spliceWish, splicing } = state.link;
  if (splicing?.stage === "funding") return startConstruction(env, state, splicing.plan, contribution);
  if (spliceWish?.stage !== "funding") return stay({ tag: "ReleaseCoins" });
  const { change, feerate } = spliceWish.request;
  return wanted(state, { contribution, amount: change.amount, feerate, locktime: env.height });
}
export function spliceWithoutCoins(state: OnlineNormal, reason: string): Transition {
  if (state.link.splicing?.stage === "funding") return abortSplice(state, reason);
  if (state.link.spliceWish?.stage !== "funding") return stay();
  const next: Normal = { ...state, link: { ...state.link, spliceWish: undefined } };
  return advance(next, { tag: "NegotiationFailed", reason });
}

function wanted(state: OnlineNormal, offer: SpliceOffer): Transition {
  const next: Normal = { ...state, link: { ...state.link, spliceWish: { stage: "wanted", offer } } };
  const asked = wished(next);
  return advance(asked.state, ...asked.effects);
}

/** It is quiet, and it is for us to say what for. Undefined when there is nothing that we want. */
export function beginSplice(env: ChannelEnv, state: OnlineNormal): Asking<Normal> | undefined {
  const { policy } = env;
  const { link, params } = state;
  if (link.spliceWish?.stage !== "wanted" || link.quiescence?.initiator !== "local" || !isQuiescent(link))
    return undefined;
  const { offer } = link.spliceWish;
  const { amount, feerate, locktime } = offer;
  const quiet: OnlineNormal = { ...state, link: { ...link, spliceWish: undefined } };
  const next = withSplicing(quiet, { stage: "asking", offer });
  const refusal = beginRefusal(env, quiet, offer);
  if (refusal !== undefined) return givenUp(next, refusal.code.replaceAll("_", " "));
  const { channelId, local } = params;
  if (pendingSplices(state).length > 0) {
    const rbf: TxInitRbf = { name: "tx_init_rbf", channel_id: channelId, locktime, feerate, ...demandOf(policy) };
    return { state: next, effects: [propose({ ...rbf, funding_output_contribution: amount })] };
  }
  const init: SpliceInit = {
    name: "splice_init",
    channel_id: channelId,
    funding_contribution_satoshis: amount,
    funding_feerate_perkw: feerate,
    locktime,
    funding_pubkey: local.basepoints.fundingPubkey,
    ...demandOf(policy),
  };
  return { state: next, effects: [propose(init)] };
}
/** What spoke for it may have gone while it waited for silence: balance was paid away, or the peer has spliced before us. */
const beginRefusal = (env: ChannelEnv, state: OnlineNormal, offer: SpliceOffer): CommandRefusal | undefined =>
  spliceRefusal(env, state, offer) ??
  (balanceOf(state, "local") + offer.amount < 0n ? { code: "splice_exceeds_balance" } : undefined);

/** As in an opening: with a parent of little fee that waits, the peer's coins could keep the splice out of blocks. BOLT 2 §The splice_init Message. */
const demandOf = ({ requireConfirmedInputs }: ChannelPolicy): Pick<SpliceInit, "require_confirmed_inputs"> =>
  requireConfirmedInputs ? { require_confirmed_inputs: true } : {};
const requirements = ({ policy }: ChannelEnv, message: Pick<SpliceInit, "require_confirmed_inputs">) => ({
  local: policy.requireConfirmedInputs,
  remote: message.require_confirmed_inputs !== undefined,
});

/** Whether the peer may begin one now; what it must not do ends the connection. BOLT 2 §The splice_init Message. */
const mayBegin = ({ link, commitments }: OnlineNormal): boolean =>
  isQuiescent(link) &&
  link.quiescence?.initiator === "remote" &&
  link.splicing === undefined &&
  !isSigningSplice(commitments);

/** One more that the peer begins; undefined where there have been too many. */
function begunOnceMore({ height }: ChannelEnv, state: OnlineNormal): OnlineNormal | undefined {
  const { splicesBegun: before } = state.link;
  const count = before?.height === height ? before.count + 1 : 1;
  return count > BEGUN_MAX ? undefined : { ...state, link: { ...state.link, splicesBegun: { height, count } } };
}

/** The peer wants to splice: we put in nothing, and look at what it takes out. BOLT 2 §The splice_init Message. */
export function receiveSpliceInit(env: ChannelEnv, state: OnlineNormal, message: SpliceInit): Transition {
  const fault = { code: "unexpected_message", message: message.name, state: state.tag } as const;
  if (!mayBegin(state) || pendingSplices(state).length > 0) return punish(state, fault);
  const remote = message.funding_contribution_satoshis;
  if (balanceOf(state, "remote") + remote < 0n) return punish(state, { code: "splice_exceeds_balance" });
  const plan = splicePlan(state, {
    initiator: "remote",
    feerate: message.funding_feerate_perkw,
    locktime: message.locktime,
    contribution: { local: 0n, remote },
    requiresConfirmed: requirements(env, message),
    remoteKey: message.funding_pubkey,
  });
  const ack: SpliceAck = {
    name: "splice_ack",
    channel_id: state.params.channelId,
    funding_contribution_satoshis: 0n,
    funding_pubkey: state.params.local.basepoints.fundingPubkey,
    ...demandOf(env.policy),
  };
  return accept(env, state, plan, ack);
}

/** The peer wants another transaction in place of the one that waits. BOLT 2 §The tx_init_rbf Message. */
export function receiveSpliceRbf(env: ChannelEnv, state: OnlineNormal, message: TxInitRbf): Transition {
  const fault = { code: "unexpected_message", message: message.name, state: state.tag } as const;
  const pending = pendingSplices(state);
  const last = pending.at(-1);
  const isLocked = pending.some(({ locked }) => locked.remote);
  if (!mayBegin(state) || last?.made === undefined || isLocked || state.params.type.zeroConf)
    return punish(state, fault);
  const remote = message.funding_output_contribution ?? 0n;
  if (balanceOf(state, "remote") + remote < 0n) return punish(state, { code: "splice_exceeds_balance" });
  if (pending.some(({ locked }) => locked.local)) return abortSplice(state, "the splice is locked");
  if (pending.some(isInBlock)) return abortSplice(state, "the splice is in a block");
  if (pending.length >= CANDIDATES_MAX) return abortSplice(state, "too many attempts");
  if (pending.length > 1 && env.height < last.progress.since + REPLACED_AFTER_BLOCKS)
    return abortSplice(state, "the last attempt has had no block yet");
  if (message.feerate < nextFeerate(last.made.feerate)) return abortSplice(state, "feerate below 25/24 of the last");
  const plan = splicePlan(state, {
    initiator: "remote",
    feerate: message.feerate,
    locktime: message.locktime,
    contribution: { local: 0n, remote },
    requiresConfirmed: requirements(env, message),
    remoteKey: last.terms.keys.remote,
  });
  return accept(env, state, plan, {
    name: "tx_ack_rbf",
    channel_id: state.params.channelId,
    ...demandOf(env.policy),
  });
}

function accept(
  env: ChannelEnv,
  state: OnlineNormal,
  plan: SplicePlan | undefined,
  ack: SpliceAck | TxAckRbf,
): Transition {
  const fault = agreedFault(env, state, plan);
  if (plan === undefined || fault !== undefined)
    return abortSplice(state, fault ?? "the channel cannot be of that size");
  const next = begunOnceMore(env, state);
  if (next === undefined) return abortSplice(state, "too many splices at once: wait for a block");
  return startConstruction(env, next, plan, NOTHING, propose(ack));
}
function agreedFault(env: ChannelEnv, state: Normal, plan: SplicePlan | undefined): string | undefined {
  if (plan === undefined) return "the channel cannot be of that size";
  if (!secp256k1.isPoint(plan.funding.keys.remote)) return "funding_pubkey is no point";
  const { feerateMin, feerateMax, capacityMax } = env.policy;
  if (plan.feerate < feerateMin || plan.feerate > feerateMax) return "feerate not acceptable";
  if (isLockedTooLong(env, plan.locktime)) return "locked for too long";
  if (plan.funding.capacity > capacityMax && plan.funding.capacity > state.params.capacity)
    return "the channel would be too large";
  return planFault(env, state, plan);
}

/** The peer agrees to our splice. BOLT 2 §The splice_ack Message. */
export function receiveSpliceAck(env: ChannelEnv, state: OnlineNormal, message: SpliceAck | TxAckRbf): Transition {
  const { splicing } = state.link;
  if (splicing?.stage === "aborting") return stay();
  const isRbf = pendingSplices(state).length > 0;
  if (splicing?.stage !== "asking" || (message.name === "tx_ack_rbf") !== isRbf)
    return punish(state, { code: "unexpected_message", message: message.name, state: state.tag });
  const remote =
    message.name === "splice_ack" ? message.funding_contribution_satoshis : (message.funding_output_contribution ?? 0n);
  if (balanceOf(state, "remote") + remote < 0n) return punish(state, { code: "splice_exceeds_balance" });
  const { offer } = splicing;
  const remoteKey =
    message.name === "splice_ack" ? message.funding_pubkey : pendingSplices(state).at(-1)?.terms.keys.remote;
  const { feerate, locktime, amount: local } = offer;
  const contribution = { local, remote };
  const requiresConfirmed = requirements(env, message);
  const agreed = { initiator: "local", feerate, locktime, contribution, requiresConfirmed } as const;
  const plan = remoteKey && splicePlan(state, { ...agreed, remoteKey });
  const fault = agreedFault(env, state, plan);
  if (plan === undefined || fault !== undefined)
    return abortSplice(state, fault ?? "the channel cannot be of that size");
  if (requiresConfirmed.remote && offer.contribution.inputs.length > 0) return fundAnew(state, plan);
  return startConstruction(env, state, plan, offer.contribution);
}

/** What was offered may be change that waits: the peer is shown confirmed coins, or none. BOLT 2 §Splice Transaction Construction. */
function fundAnew(state: OnlineNormal, plan: SplicePlan): Transition {
  const need = needCoins(state, sat(plan.contribution.local), plan.feerate, true);
  return advance(withSplicing(state, { stage: "funding", plan }), { tag: "ReleaseCoins" }, need);
}
