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
 * Transactions on their way to the Bitcoin node, one after the other: one may spend what the one before it makes, and would be
 * refused without it. The node may be somebody else's and silent for a while: what it did not answer is said again until it
 * does, and whatever comes meanwhile waits behind that. Nothing here is kept on disk: after a restart everything that waits is
 * said again anyway.
 */
export class Broadcasts {
  readonly #ctx: NodeContext;
  readonly #listener: BroadcastListener;
  /** To be told, oldest first. */
  readonly #queue: Tx[] = [];
  #isSaying = false;
  /** Told in vain, or held back behind such, oldest first. */
  readonly #unheard = new Map<Txid, Tx>();

  constructor(ctx: NodeContext, listener: BroadcastListener) {
    this.#ctx = ctx;
    this.#listener = listener;
  }
  say(turn: Turn, tx: Tx): void {
    turn.afterwards(CHAIN_LANE, () => void this.#sayAll([tx]));
  }
  /** Never rejects. */
  async #sayAll(txs: readonly Tx[]): Promise<void> {
    this.#queue.push(...txs);
    if (this.#isSaying) return;
    this.#isSaying = true;
    for (let tx = this.#queue.shift(); tx !== undefined; tx = this.#queue.shift()) await this.#say(tx);
    this.#isSaying = false;
  }
  async #say(tx: Tx): Promise<void> {
    const txid = txidOf(tx);
    if (this.#unheard.size > 0) {
      this.#unheard.set(txid, tx);
      return;
    }
    const { chain, log } = this.#ctx;
    try {
      const answer = await chain.broadcast(tx);
      if (!answer.ok) this.#listener.refused(tx, answer.error.reason);
    } catch (error) {
      log.error("broadcast failed", { txid, error: String(error), againInMs: AGAIN_MS });
      this.#unheard.set(txid, tx);
      this.#sayAgainLater();
    }
  }
  /** A node that has stopped runs no turn, and with it ends this. */
  #sayAgainLater(): void {
    this.#ctx.clock.after(AGAIN_MS, () =>
      this.#ctx.turns.run((turn) => {
        const again = [...this.#unheard].filter(([txid]) => this.#listener.isWanted(txid)).map(([, tx]) => tx);
        this.#unheard.clear();
        turn.afterwards(CHAIN_LANE, () => void this.#sayAll(again));
      }),
    );
  }
}
