import type { Outpoint } from "../../src/base/ids.ts";
import type { Result } from "../../src/base/result.ts";
import type { ChannelEnv } from "../env.ts";
import { afterCheck, hearChecked } from "../interactive/checked.ts";
import { areTooMany, type ConstructedTx } from "../interactive/constructed.ts";
import type { TxFault } from "../interactive/fault.ts";
import {
  beginSession,
  type ConstructionMessage,
  type SessionStep,
  speak,
  type TxSession,
} from "../interactive/session.ts";
import { ownInputs } from "../interactive/signatures.ts";
import type { Contribution } from "../interactive/terms.ts";
import { advance, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { abortSplice, type OnlineNormal, spliceFaulted, withSplicing } from "./abort.ts";
import { outputsFault, pendingSplices } from "./rules.ts";
import { needCommitment } from "./sign.ts";
import type { SplicePlan } from "./state.ts";

/** The construction begins, with our first message if we are the initiator. BOLT 2 §Splice Transaction Construction. */
export function startConstruction(
  env: ChannelEnv,
  state: OnlineNormal,
  plan: SplicePlan,
  contribution: Contribution,
  ...first: readonly VolatileEffect[]
): Transition {
  const begun = beginSession(plan.terms, contribution);
  if (!begun.ok) return spliceFaulted(state, begun.error);
  if (plan.initiator === "remote") return advance(constructing(state, plan, begun.value), ...first);
  return said(env, state, plan, speak(begun.value), first);
}

const constructing = (state: OnlineNormal, plan: SplicePlan, session: TxSession, checking?: bigint): OnlineNormal =>
  withSplicing(state, { stage: "constructing", plan, session, checking });

/** The next message of a construction, and what it leads to. BOLT 2 §Interactive Transaction Construction. */
export function receiveSpliceConstruction(
  env: ChannelEnv,
  state: OnlineNormal,
  message: ConstructionMessage,
): Transition {
  const { splicing } = state.link;
  if (splicing?.stage === "aborting") return stay();
  if (splicing?.stage !== "constructing" || splicing.checking !== undefined)
    return abortSplice(state, `${message.name} out of turn`);
  const { plan, session } = splicing;
  const heard = hearChecked(session, message, plan.requiresConfirmed.local);
  if (!heard.ok) return spliceFaulted(state, heard.error);
  if (heard.value.tag === "answered") return said(env, state, plan, { ok: true, value: heard.value.step }, []);
  const { input } = heard.value;
  const next = constructing(state, plan, heard.value.session, input.serialId);
  return advance(next, { tag: "NeedConfirmation", outpoint: input.outpoint });
}

/** Answers `NeedConfirmation`. BOLT 2 §Splice Transaction Construction. */
export function spliceInputChecked(
  env: ChannelEnv,
  state: OnlineNormal,
  answer: { readonly outpoint: Outpoint; readonly confirmed: boolean },
): Transition {
  const { splicing } = state.link;
  if (splicing?.stage !== "constructing" || splicing.checking === undefined) return stay();
  const step = afterCheck(splicing.session, splicing.checking, answer);
  return step === undefined ? stay() : said(env, state, splicing.plan, step, []);
}

function said(
  env: ChannelEnv,
  state: OnlineNormal,
  plan: SplicePlan,
  step: Result<SessionStep, TxFault>,
  first: readonly VolatileEffect[],
): Transition {
  if (!step.ok) return spliceFaulted(state, step.error);
  const { session, reply, constructed } = step.value;
  const effects = reply === undefined ? first : [...first, propose(reply)];
  if (constructed !== undefined) return concluded(env, state, plan, session, constructed, effects);
  return advance(constructing(state, plan, session), ...effects);
}

/** Both are complete: coins of ours are signed for, then the peer's commitment. Nothing leaves before that is on disk. */
function concluded(
  env: ChannelEnv,
  state: OnlineNormal,
  plan: SplicePlan,
  session: TxSession,
  constructed: ConstructedTx,
  effects: readonly VolatileEffect[],
): Transition {
  const fault = outputsFault(state, plan, session);
  if (fault !== undefined) return abortSplice(state, fault);
  const before = pendingSplices(state).flatMap(({ made }) => made?.constructed ?? []);
  if (plan.initiator === "remote" && areTooMany(before, constructed))
    return abortSplice(state, "too many inputs and outputs in all attempts");
  if (ownInputs(constructed, "local").length === 0) return needCommitment(env, state, plan, constructed, [], effects);
  const next = withSplicing(state, { stage: "signing", plan, constructed, witnesses: [] });
  return advance(next, ...effects, { tag: "NeedFundingWitnesses", constructed });
}
