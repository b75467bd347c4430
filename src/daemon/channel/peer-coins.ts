import { type Outpoint, outpointKey, type Txid } from "../../base/ids.ts";
import type { BlockHeight } from "../../base/units.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { ChannelEntry } from "./table.ts";

/** Which transaction of the best chain spends a coin, and in which block; no more is known of one that was found missing in a block. */
interface Spend {
  readonly txid: Txid | undefined;
  readonly height: BlockHeight;
}

/**
 * Coins of peers that stand beside ours in the transactions which fund channels, and what blocks say of them: spent otherwise,
 * they keep ours in a transaction that is never mined. In memory: after a start the watches tell it again.
 */
export class PeerCoins {
  readonly #users = new Map<string, Set<ChannelEntry>>();
  readonly #spends = new Map<string, Spend>();

  watch(entry: ChannelEntry, coins: readonly { readonly outpoint: Outpoint }[]): void {
    for (const { outpoint } of coins) {
      const key = outpointKey(outpoint);
      this.#users.set(key, (this.#users.get(key) ?? new Set()).add(entry));
    }
  }
  forget(entry: ChannelEntry): void {
    for (const [key, users] of this.#users) {
      if (!users.delete(entry) || users.size > 0) continue;
      this.#users.delete(key);
      this.#spends.delete(key);
    }
  }
  spent(tx: Tx, height: BlockHeight): void {
    for (const { prevout } of tx.inputs) {
      const key = outpointKey(prevout);
      if (this.#users.has(key)) this.#spends.set(key, { txid: txidOf(tx), height });
    }
  }
  /** Whether a block was seen that spends it. */
  isSpent(outpoint: Outpoint): boolean {
    return this.#spends.get(outpointKey(outpoint))?.txid !== undefined;
  }
  /** Whether it was there when somebody looked, at this height. If not it was not spent by what it stands in, of which a block tells. */
  looked(outpoint: Outpoint, height: BlockHeight, isThere: boolean): void {
    const key = outpointKey(outpoint);
    if (!this.#users.has(key) || this.isSpent(outpoint)) return;
    if (isThere) this.#spends.delete(key);
    else if (!this.#spends.has(key)) this.#spends.set(key, { txid: undefined, height });
  }
  /** Blocks from `height` on have left the best chain. */
  disconnected(height: BlockHeight): void {
    for (const [key, spend] of this.#spends) if (spend.height >= height) this.#spends.delete(key);
  }
  /** How many blocks up to `tip` hold up another transaction with a coin that this one spends; 0 when there is none. */
  conflictDepth(tx: Tx, tip: BlockHeight): number {
    const txid = txidOf(tx);
    const depths = tx.inputs.map(({ prevout }) => {
      const spend = this.#spends.get(outpointKey(prevout));
      return spend === undefined || spend.txid === txid ? 0 : tip - spend.height + 1;
    });
    return Math.max(0, ...depths);
  }
}
