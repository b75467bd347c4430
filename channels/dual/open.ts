import { type Sat, sat, ZERO_SAT } from "../../src/base/units.ts";
import type { AcceptChannel2, OpenChannel2 } from "../../src/wire/opening.ts";
import { type ChannelType, channelTypeOf } from "../channel-type.ts";
import { abortOpening } from "../close/failure.ts";
import { isShutdownScript } from "../close/script.ts";
import type { ChannelEnv } from "../env.ts";
import type { OpeningRule } from "../fault.ts";
import type { OpenDualInput } from "../input.ts";
import { announcedSide, capacityBounds, isSuitable, ownSide } from "../open/rules.ts";
import type { SideParams } from "../params.ts";
import { advance, type CommandRefusal, propose, stay, type Transition } from "../transition.ts";
import { needContribution, startConstruction } from "./negotiate.ts";
import { dualProposal } from "./proposal.ts";
import { acceptRuleBroken2, isAffordable, isDear, openRuleBroken2, type TypedOpen } from "./rules.ts";
import type { Answer, DualProposal, WaitForAcceptChannel2 } from "./state.ts";

/** What we announce in either message. */
function announced(env: ChannelEnv, type: ChannelType, contribution: Sat, own: SideParams) {
  const { keys, policy } = env;
  return {
    ...announcedSide(env, own, type),
    funding_satoshis: contribution,
    second_per_commitment_point: keys.commitmentPoint(1n),
    ...(policy.requireConfirmedInputs ? { require_confirmed_inputs: true as const } : {}),
  };
}

/** We open, and the peer may join: `open_channel2` leaves. BOLT 2 §The open_channel2 Message. */
export function openDual(env: ChannelEnv, request: OpenDualInput): Transition {
  const refusal = openRefusal(env, request);
  if (refusal !== undefined) return stay({ tag: "CommandRefused", command: request.tag, reason: refusal });
  const { contribution, shutdownScript } = request;
  // What the peer adds is not known yet.
  const own = ownSide(env, contribution, env.policy.dustLimit, shutdownScript);
  const open: OpenChannel2 = {
    name: "open_channel2",
    chain_hash: env.chainHash,
    temporary_channel_id: request.temporaryChannelId,
    funding_feerate_perkw: request.fundingFeerate,
    commitment_feerate_perkw: request.feerate,
    locktime: env.height,
    channel_flags: request.announce ? 1 : 0,
    ...announced(env, request.type, request.contribution, own),
  };
  return advance({ tag: "WaitForAcceptChannel2", request, open }, propose(open));
}

function openRefusal(env: ChannelEnv, request: OpenDualInput): CommandRefusal | undefined {
  const { feerateMin, feerateMax, upfrontShutdownScript } = env.policy;
  const { minimum, maximum } = capacityBounds(env);
  if (!isSuitable(env, request.type, request.announce)) return { code: "channel_type_not_possible" };
  if (request.contribution < minimum || request.contribution > maximum)
    return { code: "capacity_out_of_range", minimum, maximum };
  const script = request.shutdownScript ?? upfrontShutdownScript;
  if (script !== undefined && !isShutdownScript(script, env.features)) return { code: "bad_script" };
  for (const feerate of [request.feerate, request.fundingFeerate])
    if (feerate < feerateMin || feerate > feerateMax) return { code: "feerate_out_of_range", requested: feerate };
  if (!isAffordable(request.contribution, request.feerate, request.type))
    return { code: "cannot_afford_feerate", requested: request.feerate };
  return undefined;
}

/** The peer agrees, and has said what it adds. BOLT 2 §The accept_channel2 Message. */
export function receiveAccept2(env: ChannelEnv, state: WaitForAcceptChannel2, accept: AcceptChannel2): Transition {
  const { open, request } = state;
  const { type } = request;
  const rule = acceptRuleBroken2(env, { open, type }, accept);
  if (rule !== undefined) return abortOpening(open.temporary_channel_id, { code: "bad_opening", rule });
  const proposal = dualProposal(env, "local", { open, type }, accept);
  const { channelId } = proposal.params;
  const negotiation = { stage: "funding", proposal, answer: undefined } as const;
  return advance({ tag: "ConstructingFunding", channelId, negotiation }, needContribution(proposal, []));
}

/** The peer opens, and we may join. BOLT 2 §The accept_channel2 Message. */
export function receiveOpen2(env: ChannelEnv, open: OpenChannel2): Transition {
  const type = open.channel_type && channelTypeOf(open.channel_type);
  const refuse = (rule: OpeningRule): Transition =>
    abortOpening(open.temporary_channel_id, { code: "bad_opening", rule });
  if (type === undefined) return refuse("channel_type");
  const rule = openRuleBroken2(env, { open, type }, ZERO_SAT);
  if (rule !== undefined) return refuse(rule);
  const answer = accepting(env, { open, type }, joined(env, { open, type }));
  const proposal = dualProposal(env, "remote", answer, answer.accept);
  if (answer.accept.funding_satoshis === 0n) return accepted(env, proposal, answer);
  const negotiation = { stage: "funding", proposal, answer } as const;
  const channelId = open.temporary_channel_id;
  return advance({ tag: "ConstructingFunding", channelId, negotiation }, needContribution(proposal, []));
}

/** What we add to a channel that a peer opens: by policy, and not at any price. */
function joined(env: ChannelEnv, { open, type }: TypedOpen): Sat {
  // Who opens would have to trust us as we trust it.
  if (type.zeroConf) return ZERO_SAT;
  const { contribution } = env.policy;
  const room = capacityBounds(env).maximum - open.funding_satoshis;
  const added = contribution < room ? contribution : sat(room);
  return isDear(env, open.funding_feerate_perkw) ? ZERO_SAT : added;
}

type Accepting = Extract<Answer, { tag: "accept" }>;
function accepting(env: ChannelEnv, { open, type }: TypedOpen, contribution: Sat): Accepting {
  const own = ownSide(env, sat(open.funding_satoshis + contribution), env.policy.dustLimit);
  const accept: AcceptChannel2 = {
    name: "accept_channel2",
    temporary_channel_id: open.temporary_channel_id,
    minimum_depth: type.zeroConf ? 0 : env.policy.minimumDepth,
    ...announced(env, type, contribution, own),
  };
  return { tag: "accept", open, type, accept };
}
const accepted = (env: ChannelEnv, proposal: DualProposal, { accept }: Accepting): Transition =>
  startConstruction(
    env,
    { tag: "ConstructingFunding", channelId: proposal.params.channelId, negotiation: { stage: "asking", proposal } },
    proposal,
    undefined,
    propose(accept),
  );

/** The wallet has nothing to add: a channel that the peer opens goes on without. */
export function acceptAlone(env: ChannelEnv, asked: Accepting): Transition {
  const answer = accepting(env, asked, ZERO_SAT);
  return accepted(env, dualProposal(env, "remote", asked, answer.accept), answer);
}
