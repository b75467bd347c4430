import type { Outpoint, Txid } from "../base/ids.ts";
import { OutpointMap } from "../base/outpoint-map.ts";
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
  /**
   * The coin, which is gone from now on; undefined when there is none.
   * @param found  what is below, where that is known already
   */
  spend(outpoint: Outpoint, found?: Coin): Coin | undefined;
  /**
   * Adds every output that can ever be spent.
   * @param isNew  it is known that below there are no coins of this transaction
   */
  create(tx: Tx, txid: Txid, height: number, isNew: boolean): void;
  restore(outpoint: Outpoint, coin: Coin): void;
  /** What is different now, each outpoint once. Coins that came and went within the overlay are left out. */
  changes(): readonly CoinChange[];
}

interface OverlayChange {
  readonly outpoint: Outpoint;
  coin: Coin | undefined;
  /** What is below; not looked for yet where the coin was put there without asking. */
  readonly before: Coin | undefined | "not looked for";
}
export function coinOverlay(below: CoinView): CoinOverlay {
  const changed = new OutpointMap<OverlayChange>();
  const view: CoinView = (outpoint) => {
    const change = changed.get(outpoint);
    return change === undefined ? below(outpoint) : change.coin;
  };
  const put = (outpoint: Outpoint, coin: Coin, before: OverlayChange["before"]): void => {
    const change = changed.get(outpoint);
    if (change === undefined) changed.set(outpoint, { outpoint, coin, before });
    else change.coin = coin;
  };
  return {
    view,
    restore: (outpoint, coin) => put(outpoint, coin, "not looked for"),
    spend: (outpoint, found) => {
      const change = changed.get(outpoint);
      const coin = change === undefined ? (found ?? below(outpoint)) : change.coin;
      if (change !== undefined) change.coin = undefined;
      else if (coin !== undefined) changed.set(outpoint, { outpoint, coin: undefined, before: coin });
      return coin;
    },
    create: (tx, txid, height, isNew) => {
      const coinbase = isCoinbase(tx);
      const before = isNew ? undefined : "not looked for";
      tx.outputs.forEach((output, vout) => {
        if (!isUnspendable(output.script)) put({ txid, vout }, { output, height, coinbase }, before);
      });
    },
    changes: () => {
      const changes: CoinChange[] = [];
      for (const { outpoint, coin, before: known } of changed.values()) {
        const before = known === "not looked for" ? below(outpoint) : known;
        if (coin !== undefined || before !== undefined) changes.push({ outpoint, coin, before });
      }
      return changes;
    },
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
