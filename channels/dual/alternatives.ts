import type { Funded } from "../state.ts";
import type { FundingAttempt } from "./state.ts";

/**
 * Attempts at the opening that may yet be mined in place of the one that the channel rests on: neither its funding nor what
 * that has been spliced from. Each spends a coin of every other one (RELIABILITY U16).
 */
export function alternatives({ attempts, params, commitments }: Funded): readonly FundingAttempt[] {
  const rests = [params.funding.txid, ...commitments.others.map(({ terms }) => terms.outpoint.txid)];
  return attempts.signed.filter((attempt) => !rests.includes(attempt.params.funding.txid));
}
