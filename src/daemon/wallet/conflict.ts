import { outpointKey } from "../../base/ids.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import { nextHeight, type WalletState } from "./state.ts";

/**
 * How many blocks hold up another transaction that spends one of the same coins of ours: while there is one, this
 * transaction cannot confirm. 0 when there is none.
 */
export function conflictDepth(state: WalletState, tx: Tx): number {
  const txid = txidOf(tx);
  const depths = tx.inputs.map(({ prevout }) => {
    const spent = state.coins.get(outpointKey(prevout))?.spent;
    return spent?.block === undefined || spent.txid === txid ? 0 : nextHeight(state) - spent.block.height;
  });
  return Math.max(0, ...depths);
}
