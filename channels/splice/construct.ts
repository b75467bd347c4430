import type { Result } from "../../src/base/result.ts";
import type { ChannelEnv } from "../env.ts";
import type { ConstructedTx } from "../interactive/constructed.ts";
import type { TxFault } from "../interactive/fault.ts";
import {
  beginSession,
  type ConstructionMessage,
  receiveConstruction,
  type SessionStep,
  speak,
  type TxSession,
} from "../interactive/session.ts";
import { ownInputs } from "../interactive/signatures.ts";
import type { Contribution } from "../interactive/terms.ts";
import { advance, propose, stay, type Transition, type VolatileEffect } from "../transition.ts";
import { abortSplice, type OnlineNormal, spliceFaulted, withSplicing } from "./abort.ts";
import { outputsFault } from "./rules.ts";
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
  if (plan.initiator === "remote")
    return advance(withSplicing(state, { stage: "constructing", plan, session: begun.value }), ...first);
  return said(env, state, plan, speak(begun.value), first);
}

/** The next message of a construction, and what it leads to. BOLT 2 §Interactive Transaction Construction. */
export function receiveSpliceConstruction(
  env: ChannelEnv,
  state: OnlineNormal,
  message: ConstructionMessage,
): Transition {
  const { splicing } = state.link;
  if (splicing?.stage === "aborting") return stay();
  if (splicing?.stage !== "constructing") return abortSplice(state, `${message.name} out of turn`);
  return said(env, state, splicing.plan, receiveConstruction(splicing.session, message), []);
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
  return advance(withSplicing(state, { stage: "constructing", plan, session }), ...effects);
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
  if (ownInputs(constructed, "local").length === 0) return needCommitment(env, state, plan, constructed, [], effects);
  const next = withSplicing(state, { stage: "signing", plan, constructed, witnesses: [] });
  return advance(next, ...effects, { tag: "NeedFundingWitnesses", constructed });
}
