import { type Outpoint, outpointKey, type Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { blockHeight } from "../base/units.ts";
import { isCoinbase, type Tx, type TxOut, txidOf } from "../bitcoin/tx.ts";
import type { World } from "./world.ts";

/** Every transaction of the best chain, and who spends what. */
export class ChainIndex {
  readonly #txs = new Map<Txid, Tx>();
  readonly #heights = new Map<Txid, number>();
  readonly #spenders = new Map<string, Tx>();
  readonly #tip: number;

  constructor(world: Pick<World, "chain">) {
    const { whole: chain, brain } = world.chain;
    this.#tip = brain.chain.tip.height;
    for (let height = 1; height <= this.#tip; height++) {
      const block = present(chain.blockAt(blockHeight(height)), "a block of the best chain");
      for (const tx of block.txs) {
        this.#txs.set(txidOf(tx), tx);
        this.#heights.set(txidOf(tx), height);
        if (isCoinbase(tx)) continue;
        for (const { prevout } of tx.inputs) this.#spenders.set(outpointKey(prevout), tx);
      }
    }
  }
  transaction(txid: Txid): Tx | undefined {
    return this.#txs.get(txid);
  }
  spender(outpoint: Outpoint): Tx | undefined {
    return this.#spenders.get(outpointKey(outpoint));
  }
  /** Of the block that holds it. */
  height(tx: Tx): number {
    return present(this.#heights.get(txidOf(tx)), "a transaction of the best chain");
  }
  spenderTxid(outpoint: Outpoint): Txid | undefined {
    const spender = this.spender(outpoint);
    return spender && txidOf(spender);
  }
  /** How many blocks hold it up; 0 when none does. */
  depth(tx: Tx): number {
    return this.#heights.has(txidOf(tx)) ? this.#tip - this.height(tx) + 1 : 0;
  }
  output({ txid, vout }: Outpoint): TxOut {
    return present(this.#txs.get(txid)?.outputs[vout], "what is spent was there");
  }
  /** In sat. */
  fee(tx: Tx): bigint {
    const paid = tx.inputs.reduce((sum, { prevout }) => sum + this.output(prevout).amount, 0n);
    return tx.outputs.reduce((rest, { amount }) => rest - amount, paid);
  }
}
