import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { LIFT_LABEL, type WalletState, type WalletTx } from "./state.ts";

/** So many may wait for each other in a mempool, the last one included: a longer line is taken by no node. Policy, not protocol. */
const WAITING_MAX = 25;

/** Out, and in no block. */
const isWaiting = (tx: WalletTx | undefined): tx is WalletTx =>
  tx !== undefined && tx.status === "published" && tx.block === undefined;

/** Transactions of ours that wait to be mined and spend what this one pays us, or what another of them does. */
export function builtOn({ txs, coins }: WalletState, txid: Txid): readonly WalletTx[] {
  const found = new Map<Txid, WalletTx>();
  const waiting = [txid];
  for (const at of waiting)
    for (const vout of txs.get(at)?.tx?.outputs.keys() ?? []) {
      const spender = coins.get(outpointKey({ txid: at, vout }))?.spent?.txid;
      const tx = spender === undefined ? undefined : txs.get(spender);
      if (!isWaiting(tx) || found.has(tx.txid)) continue;
      found.set(tx.txid, tx);
      waiting.push(tx.txid);
    }
  return [...found.values()];
}

/** The other way round: those without which it cannot be mined. */
export function restingOn({ txs }: WalletState, txid: Txid): readonly WalletTx[] {
  const found = new Map<Txid, WalletTx>();
  const waiting = [txid];
  for (const at of waiting)
    for (const { prevout } of txs.get(at)?.tx?.inputs ?? []) {
      const tx = txs.get(prevout.txid);
      if (!isWaiting(tx) || found.has(tx.txid)) continue;
      found.set(tx.txid, tx);
      waiting.push(tx.txid);
    }
  return [...found.values()];
}

/**
 * Whether something may still be built on what this one pays us. In a line that is too long the last, which is to pay for all
 * before it, never gets to a miner, and none of them can be raised.
 *
 * @param own  how many come with what is built on it
 */
export function hasRoomOn(state: WalletState, txid: Txid, own: number): boolean {
  const before = [state.txs.get(txid), ...restingOn(state, txid)].filter(isWaiting);
  // What lifts a commitment waits for that one too.
  return before.reduce((count, { label }) => count + (label === LIFT_LABEL ? 2 : 1), own) <= WAITING_MAX;
}

/** Ours that are out, in no block, and spend an output of one of these transactions; `on` are those outputs. */
export function waitingOn(
  state: WalletState,
  parents: readonly Txid[],
): readonly { readonly txid: Txid; readonly on: readonly Outpoint[] }[] {
  return [...state.txs.values()].flatMap(({ tx, txid, block, status }) => {
    if (tx === undefined || block !== undefined || status !== "published") return [];
    const on = tx.inputs.flatMap(({ prevout }) => (parents.includes(prevout.txid) ? [prevout] : []));
    return on.length === 0 ? [] : [{ txid, on }];
  });
}
