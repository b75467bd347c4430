import type { Outpoint } from "../../src/base/ids.ts";
import { type Sat, type SatPerKw, sat, ZERO_SAT } from "../../src/base/units.ts";
import type { TxAckRbf, TxInitRbf } from "../../src/wire/interactive-tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { ChannelInput } from "../input.ts";
import { isLockedTooLong } from "../interactive/locktime.ts";
import { nextFeerate, ownNextFeerate } from "../interactive/replacement.ts";
import type { ReplacedTx } from "../interactive/terms.ts";
import { capacityBounds } from "../open/rules.ts";
import type { ChannelState, WaitForChannelReady, WaitForFundingConfirmed } from "../state.ts";
import { advance, type CommandRefusal, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import {
  abandonAttempt,
  abortMessage,
  abortNegotiation,
  negotiationOf,
  type Replacing,
  withNegotiation,
} from "./carrier.ts";
import { needContribution, startConstruction } from "./negotiate.ts";
import { replanned } from "./proposal.ts";
import { isAboveReserve, isAffordable, isDear } from "./rules.ts";
import type { DualProposal, FundingAttempt, FundingPlan } from "./state.ts";

/** Each attempt that was signed for is watched until one of them is buried (RELIABILITY U11). Policy, not protocol. */
export const ATTEMPTS_MAX = 10;

const replaced = ({ params, constructed }: FundingAttempt): ReplacedTx => ({
  txid: params.funding.txid,
  inputs: constructed.inputs.map(({ outpoint }) => outpoint),
  fee: sat(constructed.fee.local + constructed.fee.remote),
});
/** Coins of ours that the last attempt spends: spent again, no two attempts can both be mined. */
const ownCoins = ({ constructed }: FundingAttempt): readonly Outpoint[] =>
  constructed.inputs.filter(({ from }) => from === "local").map(({ outpoint }) => outpoint);

/** Why the funding transaction of a channel cannot be replaced now; undefined when it can. */
function refusal(
  state: ChannelState,
  feerate: SatPerKw,
  leastAfter: (feerate: SatPerKw) => SatPerKw,
): CommandRefusal | undefined {
  if (state.tag !== "WaitForFundingConfirmed" || state.ready.remote || state.funding.confirmed !== undefined)
    return { code: "wrong_state", state: state.tag };
  const last = state.attempts.signed.at(-1);
  if (last === undefined || state.params.type.zeroConf) return { code: "not_replaceable" };
  if (state.attempts.signed.length >= ATTEMPTS_MAX) return { code: "too_many_attempts", maximum: ATTEMPTS_MAX };
  const least = leastAfter(last.plan.feerate);
  return feerate < least ? { code: "feerate_too_low", minimum: least } : undefined;
}

/** We want the funding transaction mined sooner. BOLT 2 §Fee bumping: tx_init_rbf and tx_ack_rbf. */
export function bumpFunding(
  env: ChannelEnv,
  state: ChannelState,
  { tag, feerate }: Extract<ChannelInput, { tag: "BumpFunding" }>,
): Transition {
  const refuse = (reason: CommandRefusal): Transition => stay({ tag: "CommandRefused", command: tag, reason });
  const refused = refusal(state, feerate, ownNextFeerate);
  if (refused !== undefined) return refuse(refused);
  if (state.tag !== "WaitForFundingConfirmed" || state.link.tag !== "online") return refuse({ code: "not_connected" });
  if (feerate > env.policy.feerateMax) return refuse({ code: "feerate_out_of_range", requested: feerate });
  const busy = state.link.negotiation !== undefined || state.attempts.next !== undefined;
  if (busy) return refuse({ code: "negotiating" });
  const replacing = state as Replacing;
  const last = replacing.attempts.signed.at(-1) as FundingAttempt;
  const proposal = again(env, replacing, last, {
    initiator: "local",
    feerate,
    locktime: env.height,
    contribution: last.plan.contribution,
    requiresConfirmed: { local: env.policy.requireConfirmedInputs, remote: false },
  });
  const message: TxInitRbf = {
    name: "tx_init_rbf",
    locktime: env.height,
    feerate,
    ...shares(env, state, last.plan.contribution.local),
  };
  return advance(withNegotiation(replacing, { stage: "asking", proposal }), propose(message));
}

const shares = (env: ChannelEnv, { params }: WaitForFundingConfirmed, contribution: Sat) => ({
  channel_id: params.channelId,
  ...(contribution > 0n ? { funding_output_contribution: contribution as bigint } : {}),
  ...(env.policy.requireConfirmedInputs ? { require_confirmed_inputs: true as const } : {}),
});

function again(
  env: ChannelEnv,
  { attempts }: Replacing,
  { params, feerate, remoteFirstPoint }: FundingAttempt,
  plan: Omit<FundingPlan, "replaces">,
): DualProposal {
  const replaces = attempts.signed.map(replaced);
  return replanned(env, { params, feerate, remoteFirstPoint }, { ...plan, replaces });
}

/** What the peer says that it puts in beside our share; undefined for more than a channel may hold, which may be no amount at all. */
const shareOf = (env: ChannelEnv, message: TxInitRbf | TxAckRbf, ours: Sat): Sat | undefined => {
  const share = message.funding_output_contribution ?? 0n;
  return share < 0n || share > capacityBounds(env).maximum - ours ? undefined : sat(share);
};

/** Why no channel can come of what both sides would put in. */
function planFault(env: ChannelEnv, { params, feerate, plan }: DualProposal): string | undefined {
  const { minimum, maximum } = capacityBounds(env);
  if (params.capacity < minimum || params.capacity > maximum) return "capacity out of range";
  const opener = plan.contribution[params.opener];
  if (!isAffordable(opener, feerate, params.type)) return "the opener cannot pay for commitments";
  const accepter = plan.contribution[params.opener === "local" ? "remote" : "local"];
  const put = { opener, accepter };
  const isEnough = isAboveReserve(put, params.remote.channelReserve, feerate, params.type);
  return isEnough ? undefined : "both would be below their reserves";
}

/** The peer wants the funding transaction mined sooner. BOLT 2 §The tx_init_rbf Message. */
export function receiveInitRbf(env: ChannelEnv, state: WaitForFundingConfirmed, message: TxInitRbf): Transition {
  const replacing = state as Replacing;
  const abort = (reason: string): Transition => abortNegotiation(replacing, reason);
  const { next, signed } = state.attempts;
  const negotiation = negotiationOf(replacing);
  if (negotiation?.stage === "aborting") return stay();
  if (next !== undefined) return abandonAttempt(replacing, next, "another attempt is being signed");
  if (negotiation !== undefined) return abortNegotiation(replacing, "another attempt is being negotiated");
  const refused = refusal(state, message.feerate, nextFeerate);
  const last = signed.at(-1);
  if (refused !== undefined || last === undefined) return abort(refused?.code.replaceAll("_", " ") ?? "no attempt");
  // What the peer chooses to pay, our coins pay too: not at any price.
  const local = isDear(env, message.feerate) ? ZERO_SAT : last.plan.contribution.local;
  const share = shareOf(env, message, local);
  if (share === undefined) return abort("not with such a contribution");
  if (message.feerate > env.policy.feerateMax) return abort("not at this price");
  // Such an attempt could not be mined, and would stand in the place of those that can.
  if (isLockedTooLong(env, message.locktime)) return abort("locked for too long");
  const proposal = again(env, replacing, last, {
    initiator: "remote",
    feerate: message.feerate,
    locktime: message.locktime,
    contribution: { local, remote: share },
    requiresConfirmed: {
      local: env.policy.requireConfirmedInputs,
      remote: message.require_confirmed_inputs !== undefined,
    },
  });
  const fault = planFault(env, proposal);
  if (fault !== undefined) return abort(fault);
  return acknowledge(env, replacing, proposal);
}

/** Of a funding transaction that is mined and deep: the peer has not seen the block, and answers that. BOLT 2 §The tx_init_rbf Message. */
export function refuseRbf(state: WaitForChannelReady): Transition {
  const { link, params } = state;
  const told = propose(abortMessage(params.channelId, "the funding transaction is confirmed"));
  return link.tag === "online" ? advance({ ...state, link: { ...link, abortAnswered: true } }, told) : stay(told);
}

function acknowledge(env: ChannelEnv, state: Replacing, proposal: DualProposal): Transition {
  const { local } = proposal.plan.contribution;
  const ack: TxAckRbf = { name: "tx_ack_rbf", ...shares(env, state, local) };
  if (local === 0n) return startConstruction(env, state, proposal, undefined, propose(ack));
  const negotiation = { stage: "funding", proposal, answer: { tag: "ack", ack } } as const;
  return advance(withNegotiation(state, negotiation), need(state, proposal));
}
/** Coins for the next attempt, with those of ours that the last one spends among them. */
const need = ({ attempts }: Replacing, proposal: DualProposal): VolatileEffect =>
  needContribution(proposal, ownCoins(attempts.signed.at(-1) as FundingAttempt));

/** The wallet cannot pay for a share at that price: the peer may go on without. */
export function acknowledgeAlone(env: ChannelEnv, state: Replacing, proposal: DualProposal): Transition {
  const { plan, ...rest } = proposal;
  const contribution = { ...plan.contribution, local: ZERO_SAT };
  const alone = replanned(env, rest, { ...plan, contribution });
  const fault = planFault(env, alone);
  return fault === undefined ? acknowledge(env, state, alone) : abortNegotiation(state, fault);
}

/** The peer agrees, and has said what it puts in. BOLT 2 §The tx_ack_rbf Message. */
export function receiveAckRbf(env: ChannelEnv, state: WaitForFundingConfirmed, message: TxAckRbf): Transition {
  const replacing = state as Replacing;
  const negotiation = negotiationOf(replacing);
  if (negotiation?.stage === "aborting") return stay();
  if (negotiation?.stage !== "asking") return abortNegotiation(replacing, "tx_ack_rbf out of turn");
  const { plan, ...rest } = negotiation.proposal;
  const share = shareOf(env, message, plan.contribution.local);
  if (share === undefined) return abortNegotiation(replacing, "not with such a contribution");
  const contribution = { ...plan.contribution, remote: share };
  const requiresConfirmed = { ...plan.requiresConfirmed, remote: message.require_confirmed_inputs !== undefined };
  const proposal = replanned(env, rest, { ...plan, contribution, requiresConfirmed });
  const fault = planFault(env, proposal);
  if (fault !== undefined) return abortNegotiation(replacing, fault);
  const asked = { stage: "funding", proposal, answer: undefined } as const;
  return advance(withNegotiation(replacing, asked), need(replacing, proposal));
}
