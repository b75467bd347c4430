import { assert } from "../../src/base/result.ts";
import type { BlockHeight } from "../../src/base/units.ts";
import { type Tx, txidOf } from "../../src/bitcoin/tx.ts";
import { localTerms } from "../commitments.ts";
import type { FundedState } from "../state.ts";
import { commit, type Effect, stay, type Transition } from "../transition.ts";
import { commitmentNumberOf } from "../tx/commitment-number.ts";
import { failed } from "./failure.ts";

/** Confirmations after which a transaction that ended a channel is taken for final. BOLT 5 §General Nomenclature. */
export const BURIED_DEPTH = 100;

/** A block of the best chain spends the funding output: the channel is over. BOLT 5 §Failing a Channel. */
export function fundingSpent(state: FundedState, tx: Tx, height: BlockHeight): Transition {
  const { outpoint } = localTerms(state.params).funding;
  const spends = tx.inputs.some(({ prevout }) => prevout.txid === outpoint.txid && prevout.vout === outpoint.vout);
  assert(spends, "the transaction spends the funding output");
  const txid = txidOf(tx);
  const known = state.tag === "Closing" ? state.confirmed : state.tag === "Failed" ? state.spent : undefined;
  if (known?.txid === txid && known.height === height) return stay();
  const effects: readonly Effect[] = [{ tag: "Closed", txid, height }, { tag: "NotifyUpdated" }];
  if (state.tag === "Failed") return commit({ ...state, spent: { txid, height } }, ...effects);
  const mutual = commitmentNumberOf(tx, localTerms(state.params).obscuringFactor) === undefined;
  // A transaction of two signatures that is no commitment is one that we signed: it pays what was agreed.
  if (mutual && (state.tag === "Negotiating" || state.tag === "Closing"))
    return commit({ ...state, tag: "Closing", tx, confirmed: { txid, height } }, ...effects);
  const cause = { tag: "funding_spent" } as const;
  return commit(
    failed(state, cause, { txid, height }),
    { tag: "ChannelFailed", cause },
    { tag: "NotReady" },
    ...effects,
  );
}

/** The block with the spending transaction is no longer in the best chain. */
export function spendReorged(state: FundedState): Transition {
  if (state.tag === "Closing") {
    return commit(
      { ...state, confirmed: undefined },
      { tag: "Broadcast", tx: state.tx, why: "mutual_close" },
      { tag: "NotifyUpdated" },
    );
  }
  return state.tag === "Failed" ? commit({ ...state, spent: undefined }, { tag: "NotifyUpdated" }) : stay();
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
