import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import type { WalletState, WalletTx } from "./state.ts";

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
