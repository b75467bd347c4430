import type { Txid } from "../base/ids.ts";
import { type Tx, txidOf } from "../bitcoin/tx.ts";
import { CHAIN_LANE, type NodeContext } from "./context.ts";
import type { Turn } from "./turn.ts";

/** Between two attempts while the Bitcoin node is silent. Policy, not protocol. */
const AGAIN_MS = 10_000;

interface BroadcastListener {
  /** Whether it is still to be mined, as far as is known. */
  readonly isWanted: (txid: Txid) => boolean;
  readonly refused: (tx: Tx, reason: string) => void;
}

/**
 * Transactions on their way to the Bitcoin node. It may be somebody else's and silent for a while: what it did not answer is
 * said again until it does. Nothing here is kept on disk: after a restart everything that waits is said again anyway.
 */
export class Broadcasts {
  readonly #ctx: NodeContext;
  readonly #listener: BroadcastListener;
  /** Told in vain, oldest first. */
  readonly #unheard = new Map<Txid, Tx>();
  #isWaiting = false;

  constructor(ctx: NodeContext, listener: BroadcastListener) {
    this.#ctx = ctx;
    this.#listener = listener;
  }
  say(turn: Turn, tx: Tx): void {
    turn.afterwards(CHAIN_LANE, () => void this.#say(tx));
  }
  /** Never rejects. */
  async #say(tx: Tx): Promise<void> {
    const { chain, log } = this.#ctx;
    const txid = txidOf(tx);
    try {
      const answer = await chain.broadcast(tx);
      this.#unheard.delete(txid);
      if (!answer.ok) this.#listener.refused(tx, answer.error.reason);
    } catch (error) {
      log.error("broadcast failed", { txid, error: String(error), againInMs: AGAIN_MS });
      this.#unheard.set(txid, tx);
      this.#sayAgainLater();
    }
  }
  /** A node that has stopped runs no turn, and with it ends this. */
  #sayAgainLater(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#ctx.clock.after(AGAIN_MS, () =>
      this.#ctx.turns.run((turn) => {
        this.#isWaiting = false;
        const again = [...this.#unheard].filter(([txid]) => this.#listener.isWanted(txid)).map(([, tx]) => tx);
        this.#unheard.clear();
        turn.afterwards(CHAIN_LANE, () => void this.#sayInOrder(again));
      }),
    );
  }
  /** One may spend what the one before it makes. */
  async #sayInOrder(txs: readonly Tx[]): Promise<void> {
    for (const tx of txs) await this.#say(tx);
  }
}
