import type { Txid } from "../../src/base/ids.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import type { ChannelEnv } from "../env.ts";
import { spendOf } from "../onchain/decided.ts";
import type { ChannelOutput } from "../onchain/output.ts";
import { matched, ownDelayed, toRemote } from "../onchain/outputs.ts";
import { type OutputProgress, type Progress, unspentStatus } from "../onchain/progress.ts";
import type { ChainSpend } from "../state.ts";
import { commitmentNumberOf, obscuringFactor } from "../tx/commitment-number.ts";
import { restoredFundings } from "./kept.ts";
import type { Restored } from "./state.ts";

/** What ended the channel: spends a funding and makes none. */
export function endOf(state: Restored): ChainSpend | undefined {
  const fundings = restoredFundings(state);
  return fundings
    .map(({ outpoint }) => spendOf(state, outpoint))
    .find((spend) => spend !== undefined && !isOwnFunding(state, txidOf(spend.tx)));
}
/** A transaction that moves the channel to another of its fundings ends nothing. */
export const isOwnFunding = (state: Restored, txid: Txid): boolean =>
  restoredFundings(state).some(({ outpoint }) => outpoint.txid === txid);

/** What the best chain has made of a restored channel; undefined while nothing in it has ended it. */
export function restoredProgress(env: ChannelEnv, state: Restored): Pick<Progress, "spend" | "outputs"> | undefined {
  const spend = endOf(state);
  if (spend === undefined) return undefined;
  const outputs = ourOutputs(env, state, spend).map((output): OutputProgress => {
    const minedAt = spend.height;
    const end = spendOf(state, output.outpoint);
    if (end !== undefined)
      return { output, minedAt, status: { tag: "spent", txid: txidOf(end.tx), height: end.height } };
    return { output, minedAt, status: unspentStatus(env, output, { minedAt, preimage: undefined, isAtStake: false }) };
  });
  return { spend, outputs };
}

/** The number of the commitment that ended the channel; undefined when it was agreed on by both, and paid to the wallet. */
export function publishedNumber({ params }: Restored, { tx }: ChainSpend): bigint | undefined {
  const points = [params.local.basepoints.paymentBasepoint, params.remote.basepoints.paymentBasepoint] as const;
  const [opener, accepter] = params.opener === "local" ? points : ([points[1], points[0]] as const);
  return commitmentNumberOf(tx, obscuringFactor(opener, accepter));
}

/**
 * Whose commitment it is can no longer be told, and need not be: our balance stands under another script in the peer's than
 * in our own, which may have been published before everything was lost.
 */
function ourOutputs(env: ChannelEnv, state: Restored, spend: ChainSpend): readonly ChannelOutput[] {
  const number = publishedNumber(state, spend);
  if (number === undefined) return [];
  return matched(spend.tx, [toRemote(state), ownDelayed(env, state, env.keys.commitmentPoint(number))]);
}
