import type { Outpoint } from "../../src/base/ids.ts";
import type { FundedState } from "../state.ts";
import type { Effect, VolatileEffect } from "../transition.ts";

/** A splice for which our signatures have not left can be mined by nobody: its coins may be free at any time. */
export const unsignedSpliceFreed = ({ commitments: { others } }: FundedState): readonly VolatileEffect[] =>
  others
    .filter(({ role, made }) => role === "signing" && made !== undefined && made.signature === undefined)
    .map(({ terms }) => ({ tag: "ReleaseFunding", txid: terms.outpoint.txid }));

/**
 * Splices that wait all spend the same output: once a block holds another one, or what is spent there ends the channel, no
 * coin that was put into them is needed.
 */
export const splicesReplaced = ({ commitments: { others } }: FundedState, decided: Outpoint): readonly Effect[] =>
  others
    .filter(({ made, progress }) => made !== undefined && progress.confirmed === undefined)
    .filter(({ terms }) => terms.outpoint.txid !== decided.txid)
    .map(({ terms }) => ({ tag: "FundingReplaced", txid: terms.outpoint.txid }));
