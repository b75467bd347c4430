import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import { type Draft, draftOf } from "./draft.ts";
import { keepFor, publishIn, spendableOf } from "./spend.ts";
import { isLost, statusOf, type WalletCoin, type WalletState, type WalletStep, type WalletTx } from "./state.ts";

/** A transaction that was given up is ours again as it was, and said again: where its coins are all there and free. */
export function reinstate(draft: Draft, txid: Txid, foreign?: Outpoint): boolean {
  const state = draft.state();
  const walletTx = state.txs.get(txid);
  if (walletTx?.tx === undefined || !isGivenUp(walletTx)) return false;
  const key = foreign && outpointKey(foreign);
  const keys = walletTx.tx.inputs.map(({ prevout }) => outpointKey(prevout)).filter((one) => one !== key);
  const coins = keys.flatMap((one) => state.coins.get(one) ?? []);
  if (coins.length < keys.length || !coins.every((coin) => isFree(state, coin))) return false;
  keepFor(
    draft,
    coins.map((coin) => spendableOf(state, coin)),
    { ...walletTx, status: "reserved" },
  );
  publishIn(draft, txid);
  return true;
}
const isGivenUp = ({ status, block }: WalletTx): boolean => status === "abandoned" && block === undefined;
function isFree(state: WalletState, coin: WalletCoin): boolean {
  const status = statusOf(state, coin);
  return (status === "confirmed" || status === "unconfirmed") && !isLost(state, coin);
}

/**
 * Outputs of a channel that are claimed: where what we made for one was given up with a block that has left the best chain, and
 * the output is there again, that transaction is too. Nodes hold it still; another one in its place would have to pay for it and
 * for all that is built on it. Of several the last, which pays most.
 */
export function takeBack(state: WalletState, claimed: readonly Outpoint[]): WalletStep {
  const draft = draftOf(state);
  const waiting = new Map<string, { readonly outpoint: Outpoint; readonly made: WalletTx }>();
  const wanted = new Map(claimed.map((outpoint) => [outpointKey(outpoint), outpoint]));
  const spenders = [...state.txs.values()].flatMap((made) =>
    (made.tx?.inputs ?? []).flatMap(({ prevout }) => {
      const outpoint = wanted.get(outpointKey(prevout));
      return outpoint === undefined ? [] : [{ key: outpointKey(outpoint), outpoint, made }];
    }),
  );
  for (const { key, made } of spenders) if (!isGivenUp(made)) wanted.delete(key);
  for (const { key, outpoint, made } of spenders) {
    const best = waiting.get(key)?.made.fee ?? -1n;
    if (wanted.has(key) && (made.fee ?? -1n) > best) waiting.set(key, { outpoint, made });
  }
  // One may be built on another: it finds its coin once that one is back.
  for (let before = -1; before !== waiting.size; ) {
    before = waiting.size;
    for (const [key, { outpoint, made }] of waiting) if (reinstate(draft, made.txid, outpoint)) waiting.delete(key);
  }
  return draft.finish();
}
