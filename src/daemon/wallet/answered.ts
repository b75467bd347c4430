import type { Txid } from "../../base/ids.ts";
import { abandon } from "./chain.ts";
import { draftOf } from "./draft.ts";
import { reinstate } from "./reinstate.ts";
import type { WalletState, WalletStep } from "./state.ts";

/** A Bitcoin node has taken it: from now on the chain decides what becomes of it, and no refusal does. */
export function heard(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  const walletTx = state.txs.get(txid);
  if (walletTx?.unheard) draft.setTx({ ...walletTx, unheard: false });
  return draft.finish();
}

/**
 * The Bitcoin node does not take a payment that no node has ever taken, be it long after it was made: it is given up, its coins
 * are free, and what it was to replace is ours again as it was, and said again. Nothing happens to any other.
 */
export function turnedDown(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  const walletTx = state.txs.get(txid);
  if (!walletTx?.unheard || walletTx.status !== "published" || walletTx.block !== undefined) return draft.finish();
  abandon(draft, txid);
  if (walletTx.replaces !== undefined) reinstate(draft, walletTx.replaces);
  return draft.finish();
}

/**
 * A transaction for which not only we sign is wanted no more. One that is not complete is given up: whoever completes it finds
 * its coins spent, or the chain tells that they are gone. One that is out is said again, and given up if no node takes it:
 * what the others brought to it is gone. While a node holds it, its coins would be no good for anything else.
 */
export function doubted(state: WalletState, txid: Txid): WalletStep {
  const draft = draftOf(state);
  const walletTx = state.txs.get(txid);
  if (walletTx?.status === "reserved") abandon(draft, txid);
  if (walletTx?.status === "published" && walletTx.block === undefined && walletTx.tx !== undefined) {
    draft.setTx({ ...walletTx, unheard: true });
    draft.effect({ tag: "Broadcast", tx: walletTx.tx });
  }
  return draft.finish();
}
