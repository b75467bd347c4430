import type { Txid } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { TxVerdict } from "../../ports/base-node.ts";
import type { BroadcastRefusal } from "../../ports/chain-source.ts";
import { CHAIN_LANE, type NodeContext } from "../context.ts";
import type { Turn } from "../turn.ts";

/** Between two attempts while the Bitcoin node is silent. Policy, not protocol. */
const AGAIN_MS = 10_000;
const REFUSED_MAX = 100;

interface BroadcastListener {
  /** Whether it is still to be mined, as far as is known. */
  readonly isWanted: (txid: Txid) => boolean;
  readonly taken: (txid: Txid) => void;
  readonly refused: (tx: Tx, reason: string) => void;
}

/**
 * Transactions on their way to the Bitcoin node, each after those whose outputs it spends: it would be refused without them. None
 * waits for any other, since a penalty may not stand behind a payment. The node may be somebody else's and silent for a while:
 * what it did not answer is said again until it does. Nothing here is kept on disk: after a restart everything that waits is
 * said again anyway.
 */
export class Broadcasts {
  readonly #ctx: NodeContext;
  readonly #listener: BroadcastListener;
  /** Being told. */
  readonly #flights = new Map<Txid, Promise<void>>();
  /** Told in vain, or held back with what they spend, oldest first. */
  readonly #unheard = new Map<Txid, Tx>();
  /** Refused by themselves, oldest first: what spends them may pay for them. */
  readonly #refused = new Map<Txid, Tx>();
  #isWaiting = false;

  constructor(ctx: NodeContext, listener: BroadcastListener) {
    this.#ctx = ctx;
    this.#listener = listener;
  }
  say(turn: Turn, tx: Tx): void {
    turn.afterwards(CHAIN_LANE, () => this.#begin(tx));
  }
  #begin(tx: Tx): void {
    const txid = txidOf(tx);
    const flight = this.#say(txid, tx).finally(() => {
      if (this.#flights.get(txid) === flight) this.#flights.delete(txid);
    });
    this.#flights.set(txid, flight);
  }
  /** Never rejects. */
  async #say(txid: Txid, tx: Tx): Promise<void> {
    const { chain, log } = this.#ctx;
    const parents = tx.inputs.map(({ prevout }) => prevout.txid);
    const ahead = parents.flatMap((parent) => this.#flights.get(parent) ?? []);
    if (ahead.length > 0) await Promise.all(ahead);
    if (parents.some((parent) => this.#unheard.has(parent))) {
      this.#unheard.set(txid, tx);
      return;
    }
    try {
      const poor = parents.flatMap((parent) => this.#refused.get(parent) ?? []);
      const answer = poor.length === 0 ? await chain.broadcast(tx) : await this.#together([...new Set(poor)], tx);
      this.#unheard.delete(txid);
      if (answer.ok) this.#listener.taken(txid);
      else this.#noteRefused(txid, tx, answer.error.reason);
    } catch (error) {
      log.error("broadcast failed", { txid, error: String(error), againInMs: AGAIN_MS });
      this.#unheard.set(txid, tx);
      this.#sayAgainLater();
    }
  }
  #noteRefused(txid: Txid, tx: Tx, reason: string): void {
    this.#refused.set(txid, tx);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > REFUSED_MAX && oldest !== undefined) this.#refused.delete(oldest);
    this.#listener.refused(tx, reason);
  }
  /** A transaction with those before it that were refused without it. */
  async #together(parents: readonly Tx[], tx: Tx): Promise<Result<Txid, BroadcastRefusal>> {
    const { chain } = this.#ctx;
    const verdict = await chain.submitPackage([...parents, tx]);
    if (!verdict.ok) {
      if (verdict.error.code !== "unavailable") return chain.broadcast(tx);
      throw new Error(verdict.error.detail);
    }
    const { txs, fault } = verdict.value;
    for (const each of txs) if (waits(each)) this.#refused.delete(each.txid);
    const last = txs.at(-1);
    if (last !== undefined && waits(last)) return ok(last.txid);
    const reason = last?.tag === "Refused" ? last.code : (fault ?? "not judged");
    return err({ code: "rejected", reason });
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
        // Oldest first, so that what each spends is under way before it.
        for (const tx of again) this.say(turn, tx);
      }),
    );
  }
}

/** Also with another witness: under its txid that one does the same. */
const waits = ({ tag }: TxVerdict): boolean => tag === "Taken" || tag === "Known" || tag === "OtherWitness";
