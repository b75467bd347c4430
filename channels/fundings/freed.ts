import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import type { FundedState } from "../state.ts";
import type { Effect, VolatileEffect } from "../transition.ts";
import { fundingTxOf } from "./other.ts";

/** A splice for which our signatures have not left can be mined by nobody: its coins may be free at any time. */
export const unsignedSpliceFreed = ({ commitments: { others } }: FundedState): readonly VolatileEffect[] =>
  others
    .filter(({ role, made }) => role === "signing" && made !== undefined && made.signature === undefined)
    .map(({ terms }) => ({ tag: "ReleaseFunding", txid: terms.outpoint.txid }));

/**
 * Of all transactions that might have held the channel only one and those before it are in the chain, once a block holds
 * what is spent there, or both have locked it: no coin that was put into any other is needed.
 */
export function splicesReplaced(state: FundedState, decided: Outpoint): readonly Effect[] {
  const left = new Map(fundingTxs(state).map((tx) => [txidOf(tx), tx]));
  for (let at: Txid | undefined = decided.txid; at !== undefined; ) {
    const tx = left.get(at);
    left.delete(at);
    at = tx?.inputs.find(({ prevout }) => left.has(prevout.txid))?.prevout.txid;
  }
  return [...left.keys()].map((txid) => ({ tag: "FundingReplaced", txid }));
}
/** Those that both sides have made, and the one that is ours. */
function fundingTxs({ funding, commitments: { others } }: FundedState): readonly Tx[] {
  const made = others.flatMap((other) => fundingTxOf(other) ?? []);
  return funding.tx === undefined ? made : [funding.tx, ...made];
}
