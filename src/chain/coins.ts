import { type Outpoint, outpointKey, type Txid } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { isUnspendable } from "../bitcoin/templates.ts";
import { isCoinbase, type Tx, type TxOut } from "../bitcoin/tx.ts";
import type { CoinTotals } from "./storage.ts";

/** An unspent output with what later rules ask about it. */
export interface Coin {
  readonly output: TxOut;
  /** Of the block that holds it. */
  readonly height: number;
  readonly coinbase: boolean;
}
/** What is unspent at one moment. */
export type CoinView = (outpoint: Outpoint) => Coin | undefined;

/** One outpoint whose coin appears (or, without one, is spent). */
export interface CoinChange {
  readonly outpoint: Outpoint;
  readonly coin: Coin | undefined;
  /** What was there. */
  readonly before: Coin | undefined;
}
/**
 * What disconnecting a block needs besides it: the coins that it spent, in the order of its inputs. In front of them stand those
 * that its coinbase overwrote (BIP 30 §Specification), if any: then as many as it has outputs that can be spent.
 */
export type BlockUndo = readonly Coin[];

/** A view in which changes are tried out above another one that does not change. */
export interface CoinOverlay {
  readonly view: CoinView;
  /** The coin, which is gone from now on; undefined when there is none. */
  spend(outpoint: Outpoint): Coin | undefined;
  /** Adds every output that can ever be spent. */
  create(tx: Tx, txid: Txid, height: number): void;
  restore(outpoint: Outpoint, coin: Coin): void;
  /** What is different now, each outpoint once. Coins that came and went within the overlay are left out. */
  changes(): readonly CoinChange[];
}

export function coinOverlay(below: CoinView): CoinOverlay {
  const changed = new Map<
    string,
    { outpoint: Outpoint; coin: Coin | undefined; before?: { coin: Coin | undefined } }
  >();
  const view: CoinView = (outpoint) => {
    const change = changed.get(outpointKey(outpoint));
    return change === undefined ? below(outpoint) : change.coin;
  };
  const restore = (outpoint: Outpoint, coin: Coin): void => {
    const key = outpointKey(outpoint);
    const change = changed.get(key);
    if (change === undefined) changed.set(key, { outpoint, coin });
    else change.coin = coin;
  };
  return {
    view,
    restore,
    spend: (outpoint) => {
      const key = outpointKey(outpoint);
      const change = changed.get(key);
      const coin = change === undefined ? below(outpoint) : change.coin;
      if (change !== undefined) change.coin = undefined;
      else if (coin !== undefined) changed.set(key, { outpoint, coin: undefined, before: { coin } });
      return coin;
    },
    create: (tx, txid, height) => {
      const coinbase = isCoinbase(tx);
      tx.outputs.forEach((output, vout) => {
        if (!isUnspendable(output.script)) restore({ txid, vout }, { output, height, coinbase });
      });
    },
    changes: () =>
      [...changed.values()]
        .map(({ outpoint, coin, before }) => ({ outpoint, coin, before: before ? before.coin : below(outpoint) }))
        .filter(({ coin, before }) => coin !== undefined || before !== undefined),
  };
}

/** What taking a block back changes: its outputs go, what it spent comes back. Walks the block backwards. */
export function disconnectCoins(
  txs: readonly Tx[],
  txids: readonly Txid[],
  undo: BlockUndo,
  view: CoinView,
): readonly CoinChange[] {
  const overlay = coinOverlay(view);
  let left = undo.length;
  for (let index = txs.length - 1; index >= 0; index--) {
    const tx = txs[index] as Tx;
    const txid = txids[index] as Txid;
    tx.outputs.forEach((output, vout) => {
      const spent = isUnspendable(output.script) ? undefined : overlay.spend({ txid, vout });
      assert(isUnspendable(output.script) || spent !== undefined, "outputs of the newest block are unspent after it");
    });
    if (index === 0) {
      if (left > 0) left -= restoreOverwritten(tx, txid, undo, overlay);
      break;
    }
    for (const input of tx.inputs.toReversed()) {
      const coin = undo[--left];
      assert(coin !== undefined, "undo holds a coin for every input");
      overlay.restore(input.prevout, coin);
    }
  }
  assert(left === 0, "undo holds nothing else");
  return overlay.changes();
}

/** How many there were. */
function restoreOverwritten(coinbase: Tx, txid: Txid, undo: BlockUndo, overlay: CoinOverlay): number {
  let at = 0;
  coinbase.outputs.forEach(({ script }, vout) => {
    const coin = isUnspendable(script) ? undefined : undo[at++];
    if (coin !== undefined) overlay.restore({ txid, vout }, coin);
  });
  return at;
}

export const outputsOf = (coins: readonly Coin[]): readonly TxOut[] => coins.map(({ output }) => output);

/** What all coins together come to after changes. */
export function totalsAfter(totals: CoinTotals, changes: readonly CoinChange[]): CoinTotals {
  let { count, total } = totals;
  for (const { coin, before } of changes) {
    count += (coin === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    total += (coin?.output.amount ?? 0n) - (before?.output.amount ?? 0n);
  }
  return { count, total };
}
