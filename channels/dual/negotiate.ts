import type { Outpoint } from "../../src/base/ids.ts";
import type { Result } from "../../src/base/result.ts";
import type { ChannelEnv } from "../env.ts";
import { afterCheck, hearChecked } from "../interactive/checked.ts";
import { areTooMany, type ConstructedTx } from "../interactive/constructed.ts";
import type { TxFault } from "../interactive/fault.ts";
import { beginSession, type ConstructionMessage, type SessionStep, speak } from "../interactive/session.ts";
import { ownInputs } from "../interactive/signatures.ts";
import { type Contribution, NOTHING } from "../interactive/terms.ts";
import { COMMON_WEIGHT, outputWeight } from "../interactive/weight.ts";
import { advance, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { prepareAttempt } from "./attempt.ts";
import { abortNegotiation, type Carrier, faulted, named, negotiationOf, withNegotiation } from "./carrier.ts";
import { termsOf } from "./proposal.ts";
import type { DualProposal } from "./state.ts";

/** Asks the host for coins, which it holds until it hears `NeedFundingWitnesses` or `ReleaseCoins`. */
export function needContribution(proposal: DualProposal, spends: readonly Outpoint[]): VolatileEffect {
  const { plan, params } = proposal;
  const { fundingOutput } = termsOf(proposal);
  const isInitiator = plan.initiator === "local";
  return {
    tag: "NeedContribution",
    format: params.type.format,
    amount: plan.contribution.local,
    feerate: plan.feerate,
    besides: isInitiator ? COMMON_WEIGHT + outputWeight({ output: fundingOutput }) : 0,
    confirmedOnly: plan.requiresConfirmed.remote,
    spends,
    changeMin: params.remote.dustLimit,
  };
}

/** The construction begins with what we have to say, if we are the initiator. */
export function startConstruction(
  env: ChannelEnv,
  carrier: Carrier,
  proposal: DualProposal,
  contribution: Contribution | undefined,
  ...first: readonly VolatileEffect[]
): Transition {
  const known = named(carrier, proposal);
  const begun = beginSession(termsOf(proposal), contribution ?? NOTHING);
  if (!begun.ok) return faulted(known, begun.error);
  if (proposal.plan.initiator === "remote") {
    const negotiation = { stage: "constructing", proposal, session: begun.value, checking: undefined } as const;
    // Also of who brings nothing: while one is under way no other can be.
    return advance(withNegotiation(known, negotiation), ...first, { tag: "TimeSignatures" });
  }
  return said(env, known, proposal, speak(begun.value), first);
}

/** The next message of a construction, and what it leads to. BOLT 2 §Interactive Transaction Construction. */
export function receiveConstructionMessage(
  env: ChannelEnv,
  carrier: Carrier,
  message: ConstructionMessage,
): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage === "aborting") return stay();
  if (negotiation?.stage !== "constructing" || negotiation.checking !== undefined)
    return abortNegotiation(carrier, `${message.name} out of turn`);
  const { proposal, session } = negotiation;
  const heard = hearChecked(session, message, proposal.plan.requiresConfirmed.local);
  if (!heard.ok) return faulted(carrier, heard.error);
  if (heard.value.tag === "answered") return said(env, carrier, proposal, { ok: true, value: heard.value.step }, []);
  const { input } = heard.value;
  const next = { stage: "constructing", proposal, session: heard.value.session, checking: input.serialId } as const;
  return advance(withNegotiation(carrier, next), { tag: "NeedConfirmation", outpoint: input.outpoint });
}

/** Answers `NeedConfirmation`. BOLT 2 §The tx_add_input Message. */
export function inputChecked(env: ChannelEnv, carrier: Carrier, outpoint: Outpoint, confirmed: boolean): Transition {
  const negotiation = negotiationOf(carrier);
  if (negotiation?.stage !== "constructing" || negotiation.checking === undefined) return stay();
  const { proposal, session, checking } = negotiation;
  const step = afterCheck(session, checking, { outpoint, confirmed });
  return step === undefined ? stay() : said(env, carrier, proposal, step, []);
}

function said(
  env: ChannelEnv,
  carrier: Carrier,
  proposal: DualProposal,
  step: Result<SessionStep, TxFault>,
  first: readonly VolatileEffect[],
): Transition {
  if (!step.ok) return withFirst(faulted(carrier, step.error), first);
  const { session, reply, constructed } = step.value;
  const effects = reply === undefined ? first : [...first, propose(reply)];
  if (constructed !== undefined) return concluded(env, carrier, proposal, constructed, effects);
  const negotiation = { stage: "constructing", proposal, session, checking: undefined } as const;
  return advance(withNegotiation(carrier, negotiation), ...effects);
}

/** Both are complete: our coins are signed for, and then the peer's commitment. Nothing leaves before that is on disk. */
function concluded(
  env: ChannelEnv,
  carrier: Carrier,
  proposal: DualProposal,
  constructed: ConstructedTx,
  effects: readonly VolatileEffect[],
): Transition {
  const { plan, params } = proposal;
  if (params.type.zeroConf && plan.initiator === "local" && ownInputs(constructed, "remote").length > 0)
    return abortNegotiation(carrier, "before a block holds it, you could take your coins back");
  const before = carrier.tag === "ConstructingFunding" ? [] : carrier.attempts.signed.map((one) => one.constructed);
  if (plan.initiator === "remote" && areTooMany(before, constructed))
    return abortNegotiation(carrier, "too many inputs and outputs in all attempts");
  const attempt = prepareAttempt(env, proposal, constructed);
  const next = withNegotiation(carrier, { stage: "signing", attempt });
  return advance(next, ...effects, { tag: "NeedFundingWitnesses", constructed });
}

const withFirst = (transition: Transition, first: readonly VolatileEffect[]): Transition =>
  transition.kind === "advance" && first.length > 0
    ? { ...transition, effects: [...first, ...transition.effects] }
    : transition;
