import { assert } from "../../src/base/result.ts";
import type { BlockHeight } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { localTerms } from "../commitments.ts";
import { unsignedFreed } from "../dual/freed.ts";
import type { ChannelEnv } from "../env.ts";
import { splicesReplaced } from "../fundings/freed.ts";
import { negotiationLost } from "../link/lost.ts";
import { isFunding, isOwnFunding } from "../onchain/decided.ts";
import { spendConfirmed, withoutSpendsFrom } from "../onchain/follow.ts";
import { BURIED_DEPTH } from "../onchain/progress.ts";
import { isSomebodyElses, neverFunded } from "../open/confirm.ts";
import type { FundedState } from "../state.ts";
import { commit, type Effect, stay, type Transition } from "../transition.ts";
import { commitmentNumberOf } from "../tx/commitment-number.ts";
import { closingsOf } from "./complete.ts";
import { failed } from "./failure.ts";

/** A block of the best chain spends the funding output: the channel is over. BOLT 5 §Failing a Channel. */
export function fundingSpent(env: ChannelEnv, state: FundedState, tx: Tx, height: BlockHeight): Transition {
  const outpoint = tx.inputs.map(({ prevout }) => prevout).find((prevout) => isFunding(state, prevout));
  assert(outpoint !== undefined, "the transaction spends a funding output");
  if (isSomebodyElses(state, outpoint, tx)) return neverFunded(state, "the funding output is somebody else's");
  // The channel only goes on elsewhere: that the next funding is confirmed is told apart.
  if (isOwnFunding(state, txidOf(tx))) return stay();
  const freed = splicesReplaced(state, outpoint);
  if (state.tag === "Failed") {
    const known = spendConfirmed(env, state, { outpoint, tx, height });
    return known.kind === "commit" ? commit(known.next, ...freed, ...known.effects) : known;
  }
  const mutual = commitmentNumberOf(tx, localTerms(state.params).obscuringFactor) === undefined;
  // A transaction of two signatures that is no commitment is one that we signed: it pays what was agreed.
  if (mutual && (state.tag === "Negotiating" || state.tag === "Closing")) {
    const txid = txidOf(tx);
    if (state.tag === "Closing" && state.confirmed?.txid === txid && state.confirmed.height === height) return stay();
    const closed: readonly Effect[] = [{ tag: "Closed", txid, height }, { tag: "NotifyUpdated" }];
    return commit({ ...state, tag: "Closing", tx, confirmed: { txid, height } }, ...closed);
  }
  const cause = { tag: "funding_spent" } as const;
  const ended = spendConfirmed(env, failed(state, cause), { outpoint, tx, height });
  assert(ended.kind === "commit", "that the funding output is spent is news");
  const told: readonly Effect[] = [{ tag: "ChannelFailed", cause }, { tag: "NotReady" }];
  const unmade = [...negotiationLost(state), ...unsignedFreed(state)];
  return commit(ended.next, ...unmade, ...freed, ...told, ...ended.effects);
}

/** Blocks from `height` on are no longer in the best chain. */
export function spendsReorged(state: FundedState, height: BlockHeight): Transition {
  if (state.tag === "Failed") {
    const next = withoutSpendsFrom(state, height);
    return next === undefined ? stay() : commit(next, { tag: "NotifyUpdated" });
  }
  if (state.tag !== "Closing" || state.confirmed === undefined || state.confirmed.height < height) return stay();
  const again = closingsOf(state).map((tx) => ({ tag: "Broadcast", tx, why: "mutual_close" }) as const);
  return commit({ ...state, confirmed: undefined }, ...again, { tag: "NotifyUpdated" });
}

/** When the closing transaction is buried nothing can come back: the channel may be forgotten. */
export function forgetWhenBuried(state: FundedState, height: BlockHeight): Transition | undefined {
  if (state.tag !== "Closing" || state.confirmed === undefined) return undefined;
  if (height - state.confirmed.height + 1 < BURIED_DEPTH) return undefined;
  return commit(
    { tag: "Closed", params: state.params, closingTxid: state.confirmed.txid },
    { tag: "Forget", reason: "closed and buried" },
  );
}
