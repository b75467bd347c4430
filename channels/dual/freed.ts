import type { FundedState } from "../state.ts";
import type { Effect } from "../transition.ts";
import { alternatives } from "./alternatives.ts";

/** A channel that fails is funded by nothing new: an attempt that we have not signed is none, and its coins are free. */
export const unsignedFreed = ({ attempts: { next } }: FundedState): readonly Effect[] =>
  next === undefined ? [] : [{ tag: "ReleaseFunding", txid: next.params.funding.txid }];

/**
 * What the operator wants back of a channel that no block holds. The peer may have shown a coin that it never had, spent it
 * otherwise, or kept its witnesses to itself: its silence is not to keep our coins for ever (RELIABILITY U11).
 */
export const wantedBack = ({ attempts, funding }: FundedState): readonly Effect[] =>
  funding.confirmed === undefined
    ? attempts.signed.map(({ params }) => ({ tag: "GiveUpFunding", txid: params.funding.txid }))
    : [];

/** Each attempt spends a coin of every other one: where a block holds one of them, the others can never be mined (RELIABILITY U16). */
export const replacedByBlock = (state: FundedState): readonly Effect[] =>
  alternatives(state).map(({ params }) => ({ tag: "FundingReplaced", txid: params.funding.txid }));
