import { outpointKey } from "../../src/base/ids.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import type { FundedState } from "../state.ts";
import { stay, type Transition, type VolatileEffect } from "../transition.ts";

/** After how many blocks without it a transaction is said again. Policy, not protocol. */
const PATIENCE_BLOCKS = 6;

/** A complete transaction that holds the channel, or is to, and that no block holds. */
export interface WaitingFunding {
  readonly tx: Tx;
  readonly why: "funding" | "splice";
}
/**
 * The one that the channel rests on, behind those that it spends and that a reorganisation has taken out with it: no node
 * takes one before what it spends.
 */
export function restsOn({ funding, commitments: { others } }: FundedState): readonly WaitingFunding[] {
  const path: WaitingFunding[] = [];
  const past = others.filter(({ role }) => role === "past");
  let { tx, confirmed } = funding;
  for (let why: WaitingFunding["why"] = "funding"; tx !== undefined && confirmed === undefined; why = "splice") {
    path.unshift({ tx, why });
    const spent = new Set(tx.inputs.map(({ prevout }) => outpointKey(prevout)));
    ({ tx, confirmed } = past.find(({ terms }) => spent.has(outpointKey(terms.outpoint)))?.progress ?? NOTHING);
  }
  return path;
}
/** The same, and the splices of it. */
export function waitingFundings(state: FundedState): readonly WaitingFunding[] {
  const splices = state.commitments.others.flatMap(({ role, progress }): readonly WaitingFunding[] =>
    role === "active" && progress.tx !== undefined && progress.confirmed === undefined
      ? [{ tx: progress.tx, why: "splice" }]
      : [],
  );
  return [...restsOn(state), ...splices];
}
const NOTHING: Pick<FundedState["funding"], "tx" | "confirmed"> = { tx: undefined, confirmed: undefined };

type Again = Extract<VolatileEffect, { readonly tag: "Rebroadcast" }>;
export const saidAgain = (waiting: readonly Omit<Again, "tag">[]): readonly Again[] =>
  waiting.map(({ tx, why }) => ({ tag: "Rebroadcast", tx, why }));

/** Every few blocks those that wait are said again, as mempools forget. */
export const fundingsAgain = (env: ChannelEnv, waiting: readonly WaitingFunding[]): readonly Again[] =>
  env.height % PATIENCE_BLOCKS === 0 ? saidAgain(waiting) : [];

/** One more block of a channel that has not failed. Undefined when there is nothing to say. */
export function fundingsLate(env: ChannelEnv, state: FundedState): Transition | undefined {
  const again = state.tag === "Failed" ? [] : fundingsAgain(env, waitingFundings(state));
  return again.length === 0 ? undefined : stay(...again);
}
